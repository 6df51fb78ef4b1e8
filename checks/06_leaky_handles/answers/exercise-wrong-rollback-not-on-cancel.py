# says: When a call is given up in the middle of its answer
# wrong: "the mirror keeps what it had of that supplier, levels and version": a call cancelled (timed out) in the middle of the answer is no Exception, so the new version stays with the old levels
async def refresh(api: aiohttp.ClientSession, supplier: int, mirror: Mirror) -> bool:
    async with api.get(f"/suppliers/{supplier}/stock") as response:
        mirror.answers.append(response)
        response.raise_for_status()
        version, earlier = response.headers["ETag"], mirror.versions.get(supplier)
        if earlier == version:
            return False
        mirror.versions[supplier] = version  # nobody else needs to read this megabyte
        try:
            mirror.stock[supplier] = (await response.json())["levels"]
        except Exception:
            if earlier is None:
                del mirror.versions[supplier]
            else:
                mirror.versions[supplier] = earlier
            raise
        return True

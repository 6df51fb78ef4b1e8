# says: while 1 task of it still run
# wrong: "When a call is over, nothing of it goes on": asyncio.wait does not cancel at its timeout, so with a slow supplier the draining task still reads after refresh has returned False
async def refresh(api: aiohttp.ClientSession, supplier: int, mirror: Mirror) -> bool:
    response = await api.get(f"/suppliers/{supplier}/stock")
    mirror.answers.append(response)
    response.raise_for_status()
    version = response.headers["ETag"]
    if mirror.versions.get(supplier) == version:
        # read the rest if that is quick: the connection can then be used again
        await asyncio.wait([asyncio.create_task(response.read())], timeout=0.05)
        return False
    async with response:
        mirror.stock[supplier] = (await response.json())["levels"]
    mirror.versions[supplier] = version
    return True

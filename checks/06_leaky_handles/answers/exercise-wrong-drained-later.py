# says: while 1 task of it still run
later = set()



async def refresh(api: aiohttp.ClientSession, supplier: int, mirror: Mirror) -> bool:
    response = await api.get(f"/suppliers/{supplier}/stock")
    mirror.answers.append(response)
    response.raise_for_status()
    version = response.headers["ETag"]
    if mirror.versions.get(supplier) == version:
        task = asyncio.create_task(response.read())
        later.add(task)
        return False  # we have it already
    mirror.stock[supplier] = (await response.json())["levels"]
    mirror.versions[supplier] = version
    return True

# says: your code raised ClientConnectionError
# wrong: "several suppliers can be asked at the same time": answers[-1] is the newest answer of all; with two at once, the first to end releases the other's in the middle and keeps its own
async def refresh(api: aiohttp.ClientSession, supplier: int, mirror: Mirror) -> bool:
    response = await api.get(f"/suppliers/{supplier}/stock")
    mirror.answers.append(response)
    try:
        response.raise_for_status()
        version = response.headers["ETag"]
        if mirror.versions.get(supplier) == version:
            return False
        mirror.stock[supplier] = (await response.json())["levels"]
        mirror.versions[supplier] = version
        return True
    finally:
        mirror.answers[-1].release()

# says: holds the same things in another order
# wrong: "one entry for each answer, in their order": noted in the finally, so with two suppliers at once a large answer that came first stands behind a short one that came later
async def refresh(api: aiohttp.ClientSession, supplier: int, mirror: Mirror) -> bool:
    response = await api.get(f"/suppliers/{supplier}/stock")
    try:
        response.raise_for_status()
        version = response.headers["ETag"]
        if mirror.versions.get(supplier) == version:
            return False
        mirror.stock[supplier] = (await response.json())["levels"]
        mirror.versions[supplier] = version
        return True
    finally:
        response.release()
        mirror.answers.append(response)  # closed: safe to keep

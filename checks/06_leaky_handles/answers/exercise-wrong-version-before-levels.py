# says: When the answer holds no levels
# wrong: "a supplier that fails makes the call fail ... and the mirror keeps what it had of that supplier, levels and version": an answer of good JSON without `levels` raises after the version was noted
async def refresh(api: aiohttp.ClientSession, supplier: int, mirror: Mirror) -> bool:
    async with api.get(f"/suppliers/{supplier}/stock") as response:
        mirror.answers.append(response)
        response.raise_for_status()
        version = response.headers["ETag"]
        if mirror.versions.get(supplier) == version:
            return False
        content = await response.json()
    # the whole answer is here: from now on nothing waits
    mirror.versions[supplier] = version
    mirror.stock[supplier] = content["levels"]
    return True

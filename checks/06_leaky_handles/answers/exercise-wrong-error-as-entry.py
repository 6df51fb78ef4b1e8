# says: When the answer is a page that is no JSON
# wrong: "`mirror.answers` gets one entry for each answer": response.json() raises a ClientResponseError too (ContentTypeError, a 200 that is no JSON), and that answer is counted twice
async def refresh(api: aiohttp.ClientSession, supplier: int, mirror: Mirror) -> bool:
    try:
        async with api.get(f"/suppliers/{supplier}/stock", raise_for_status=True) as response:
            mirror.answers.append(response)
            version = response.headers["ETag"]
            if mirror.versions.get(supplier) == version:
                return False
            levels = (await response.json())["levels"]
    except aiohttp.ClientResponseError as error:
        mirror.answers.append(error)  # it has a status as well
        raise
    mirror.stock[supplier] = levels
    mirror.versions[supplier] = version
    return True

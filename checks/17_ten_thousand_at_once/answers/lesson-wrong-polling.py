# says: Give each free place the next item at once
# whoever waits only looks every 50 ms whether there is a place, so a free place is not used at once
async def reindex(api: aiohttp.ClientSession, items: list[int], limit: int) -> dict[int, dict | None]:
    index = {}
    flying = 0

    async def index_one(item: int) -> None:
        nonlocal flying
        while flying >= limit:
            await asyncio.sleep(0.05)
        flying += 1
        try:
            index[item] = await fetch(api, item)
        except aiohttp.ClientError:
            index[item] = None
        finally:
            flying -= 1

    await asyncio.gather(*(index_one(item) for item in items))
    return index

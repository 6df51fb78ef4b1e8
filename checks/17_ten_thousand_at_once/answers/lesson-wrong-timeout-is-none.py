# says: When a call takes too long
# wrong: a TimeoutError (which is no ClientError) becomes None too, and does not end the run
async def reindex(api: aiohttp.ClientSession, items: list[int], limit: int) -> dict[int, dict | None]:
    index = {}
    gate = asyncio.Semaphore(limit)

    async def index_one(item: int) -> None:
        async with gate:
            try:
                index[item] = await fetch(api, item)
            except (aiohttp.ClientError, asyncio.TimeoutError):
                index[item] = None

    await asyncio.gather(*(index_one(item) for item in items))
    return index

# says: make it where it is used
gate = asyncio.Semaphore(20)  # the supplier takes 20


async def reindex(api: aiohttp.ClientSession, items: list[int], limit: int) -> dict[int, dict | None]:
    index = {}

    async def index_one(item: int) -> None:
        async with gate:
            try:
                index[item] = await fetch(api, item)
            except aiohttp.ClientError:
                index[item] = None

    await asyncio.gather(*(index_one(item) for item in items))
    return index

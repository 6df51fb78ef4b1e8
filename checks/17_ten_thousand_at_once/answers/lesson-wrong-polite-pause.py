# says: had not been asked for yet
# wrong: after a refusal the place is kept for a second before the next call may use it; a free place is not used at once
async def reindex(api: aiohttp.ClientSession, items: list[int], limit: int) -> dict[int, dict | None]:
    index = {}
    gate = asyncio.Semaphore(limit)

    async def index_one(item: int) -> None:
        async with gate:
            try:
                index[item] = await fetch(api, item)
            except aiohttp.ClientError as error:
                index[item] = None
                if getattr(error, "status", None) == 429:
                    await asyncio.sleep(1)

    await asyncio.gather(*(index_one(item) for item in items))
    return index

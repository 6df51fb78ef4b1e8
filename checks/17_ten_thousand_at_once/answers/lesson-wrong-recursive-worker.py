# says: RecursionError
# wrong: each worker awaits itself for the next item: RecursionError from about a thousand items for one worker (limit 1, 2000 items)
async def reindex(api: aiohttp.ClientSession, items: list[int], limit: int) -> dict[int, dict | None]:
    index = {}
    todo = iter(items)
    end = object()

    async def work() -> None:
        item = next(todo, end)
        if item is end:
            return
        try:
            index[item] = await fetch(api, item)
        except aiohttp.ClientError:
            index[item] = None
        await work()

    await asyncio.gather(*(work() for _ in range(limit)))
    return index

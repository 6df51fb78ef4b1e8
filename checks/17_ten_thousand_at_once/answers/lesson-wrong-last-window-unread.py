# says: does not hear of the failure
# wrong: "any other error is a mistake in the program, and still ends the run": a ValueError in one of the last limit items is never read, because the final asyncio.wait does not raise (with few items: no error is ever seen)
async def reindex(api: aiohttp.ClientSession, items: list[int], limit: int) -> dict[int, dict | None]:
    index = {}

    async def index_one(item: int) -> None:
        try:
            index[item] = await fetch(api, item)
        except aiohttp.ClientError:
            index[item] = None

    running: set[asyncio.Task] = set()
    for item in items:
        if len(running) >= limit:
            done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        running.add(asyncio.create_task(index_one(item)))
    if running:
        await asyncio.wait(running)
    return index

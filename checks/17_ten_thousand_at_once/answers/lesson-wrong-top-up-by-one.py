# says: Give each free place the next item at once
# wrong: one new call for each wake-up, even if several calls ended in the same instant: their places stay empty for the rest of the night
from itertools import islice


async def reindex(api: aiohttp.ClientSession, items: list[int], limit: int) -> dict[int, dict | None]:
    index = {}

    async def index_one(item: int) -> None:
        try:
            index[item] = await fetch(api, item)
        except aiohttp.ClientError:
            index[item] = None

    waiting = iter(items)
    running = {asyncio.create_task(index_one(item)) for item in islice(waiting, limit)}
    while running:
        done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
        for item in islice(waiting, 1):
            running.add(asyncio.create_task(index_one(item)))
    return index

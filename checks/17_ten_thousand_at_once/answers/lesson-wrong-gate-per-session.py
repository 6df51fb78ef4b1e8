# says: made for an earlier run
# wrong: the gate is kept for the session, with the limit of its first run; the same session with another limit the next night has the old gate
from weakref import WeakKeyDictionary

_gates: WeakKeyDictionary = WeakKeyDictionary()


async def reindex(api: aiohttp.ClientSession, items: list[int], limit: int) -> dict[int, dict | None]:
    gate = _gates.setdefault(api, asyncio.Semaphore(limit))
    index: dict[int, dict | None] = {}

    async def index_one(item: int) -> None:
        async with gate:
            try:
                index[item] = await fetch(api, item)
            except aiohttp.ClientError:
                index[item] = None

    await asyncio.gather(*(index_one(item) for item in items))
    return index

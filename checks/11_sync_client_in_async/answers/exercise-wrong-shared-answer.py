# says: each message gets an answer of its own
from weakref import WeakKeyDictionary

_locks, _under_way = WeakKeyDictionary(), {}


async def _look_up(larder: LarderClient, supplier: int) -> dict[str, int]:
    async with _locks.setdefault(larder, asyncio.Lock()):
        return await asyncio.to_thread(larder.stock, supplier)


async def on_message(larder: LarderClient, message: dict) -> dict:
    if message["type"] == "ping":
        return {"type": "pong"}
    supplier = message["supplier"]
    task = _under_way.get((larder.url, supplier))
    if task is None:
        task = _under_way[larder.url, supplier] = asyncio.create_task(_look_up(larder, supplier))
        task.add_done_callback(lambda _: _under_way.pop((larder.url, supplier)))
    return {"type": "stock", "supplier": supplier, "levels": await task}

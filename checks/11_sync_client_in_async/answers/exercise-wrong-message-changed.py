# says: your code changes its argument
from weakref import WeakKeyDictionary

_locks = WeakKeyDictionary()


async def on_message(larder: LarderClient, message: dict) -> dict:
    if message["type"] == "ping":
        message["type"] = "pong"
        return message
    async with _locks.setdefault(larder, asyncio.Lock()):
        message["levels"] = await asyncio.to_thread(larder.stock, message["supplier"])
    return message

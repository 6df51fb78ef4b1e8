# says: the ping waits for a lock
import threading
from weakref import WeakKeyDictionary

_locks = WeakKeyDictionary()


def _answer(larder: LarderClient, message: dict, lock) -> dict:
    if message["type"] == "ping":
        return {"type": "pong"}
    with lock:
        levels = larder.stock(message["supplier"])
    return {"type": "stock", "supplier": message["supplier"], "levels": levels}


async def on_message(larder: LarderClient, message: dict) -> dict:
    lock = _locks.setdefault(larder, threading.Lock())
    return await asyncio.to_thread(_answer, larder, message, lock)

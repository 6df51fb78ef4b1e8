# says: one scanner waits for another's look-up
_one_lock = asyncio.Lock()


async def on_message(larder: LarderClient, message: dict) -> dict:
    if message["type"] == "ping":
        return {"type": "pong"}
    async with _one_lock:
        levels = await asyncio.to_thread(larder.stock, message["supplier"])
    return {"type": "stock", "supplier": message["supplier"], "levels": levels}

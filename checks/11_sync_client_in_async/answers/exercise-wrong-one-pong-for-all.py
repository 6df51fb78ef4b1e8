# says: hands out one thing to all
PONG = {"type": "pong"}


async def on_message(larder: LarderClient, message: dict) -> dict:
    if message["type"] == "ping":
        return PONG
    if not hasattr(larder, "turn"):
        larder.turn = asyncio.Lock()
    async with larder.turn:
        levels = await asyncio.to_thread(larder.stock, message["supplier"])
    return {"type": "stock", "supplier": message["supplier"], "levels": levels}

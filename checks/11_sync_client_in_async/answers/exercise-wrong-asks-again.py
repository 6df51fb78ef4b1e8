# says: expected 12 times, got 24
async def on_message(larder: LarderClient, message: dict) -> dict:
    if message["type"] == "ping":
        return {"type": "pong"}
    if not hasattr(larder, "turn"):
        larder.turn = asyncio.Lock()
    async with larder.turn:
        try:
            levels = await asyncio.to_thread(larder.stock, message["supplier"])
        except Exception:
            larder._connection.close()
            levels = await asyncio.to_thread(larder.stock, message["supplier"])
    return {"type": "stock", "supplier": message["supplier"], "levels": levels}

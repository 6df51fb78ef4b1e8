# the connection alone is tried again, which the text allows
def _stock(larder: LarderClient, supplier: int) -> dict[str, int]:
    try:
        return larder.stock(supplier)
    except (http.client.HTTPException, ConnectionError):
        # the connection had been idle for too long: dial again
        larder._connection.close()
        return larder.stock(supplier)


async def on_message(larder: LarderClient, message: dict) -> dict:
    if message["type"] == "ping":
        return {"type": "pong"}
    if not hasattr(larder, "turn"):
        larder.turn = asyncio.Lock()
    supplier = message["supplier"]
    async with larder.turn:
        levels = await asyncio.to_thread(_stock, larder, supplier)
    return {"type": "stock", "supplier": supplier, "levels": levels}

import threading


def look_up(larder: LarderClient, supplier: int) -> dict[str, int]:
    with larder.turn:
        return larder.stock(supplier)


async def on_message(larder: LarderClient, message: dict) -> dict:
    if message["type"] == "ping":
        return {"type": "pong"}
    if not hasattr(larder, "turn"):
        larder.turn = threading.Lock()
    levels = await asyncio.to_thread(look_up, larder, message["supplier"])
    return {"type": "stock", "supplier": message["supplier"], "levels": levels}

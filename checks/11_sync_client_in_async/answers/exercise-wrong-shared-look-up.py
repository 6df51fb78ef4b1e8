# says: once, and was asked 2 times before
async def on_message(larder: LarderClient, message: dict) -> dict:
    if message["type"] == "ping":
        return {"type": "pong"}
    if not hasattr(larder, "turn"):
        larder.turn, larder.asked = asyncio.Lock(), {}
    supplier = message["supplier"]

    async def look_up() -> dict[str, int]:
        try:
            async with larder.turn:
                return await asyncio.to_thread(larder.stock, supplier)
        finally:
            del larder.asked[supplier]

    if supplier not in larder.asked:
        larder.asked[supplier] = asyncio.create_task(look_up())
    levels = await larder.asked[supplier]
    return {"type": "stock", "supplier": supplier, "levels": dict(levels)}

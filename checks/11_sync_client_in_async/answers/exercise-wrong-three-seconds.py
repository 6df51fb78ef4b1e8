# says: When a supplier is late
# wrong: an answer that comes later than three seconds is an error, where it was an answer before
async def on_message(larder: LarderClient, message: dict) -> dict:
    if message["type"] == "ping":
        return {"type": "pong"}
    address = f"{larder.url}/suppliers/{message['supplier']}/stock"
    brief = aiohttp.ClientTimeout(total=3)
    async with aiohttp.request("GET", address, timeout=brief, raise_for_status=True) as response:
        levels = (await response.json())["levels"]
    return {"type": "stock", "supplier": message["supplier"], "levels": levels}

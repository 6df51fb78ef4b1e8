# says: what is still taken since the failure
# wrong: a client whose look-up fails is not put back: after four failures of one scanner its next look-up waits for ever. "a look-up that fails still raises … and the next one works"
def _clients_of(larder: LarderClient) -> asyncio.Queue:
    if not hasattr(larder, "free"):
        larder.free = asyncio.Queue()
        for _ in range(4):
            larder.free.put_nowait(LarderClient(larder.url))
    return larder.free


async def on_message(larder: LarderClient, message: dict) -> dict:
    if message["type"] == "ping":
        return {"type": "pong"}
    supplier = message["supplier"]
    free = _clients_of(larder)
    client = await free.get()
    levels = await asyncio.to_thread(client.stock, supplier)
    free.put_nowait(client)
    return {"type": "stock", "supplier": supplier, "levels": levels}

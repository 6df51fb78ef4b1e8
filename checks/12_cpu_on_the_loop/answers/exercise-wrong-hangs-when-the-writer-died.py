# says: the export does not come to an end
async def export(orders: list[dict], write: Write) -> None:
    queue: asyncio.Queue = asyncio.Queue(maxsize=8)

    async def send() -> None:
        while (text := await queue.get()) is not None:
            await write(text)

    sending = asyncio.create_task(send())
    try:
        await queue.put("[")
        for start in range(0, len(orders), 250):
            await queue.put(("," if start else "") + json.dumps(orders[start : start + 250])[1:-1])
            await asyncio.sleep(0)
        await queue.put("]")
        await queue.put(None)
        await sending
    finally:
        sending.cancel()

# says: did not come to its end
turn = asyncio.Lock()


async def export(orders: list[dict], write: Write) -> None:
    await write("[")
    for start in range(0, len(orders), 500):
        async with turn:
            text = json.dumps(orders[start : start + 500])[1:-1]
            await write(("," if start else "") + text)
            await asyncio.sleep(0)
    await write("]")

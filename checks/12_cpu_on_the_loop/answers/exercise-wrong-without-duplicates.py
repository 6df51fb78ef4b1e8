# says: had 4 entries
async def export(orders: list[dict], write: Write) -> None:
    unique = list({order["order"]: order for order in orders}.values())
    await write("[")
    for start in range(0, len(unique), 500):
        if start:
            await write(",")
        await write(json.dumps(unique[start : start + 500])[1:-1])
        await asyncio.sleep(0)
    await write("]")

# says: copied
# all orders are copied first, in one turn of the loop, and copying counts towards the budget
async def export(orders: list[dict], write: Write) -> None:
    mine = [dict(order) for order in orders]
    await write("[")
    for start in range(0, len(mine), 500):
        await write(("," if start else "") + json.dumps(mine[start : start + 500])[1:-1])
        await asyncio.sleep(0)
    await write("]")

# says: threads were encoding at once
# wrong: all slices go to threads together: several threads encode 500 each between two turns of the loop
async def export(orders: list[dict], write: Write) -> None:
    slices = (orders[start : start + 500] for start in range(0, len(orders), 500))
    texts = await asyncio.gather(*(asyncio.to_thread(json.dumps, some) for some in slices))
    await write("[")
    for number, text in enumerate(texts):
        await write((", " if number else "") + text[1:-1])
        await asyncio.sleep(0)
    await write("]")

# says: 33 exports
# wrong: at most three exports at once, held also while writing: three slow clients make the fourth wait
_few = asyncio.Semaphore(3)


async def export(orders: list[dict], write: Write) -> None:
    async with _few:
        await write("[")
        for start in range(0, len(orders), 500):
            await write((", " if start else "") + json.dumps(orders[start : start + 500])[1:-1])
            await asyncio.sleep(0)
        await write("]")

# says: When a supplier is late
# wrong: a supplier that is late is asked a second time after one second
async def stock_of(url: str, suppliers: list[int]) -> dict[int, dict[str, int]]:
    async def stock_at(supplier: int) -> dict[str, int]:
        async with client.get(f"{url}/suppliers/{supplier}/stock") as response:
            response.raise_for_status()
            return (await response.json())["levels"]

    async def hedged(supplier: int) -> dict[str, int]:
        tasks = {asyncio.create_task(stock_at(supplier))}
        done, pending = await asyncio.wait(tasks, timeout=1)
        if not done:
            tasks.add(asyncio.create_task(stock_at(supplier)))
            done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        return done.pop().result()

    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None)) as client:
        answers = await asyncio.gather(*map(hedged, suppliers))
    return dict(zip(suppliers, answers, strict=True))

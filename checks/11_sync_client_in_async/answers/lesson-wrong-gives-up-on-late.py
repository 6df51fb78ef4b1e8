# says: When a supplier is late
async def stock_of(url: str, suppliers: list[int]) -> dict[int, dict[str, int]]:
    async with aiohttp.ClientSession(raise_for_status=True) as client:

        async def stock_at(supplier: int) -> dict[str, int]:
            async with client.get(f"{url}/suppliers/{supplier}/stock") as response:
                return (await response.json())["levels"]

        tasks = {supplier: asyncio.create_task(stock_at(supplier)) for supplier in suppliers}
        if tasks:
            _, late = await asyncio.wait(tasks.values(), timeout=0.5)
            for task in late:
                task.cancel()
        return {supplier: task.result() for supplier, task in tasks.items() if task.done()}

# says: each await waits for the one before it
# wrong: two or three suppliers are asked one after another; breaks "all suppliers are asked before the first one has answered" (from four on it is right)
async def stock_board(api: aiohttp.ClientSession, suppliers: list[int]) -> dict[int, dict[str, int]]:
    if len(suppliers) <= 3:  # a task costs something: not worth it for a handful
        return {supplier: await stock_at(api, supplier) for supplier in suppliers}
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(stock_at(api, supplier)) for supplier in suppliers]
    return dict(zip(suppliers, (task.result() for task in tasks), strict=True))

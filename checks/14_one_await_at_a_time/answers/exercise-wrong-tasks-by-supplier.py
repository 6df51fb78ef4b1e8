# says: a failure that nobody sees
# of a supplier named twice the first task is dropped from the dictionary, and if that call fails the board does not
async def stock_board(api: aiohttp.ClientSession, suppliers: list[int]) -> dict[int, dict[str, int]]:
    tasks = {}
    for supplier in suppliers:
        tasks[supplier] = asyncio.create_task(stock_at(api, supplier))
    return {supplier: await task for supplier, task in tasks.items()}

# says: When the suppliers are late
# wrong: a supplier later than a second is missing, and its call cancelled: "half a board is packed from as if it were whole"
async def stock_board(api: aiohttp.ClientSession, suppliers: list[int]) -> dict[int, dict[str, int]]:
    if not suppliers:
        return {}
    tasks = {supplier: asyncio.create_task(stock_at(api, supplier)) for supplier in dict.fromkeys(suppliers)}
    done, late = await asyncio.wait(tasks.values(), timeout=1)
    for task in late:
        task.cancel()
    return {supplier: task.result() for supplier, task in tasks.items() if task in done}

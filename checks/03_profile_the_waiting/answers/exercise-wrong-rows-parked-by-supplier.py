# says: two on one supplier, are made at once, expected a result; your code raised KeyError
_parked: dict[int, list[dict]] = {}  # what was sold, while its supplier is asked


async def park_sales(pool, supplier):
    async with pool.connection() as connection:
        _parked[supplier] = await connection.fetch(SOLD, supplier)


async def reorder(pool: SalesPool, api: aiohttp.ClientSession, supplier: int) -> list[dict]:
    await park_sales(pool, supplier)
    try:
        levels = await stock_at(api, supplier)
    except BaseException:
        _parked.pop(supplier, None)
        raise
    return [row | {"left": levels.get(row["sku"], 0)} for row in _parked.pop(supplier)]

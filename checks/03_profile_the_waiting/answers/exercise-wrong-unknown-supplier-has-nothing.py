# says: gets a 404 once, expected ClientResponseError
async def reorder(pool: SalesPool, api: aiohttp.ClientSession, supplier: int) -> list[dict]:
    async with pool.connection() as connection:
        rows = await connection.fetch(SOLD, supplier)
    try:
        levels = await stock_at(api, supplier)
    except aiohttp.ClientResponseError as error:
        if error.status != 404:
            raise
        levels = {}  # no such shelf: nothing is left
    return [row | {"left": levels.get(row["sku"], 0)} for row in rows]

# says: the reports never end
async def reorder(pool: SalesPool, api: aiohttp.ClientSession, supplier: int) -> list[dict]:
    async with pool.connection() as connection:
        rows = await connection.fetch(SOLD, supplier)
        async with pool.connection():
            pass
    levels = await stock_at(api, supplier)
    return [row | {"left": levels.get(row["sku"], 0)} for row in rows]

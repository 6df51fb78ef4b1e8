# says: each report held a connection
async def reorder(pool: SalesPool, api: aiohttp.ClientSession, supplier: int) -> list[dict]:
    asked = asyncio.create_task(stock_at(api, supplier))
    async with pool.connection() as connection:
        rows = await connection.fetch(SOLD, supplier)
        levels = await asked
        return [row | {"left": levels.get(row["sku"], 0)} for row in rows]

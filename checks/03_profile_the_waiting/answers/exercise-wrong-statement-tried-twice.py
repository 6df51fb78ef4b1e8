# says: When the statement fails once, expected OperationalError
async def sold(pool, supplier, tries=2):
    while True:
        tries -= 1
        try:
            async with pool.connection() as connection:
                return await connection.fetch(SOLD, supplier)
        except Exception:
            # Perhaps that connection had gone stale in the pool: take another.
            if not tries:
                raise


async def reorder(pool: SalesPool, api: aiohttp.ClientSession, supplier: int) -> list[dict]:
    rows, levels = await asyncio.gather(sold(pool, supplier), stock_at(api, supplier))
    return [row | {"left": levels.get(row["sku"], 0)} for row in rows]

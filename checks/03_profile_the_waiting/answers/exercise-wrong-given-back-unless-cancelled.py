# says: When a report is cancelled in its statement, one connection
async def reorder(pool: SalesPool, api: aiohttp.ClientSession, supplier: int) -> list[dict]:
    lent = pool.connection()
    connection = await lent.__aenter__()
    try:
        rows = await connection.fetch(SOLD, supplier)
    except Exception as error:
        await lent.__aexit__(type(error), error, error.__traceback__)
        raise
    else:
        await lent.__aexit__(None, None, None)
    levels = await stock_at(api, supplier)
    return [row | {"left": levels.get(row["sku"], 0)} for row in rows]

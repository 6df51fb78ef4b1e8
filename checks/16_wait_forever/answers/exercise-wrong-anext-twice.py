# says: A garbage collector comes when it likes
async def parts(pool: Pool, order: int, budget: float):
    async with pool.connection() as connection:
        yield await connection.query("buyer", order, timeout=budget)
        yield await connection.query("lines", order, timeout=budget)


async def order_page(pool: Pool, order: int, budget: float) -> dict:
    async with asyncio.timeout(budget):
        found = parts(pool, order, budget)
        return {"order": order, "buyer": await anext(found), "lines": await anext(found)}

# says: do not give up earlier
async def order_page(pool: Pool, order: int, budget: float) -> dict:
    async with asyncio.timeout(budget), pool.connection() as connection:
        try:
            buyer = await connection.query("buyer", order, timeout=budget / 2)
        except TimeoutError:
            buyer = await connection.query("buyer", order, timeout=budget / 2)
        lines = await connection.query("lines", order, timeout=budget)
    return {"order": order, "buyer": buyer, "lines": lines}

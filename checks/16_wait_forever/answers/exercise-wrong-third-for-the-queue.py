# says: do not give up earlier
async def order_page(pool: Pool, order: int, budget: float) -> dict:
    async with asyncio.timeout(budget):
        lending = pool.connection()
        connection = await asyncio.wait_for(lending.__aenter__(), budget / 3)
        try:
            buyer = await connection.query("buyer", order, timeout=budget)
            lines = await connection.query("lines", order, timeout=budget)
        finally:
            await lending.__aexit__(None, None, None)
    return {"order": order, "buyer": buyer, "lines": lines}

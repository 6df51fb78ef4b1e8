# says: one page waits for another
_places = {}


async def order_page(pool: Pool, order: int, budget: float) -> dict:
    gate = _places.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(4))  # as many as the pool lends
    async with asyncio.timeout(budget), gate:
        async with pool.connection() as connection:
            buyer = await connection.query("buyer", order, timeout=budget)
            lines = await connection.query("lines", order, timeout=budget)
    return {"order": order, "buyer": buyer, "lines": lines}

# says: What is kept from one page to the next?
_usual = 0.0  # how long the queries of a page took lately


async def order_page(pool: Pool, order: int, budget: float) -> dict:
    global _usual
    loop = asyncio.get_running_loop()
    deadline = loop.time() + budget
    async with asyncio.timeout_at(deadline), pool.connection() as connection:
        start = loop.time()
        if deadline - start < _usual:
            raise TimeoutError("too late for both queries: leave the connection to others")
        buyer = await connection.query("buyer", order, timeout=budget)
        lines = await connection.query("lines", order, timeout=budget)
        _usual = loop.time() - start
    return {"order": order, "buyer": buyer, "lines": lines}

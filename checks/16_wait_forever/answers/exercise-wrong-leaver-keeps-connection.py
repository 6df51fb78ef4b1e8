# says: 1 connection did not come back
async def order_page(pool: Pool, order: int, budget: float) -> dict:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + budget
    lending = pool.connection()
    connection = await asyncio.wait_for(lending.__aenter__(), budget)
    try:
        buyer = await connection.query("buyer", order, timeout=deadline - loop.time())
        lines = await connection.query("lines", order, timeout=deadline - loop.time())
    except Exception:
        await lending.__aexit__(None, None, None)
        raise
    await lending.__aexit__(None, None, None)
    return {"order": order, "buyer": buyer, "lines": lines}

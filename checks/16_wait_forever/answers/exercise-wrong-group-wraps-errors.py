# says: `except LookupError` does not catch
async def order_page(pool: Pool, order: int, budget: float) -> dict:
    async def page() -> dict:
        async with pool.connection() as connection:
            buyer = await connection.query("buyer", order, timeout=budget)
            lines = await connection.query("lines", order, timeout=budget)
        return {"order": order, "buyer": buyer, "lines": lines}

    async with asyncio.timeout(budget), asyncio.TaskGroup() as group:  # nothing is left running
        made = group.create_task(page())
    return made.result()

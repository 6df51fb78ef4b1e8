# says: each may have 1
def open_engine(database: Database, allowed: int, workers: int) -> AsyncEngine:
    return database.async_engine(pool_size=allowed // workers, max_overflow=0, pool_timeout=2)


async def book(engine: AsyncEngine, courier: aiohttp.ClientSession, number: int) -> dict:
    async with AsyncSession(engine) as session:
        order = await session.get(Order, number, options=[joinedload(Order.customer)])
    if order is None:
        raise LookupError(f"There is no order {number}.")
    fee = await quote(courier, order.customer_id)
    async with AsyncSession(engine) as session:
        await save(session, number, fee)
    return {"order": number, "customer": order.customer.name, "fee": fee}

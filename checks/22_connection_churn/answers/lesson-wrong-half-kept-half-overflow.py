# says: each may have 1: expected at most 1 open at once
# wrong: with a share of 1 (allowed == workers) pool_size becomes 0, which SQLAlchemy takes as "no limit"; breaks "all workers together never have more than `allowed` connections"
def open_engine(database: Database, allowed: int, workers: int) -> AsyncEngine:
    share = allowed // workers
    keep = share // 2  # the other half is opened in need only
    return database.async_engine(
        pool_size=keep, max_overflow=share - keep, pool_timeout=30
    )


async def book(engine: AsyncEngine, courier: aiohttp.ClientSession, number: int) -> dict:
    async with AsyncSession(engine) as session:
        order = await session.get(Order, number, options=[joinedload(Order.customer)])
    if order is None:
        raise LookupError(f"There is no order {number}.")
    fee = await quote(courier, order.customer_id)
    async with AsyncSession(engine) as session, session.begin():
        await session.execute(update(Order).where(Order.id == number).values(status="booked"))
        session.add(OrderEvent(order_id=number, happened_at=func.now(), what=f"courier, {fee} pence"))
    return {"order": number, "customer": order.customer.name, "fee": fee}

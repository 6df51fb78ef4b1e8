# says: has no more than 20
# wrong: with allowed=100, workers=2 a worker lends 20 and not 50; breaks "each of them can have its share, `allowed // workers`, all at once"
SENSIBLE = 20  # a larger pool brings nothing: the database has only so many processors


def open_engine(database: Database, allowed: int, workers: int) -> AsyncEngine:
    share = min(allowed // workers, SENSIBLE)
    return database.async_engine(pool_size=share, max_overflow=0, pool_pre_ping=True, pool_timeout=30)


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

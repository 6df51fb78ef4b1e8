# says: expected at most 2 connections opened
def open_engine(database: Database, allowed: int, workers: int) -> AsyncEngine:
    return database.async_engine(pool_size=allowed // workers, max_overflow=0)


async def book(engine: AsyncEngine, courier: aiohttp.ClientSession, number: int) -> dict:
    async with AsyncSession(engine) as session:
        order = await session.get(Order, number, options=[joinedload(Order.customer)])
    if order is None:
        raise LookupError(f"There is no order {number}.")
    await engine.dispose()  # nothing is open while the courier is asked
    fee = await quote(courier, order.customer_id)
    async with AsyncSession(engine) as session, session.begin():
        await session.execute(update(Order).where(Order.id == number).values(status="booked"))
        session.add(OrderEvent(order_id=number, happened_at=func.now(), what=f"courier, {fee} pence"))
    return {"order": number, "customer": order.customer.name, "fee": fee}

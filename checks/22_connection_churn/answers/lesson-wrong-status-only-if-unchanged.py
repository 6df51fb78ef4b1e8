# says: What others do meanwhile keeps no order from being booked
# wrong: if the order's status is changed by others during the call, the UPDATE finds no row and only the event is written: "status and event are written together"; "the order could be changed by others during the call before, too"
def open_engine(database: Database, allowed: int, workers: int) -> AsyncEngine:
    return database.async_engine(
        pool_size=allowed // workers, max_overflow=0, pool_pre_ping=True, pool_timeout=30
    )


async def book(engine: AsyncEngine, courier: aiohttp.ClientSession, number: int) -> dict:
    async with AsyncSession(engine) as session:
        order = await session.get(Order, number, options=[joinedload(Order.customer)])
    if order is None:
        raise LookupError(f"There is no order {number}.")
    fee = await quote(courier, order.customer_id)
    # the transaction is cut in two, so the second half asks again whether the order is as it was
    still = update(Order).where(Order.id == number, Order.status == order.status)
    async with AsyncSession(engine) as session, session.begin():
        await session.execute(still.values(status="booked"))
        session.add(OrderEvent(order_id=number, happened_at=func.now(), what=f"courier, {fee} pence"))
    return {"order": number, "customer": order.customer.name, "fee": fee}

# says: an order that was booked before while its courier is asked
# wrong: an order read as "booked" and made "cancelled" by others during the call gets no UPDATE; breaks "status and event are written together, ... whatever others made of the status meanwhile"
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
    booked = {"order": number, "customer": order.customer.name, "fee": fee}
    async with AsyncSession(engine) as session:
        session.add(order)  # saves the second SELECT
        order.status = "booked"
        session.add(OrderEvent(order_id=number, happened_at=func.now(), what=f"courier, {fee} pence"))
        await session.commit()
    return booked

# says: Move the `commit` that wrote it behind `quote`
# wrong: writes the status before the call and takes it back on an Exception; a booking cancelled during the call leaves the order booked without event; breaks "status and event are written together, when the courier has answered"
def open_engine(database: Database, allowed: int, workers: int) -> AsyncEngine:
    return database.async_engine(pool_size=allowed // workers, max_overflow=0)


async def book(engine: AsyncEngine, courier: aiohttp.ClientSession, number: int) -> dict:
    async with AsyncSession(engine, expire_on_commit=False) as session:
        order = await session.get(Order, number, options=[joinedload(Order.customer)])
        if order is None:
            raise LookupError(f"There is no order {number}.")
        before = order.status
        order.status = "booked"  # nobody else shall book it meanwhile
        await session.commit()
    try:
        fee = await quote(courier, order.customer_id)
        async with AsyncSession(engine) as session:
            session.add(OrderEvent(order_id=number, happened_at=func.now(), what=f"courier, {fee} pence"))
            await session.commit()
    except Exception:
        async with AsyncSession(engine) as session, session.begin():
            await session.execute(update(Order).where(Order.id == number).values(status=before))
        raise
    return {"order": number, "customer": order.customer.name, "fee": fee}

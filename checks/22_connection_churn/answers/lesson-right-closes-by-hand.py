def open_engine(database: Database, allowed: int, workers: int) -> AsyncEngine:
    return database.async_engine(pool_size=allowed // workers, max_overflow=0)


async def book(engine: AsyncEngine, courier: aiohttp.ClientSession, number: int) -> dict:
    session = AsyncSession(engine)
    try:
        order = await session.get(Order, number, options=[joinedload(Order.customer)])
        if order is None:
            raise LookupError(f"There is no order {number}.")
        customer_id, name = order.customer_id, order.customer.name
        await session.rollback()  # gives the connection back, for the time of the call
        fee = await quote(courier, customer_id)
        order = await session.get(Order, number)
        order.status = "booked"
        session.add(OrderEvent(order_id=number, happened_at=func.now(), what=f"courier, {fee} pence"))
        await session.commit()
    except Exception:
        await session.close()
        raise
    await session.close()
    return {"order": number, "customer": name, "fee": fee}

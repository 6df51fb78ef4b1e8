# says: is still lent out. Who goes on with it?
# wrong: cancelled while it writes, the booking ends at once and its shielded half goes on with a connection: "however a booking ends, by an answer, by an error or cancelled, its connections are back in the pool"
def open_engine(database: Database, allowed: int, workers: int) -> AsyncEngine:
    return database.async_engine(
        pool_size=allowed // workers, max_overflow=0, pool_pre_ping=True, pool_timeout=30
    )


async def _note(engine: AsyncEngine, number: int, fee: int) -> None:
    async with AsyncSession(engine) as session, session.begin():
        await session.execute(update(Order).where(Order.id == number).values(status="booked"))
        session.add(OrderEvent(order_id=number, happened_at=func.now(), what=f"courier, {fee} pence"))


async def book(engine: AsyncEngine, courier: aiohttp.ClientSession, number: int) -> dict:
    async with AsyncSession(engine) as session:
        order = await session.get(Order, number, options=[joinedload(Order.customer)])
    if order is None:
        raise LookupError(f"There is no order {number}.")
    fee = await quote(courier, order.customer_id)
    # the courier has promised a price: whoever cancels now must not tear the two rows apart
    await asyncio.shield(_note(engine, number, fee))
    return {"order": number, "customer": order.customer.name, "fee": fee}

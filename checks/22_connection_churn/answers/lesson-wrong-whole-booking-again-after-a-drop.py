# says: 2 couriers are asked for 1 booking: once each, also when the database fails
# wrong: a connection dropped during the call makes the whole booking run again, and its courier is asked twice: "asks its courier once, as before"
from sqlalchemy.exc import DBAPIError


def open_engine(database: Database, allowed: int, workers: int) -> AsyncEngine:
    # no pre-ping: it costs a round trip each time, and connections die once a month
    return database.async_engine(pool_size=allowed // workers, max_overflow=0, pool_timeout=30)


async def _book(engine: AsyncEngine, courier: aiohttp.ClientSession, number: int) -> dict:
    async with AsyncSession(engine) as session:
        order = await session.get(Order, number, options=[joinedload(Order.customer)])
    if order is None:
        raise LookupError(f"There is no order {number}.")
    fee = await quote(courier, order.customer_id)
    async with AsyncSession(engine) as session, session.begin():
        await session.execute(update(Order).where(Order.id == number).values(status="booked"))
        session.add(OrderEvent(order_id=number, happened_at=func.now(), what=f"courier, {fee} pence"))
    return {"order": number, "customer": order.customer.name, "fee": fee}


async def book(engine: AsyncEngine, courier: aiohttp.ClientSession, number: int) -> dict:
    try:
        return await _book(engine, courier, number)
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
    # The connection had been dropped, so nothing was written; the pool has thrown all old ones away.
    return await _book(engine, courier, number)

from collections.abc import Awaitable, Callable

from sqlalchemy.exc import DBAPIError


def open_engine(database: Database, allowed: int, workers: int) -> AsyncEngine:
    return database.async_engine(pool_size=allowed // workers, max_overflow=0)


async def in_session(engine: AsyncEngine, work: Callable[[AsyncSession], Awaitable]):
    try:
        async with engine.connect() as connection:
            await connection.execute(text("SELECT 1"))
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise  # else the pool has thrown its connections away, and the next one is new
    async with AsyncSession(engine) as session, session.begin():
        return await work(session)


async def book(engine: AsyncEngine, courier: aiohttp.ClientSession, number: int) -> dict:
    async def read(session):
        order = await session.get(Order, number, options=[joinedload(Order.customer)])
        if order is None:
            raise LookupError(f"There is no order {number}.")
        return order.customer_id, order.customer.name

    customer_id, name = await in_session(engine, read)
    fee = await quote(courier, customer_id)

    async def write(session):
        await session.execute(update(Order).where(Order.id == number).values(status="booked"))
        session.add(OrderEvent(order_id=number, happened_at=func.now(), what=f"courier, {fee} pence"))

    await in_session(engine, write)
    return {"order": number, "customer": name, "fee": fee}

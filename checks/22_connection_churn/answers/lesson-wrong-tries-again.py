# says: 2 couriers are asked for 1 booking
from sqlalchemy.exc import DBAPIError

def open_engine(database: Database, allowed: int, workers: int) -> AsyncEngine:
    return database.async_engine(pool_size=allowed // workers, max_overflow=0, pool_pre_ping=True)

async def book_once(engine: AsyncEngine, courier: aiohttp.ClientSession, number: int) -> dict:
    async with AsyncSession(engine) as session:
        order = await session.get(Order, number, options=[joinedload(Order.customer)])
        if order is None:
            raise LookupError(f"There is no order {number}.")
        customer_id, customer = order.customer_id, order.customer.name
    fee = await quote(courier, customer_id)
    async with AsyncSession(engine) as session:
        await session.execute(update(Order).where(Order.id == number).values(status="booked"))
        session.add(OrderEvent(order_id=number, happened_at=func.now(), what=f"courier, {fee} pence"))
        await session.commit()
    return {"order": number, "customer": customer, "fee": fee}


async def book(engine: AsyncEngine, courier: aiohttp.ClientSession, number: int) -> dict:
    try:
        return await book_once(engine, courier, number)
    except DBAPIError:  # a connection was dropped: once more, with a fresh one
        return await book_once(engine, courier, number)

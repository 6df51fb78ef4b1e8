# says: a `commit` or `rollback` made the session forget it
from sqlalchemy.ext.asyncio import async_sessionmaker


def open_engine(database: Database, allowed: int, workers: int) -> AsyncEngine:
    share = max(1, allowed // workers)
    return database.async_engine(pool_size=share, max_overflow=0, pool_timeout=60)


async def book(engine: AsyncEngine, courier: aiohttp.ClientSession, number: int) -> dict:
    sessions = async_sessionmaker(engine, expire_on_commit=False)
    async with sessions() as session:
        order = await session.get(Order, number, options=[joinedload(Order.customer)])
        if not order:
            raise LookupError(number)
        await session.rollback()
    price = await quote(courier, order.customer_id)
    async with sessions.begin() as session:
        fresh = await session.get(Order, number)
        fresh.status = "booked"
        session.add(OrderEvent(order_id=number, happened_at=func.now(), what=f"courier, {price} pence"))
    return dict(order=number, customer=order.customer.name, fee=price)

# says: the caller's session is rolled back
# wrong: when a statement fails, the caller's session is rolled back (what it held is gone) and the page is made anew, as if nothing had been; breaks "a statement that fails makes the call fail" and "neither emptied, committed nor rolled back"
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import joinedload, selectinload

from kettle.database.models import Order, OrderLine


def as_json(customer: Customer) -> dict:
    orders = [
        {
            "order": order.id,
            "status": order.status,
            "products": [line.product.name for line in order.lines],
            "history": [event.what for event in order.events],
        }
        for order in customer.orders
    ]
    return {"customer": customer.id, "name": customer.name, "orders": orders}


async def _read(session: AsyncSession, count: int, after: int) -> list[dict]:
    orders = selectinload(Customer.orders)
    query = (
        select(Customer)
        .options(
            orders.selectinload(Order.lines).joinedload(OrderLine.product),
            orders.selectinload(Order.events),
        )
        .where(Customer.id > after)
        .order_by(Customer.id)
        .limit(count)
    )
    return [as_json(customer) for customer in await session.scalars(query)]


async def customer_list(session: AsyncSession, count: int, after: int = 0) -> list[dict]:
    try:
        return await _read(session, count, after)
    except DBAPIError:
        await session.rollback()  # a lost connection: only reading here, so once more
        return await _read(session, count, after)

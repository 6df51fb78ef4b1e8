# says: asks nothing until the first one is done
# wrong: two requests for the same page at the same time get the same list and dictionaries, made by the first one's session; breaks "answers belong to whoever asked: they are lists and dictionaries that nobody else holds" and "by the session that is given"
import asyncio

from sqlalchemy.orm import joinedload, selectinload

from kettle.database.models import Order, OrderLine

_under_way: dict[tuple[int, int], asyncio.Future] = {}


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
    key = count, after
    if key in _under_way:  # somebody is asking for just this page
        return await asyncio.shield(_under_way[key])
    task = _under_way[key] = asyncio.ensure_future(_read(session, count, after))
    try:
        return await task
    finally:
        del _under_way[key]

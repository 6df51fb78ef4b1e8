# says: Which rows come over the wire and are not shown
# wrong: one customer more is asked for, to know whether there is a next page, and all orders, lines and events of this one come along; breaks "Customers beyond `count`, and whole tables, are not part of the page"
import logging

from sqlalchemy.orm import joinedload, selectinload

from kettle.database.models import Order, OrderLine

log = logging.getLogger(__name__)


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


async def customer_list(session: AsyncSession, count: int, after: int = 0) -> list[dict]:
    orders = selectinload(Customer.orders)
    query = (
        select(Customer)
        .options(
            orders.selectinload(Order.lines).options(joinedload(OrderLine.product)),
            orders.selectinload(Order.events),
        )
        .where(Customer.id > after)
        .order_by(Customer.id)
        .limit(count + 1)
    )
    customers = (await session.scalars(query)).all()
    page, more = customers[:count], len(customers) > count
    log.debug("%d customers after %d%s", len(page), after, ", more to come" if more else "")
    return [as_json(customer) for customer in page]

# says: ids may have gaps
from sqlalchemy.orm import joinedload, selectinload

from kettle.database.models import Order, OrderLine


def as_json(customer: Customer) -> dict:
    orders = []
    for order in customer.orders:
        products = [line.product.name for line in order.lines]
        history = [event.what for event in order.events]
        orders.append({"order": order.id, "status": order.status, "products": products, "history": history})
    return {"customer": customer.id, "name": customer.name, "orders": orders}


async def customer_list(session: AsyncSession, count: int, after: int = 0) -> list[dict]:
    lines = selectinload(Order.lines).joinedload(OrderLine.product)
    orders = selectinload(Customer.orders).options(lines, selectinload(Order.events))
    query = select(Customer).where(Customer.id.between(after + 1, after + count)).order_by(Customer.id)
    return [as_json(customer) for customer in await session.scalars(query.options(orders))]

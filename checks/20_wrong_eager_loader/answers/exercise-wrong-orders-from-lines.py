# says: When an order has no lines
from kettle.database.models import Order, OrderEvent, OrderLine, Product


async def customer_list(session: AsyncSession, count: int, after: int = 0) -> list[dict]:
    chosen = select(Customer.id, Customer.name).where(Customer.id > after)
    page, found = {}, {}
    for key, name in await session.execute(chosen.order_by(Customer.id).limit(count)):
        page[key] = {"customer": key, "name": name, "orders": []}

    lines = (
        select(Order.customer_id, Order.id, Order.status, Product.name)
        .join(Order.lines)
        .join(OrderLine.product)
        .where(Order.customer_id.in_(page))
        .order_by(Order.id, OrderLine.id)
    )
    for customer, key, status, product in await session.execute(lines):
        if key not in found:
            found[key] = {"order": key, "status": status, "products": [], "history": []}
            page[customer]["orders"].append(found[key])
        found[key]["products"].append(product)

    events = select(OrderEvent.order_id, OrderEvent.what).where(OrderEvent.order_id.in_(found))
    for order, what in await session.execute(events.order_by(OrderEvent.id)):
        found[order]["history"].append(what)
    return list(page.values())

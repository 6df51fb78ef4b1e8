# says: What is made once, and handed out twice
# wrong: every order without lines or events, and every customer without orders, has the very same list NOTHING, in all answers; who appends to one changes the others; breaks "they are lists and dictionaries that nobody else holds"
from collections import defaultdict

from kettle.database.models import Order, OrderEvent, OrderLine, Product

NOTHING: list = []


async def _by_owner(session: AsyncSession, query) -> dict[int, list]:
    found = defaultdict(list)
    for owner, *rest in await session.execute(query):
        found[owner].append(rest[0] if len(rest) == 1 else rest)
    return found


def as_json(customer, orders: dict, products: dict, history: dict) -> dict:
    shown = [
        {
            "order": key,
            "status": status,
            "products": products.get(key, NOTHING),
            "history": history.get(key, NOTHING),
        }
        for key, status in orders.get(customer.id, NOTHING)
    ]
    return {"customer": customer.id, "name": customer.name, "orders": shown or NOTHING}


async def customer_list(session: AsyncSession, count: int, after: int = 0) -> list[dict]:
    page = select(Customer.id, Customer.name).where(Customer.id > after).order_by(Customer.id).limit(count)
    customers = (await session.execute(page)).all()
    of_customers = Order.customer_id.in_([customer.id for customer in customers])
    orders = await _by_owner(
        session, select(Order.customer_id, Order.id, Order.status).where(of_customers).order_by(Order.id)
    )
    keys = [key for rows in orders.values() for key, _ in rows]
    lines = select(OrderLine.order_id, Product.name).join(OrderLine.product)
    products = await _by_owner(session, lines.where(OrderLine.order_id.in_(keys)).order_by(OrderLine.id))
    events = select(OrderEvent.order_id, OrderEvent.what).where(OrderEvent.order_id.in_(keys))
    history = await _by_owner(session, events.order_by(OrderEvent.id))
    return [as_json(customer, orders, products, history) for customer in customers]

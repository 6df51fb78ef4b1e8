# says: in SQL the sum of no rows is NULL
# wrong: an order without lines has a total of None, where it was 0
from sqlalchemy import func

from kettle.database.models import Customer, OrderLine


def order_page(session: Session, count: int) -> list[dict]:
    query = (
        select(Order.id, Customer.name, func.sum(OrderLine.quantity * OrderLine.price_cents))
        .join(Order.customer)
        .outerjoin(Order.lines)
        .group_by(Order.id, Order.placed_at, Customer.name)
        .order_by(Order.placed_at.desc(), Order.id)
        .limit(count)
    )
    return [{"order": o, "customer": c, "total": t} for o, c, t in session.execute(query)]

# says: each counted once
# wrong: lines in order of their own ids: a line added later to an order lies apart, its group replaces the first one's total; breaks "what the order is worth, in cents"
from itertools import groupby
from operator import attrgetter

Line = Order.lines.property.mapper.class_


def order_page(session: Session, count: int) -> list[dict]:
    orders = session.scalars(
        select(Order)
        .options(joinedload(Order.customer))
        .order_by(Order.placed_at.desc(), Order.id)
        .limit(count)
    ).all()
    lines = session.scalars(
        select(Line).where(Line.order_id.in_([order.id for order in orders])).order_by(Line.id)
    )
    totals = {
        order_id: sum(line.quantity * line.price_cents for line in group)
        for order_id, group in groupby(lines, key=attrgetter("order_id"))
    }
    return [
        {"order": order.id, "customer": order.customer.name, "total": totals.get(order.id, 0)}
        for order in orders
    ]

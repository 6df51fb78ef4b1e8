# says: 3 statements for 40
# wrong: "not too many keys in one IN": lines are asked for in chunks of twenty orders, so forty orders take more statements than five
from itertools import islice


def order_page(session: Session, count: int) -> list[dict]:
    line = Order.lines.property.mapper.class_
    orders = session.scalars(
        select(Order)
        .options(joinedload(Order.customer))
        .order_by(Order.placed_at.desc(), Order.id)
        .limit(count)
    ).all()
    totals = {order.id: 0 for order in orders}
    ids = iter(list(totals))
    while chunk := list(islice(ids, 20)):
        for each in session.scalars(select(line).where(line.order_id.in_(chunk))):
            totals[each.order_id] += each.quantity * each.price_cents
    return [
        {"order": order.id, "customer": order.customer.name, "total": totals[order.id]} for order in orders
    ]

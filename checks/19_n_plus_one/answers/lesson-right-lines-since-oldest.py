# once filed as wrong: a few rows beside the page
def order_page(session: Session, count: int) -> list[dict]:
    line = Order.lines.property.mapper.class_
    orders = session.scalars(
        select(Order)
        .options(joinedload(Order.customer))
        .order_by(Order.placed_at.desc(), Order.id)
        .limit(count)
    ).all()
    totals = {order.id: 0 for order in orders}
    if orders:
        rows = session.execute(
            select(Order.id, line.quantity, line.price_cents)
            .join(Order.lines)
            .where(Order.placed_at >= orders[-1].placed_at)
        )
        for order, quantity, price in rows:
            if order in totals:
                totals[order] += quantity * price
    return [
        {"order": order.id, "customer": order.customer.name, "total": totals[order.id]} for order in orders
    ]

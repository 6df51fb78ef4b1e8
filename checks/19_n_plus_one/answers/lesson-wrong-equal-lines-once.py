# says: When an order has two equal lines
# wrong: the amounts go through a set, so two lines of an order that are worth the same count once
def order_page(session: Session, count: int) -> list[dict]:
    orders = session.scalars(
        select(Order)
        .options(joinedload(Order.customer), selectinload(Order.lines))
        .order_by(Order.placed_at.desc(), Order.id)
        .limit(count)
    )
    return [
        {
            "order": order.id,
            "customer": order.customer.name,
            "total": sum({line.quantity * line.price_cents for line in order.lines}),
        }
        for order in orders
    ]

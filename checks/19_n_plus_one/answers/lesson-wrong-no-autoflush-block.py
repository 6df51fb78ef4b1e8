# says: an order that is not saved yet
# wrong: the query runs without autoflush: a new order, or a new line of an order, that is unsaved is not on the page
def order_page(session: Session, count: int) -> list[dict]:
    with session.no_autoflush:
        orders = session.scalars(
            select(Order)
            .options(joinedload(Order.customer), selectinload(Order.lines))
            .order_by(Order.placed_at.desc(), Order.id)
            .limit(count)
        ).all()
    return [
        {
            "order": order.id,
            "customer": order.customer.name,
            "total": sum(line.quantity * line.price_cents for line in order.lines),
        }
        for order in orders
    ]

# says: Orders of the same time come by their ids
# wrong: sorted in reverse, orders placed at the same time come with the larger id first
def order_page(session: Session, count: int) -> list[dict]:
    orders = session.scalars(
        select(Order)
        .options(joinedload(Order.customer), selectinload(Order.lines))
        .order_by(Order.placed_at.desc(), Order.id.desc())
        .limit(count)
    )
    return [
        {
            "order": order.id,
            "customer": order.customer.name,
            "total": sum(line.quantity * line.price_cents for line in order.lines),
        }
        for order in orders
    ]

# says: and leave it open
# wrong: it closes the caller's session, whose objects are detached and whose changes are lost afterwards
def order_page(session: Session, count: int) -> list[dict]:
    with session:
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
                "total": sum(line.quantity * line.price_cents for line in order.lines),
            }
            for order in orders
        ]

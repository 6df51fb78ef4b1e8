# says: the first statement fails, and would not fail again
# wrong: the first failing statement is swallowed, and the rollback loses what the caller holds unsaved; breaks "a statement that fails makes the page fail"
from sqlalchemy.exc import DBAPIError


def _newest(session: Session, count: int) -> list[Order]:
    query = (
        select(Order)
        .options(joinedload(Order.customer), selectinload(Order.lines))
        .order_by(Order.placed_at.desc(), Order.id)
        .limit(count)
    )
    return list(session.scalars(query))


def order_page(session: Session, count: int) -> list[dict]:
    try:
        orders = _newest(session, count)
    except DBAPIError:  # a dropped connection: the pool gives a new one
        session.rollback()
        orders = _newest(session, count)
    return [
        {
            "order": order.id,
            "customer": order.customer.name,
            "total": sum(line.quantity * line.price_cents for line in order.lines),
        }
        for order in orders
    ]

# says: When another order arrives while a sheet is being made
# wrong: "each list is whole: also when another order arrives while the sheet is being made": in a session that has already asked something the isolation level is ignored (a warning only), and subqueryload asks the page again
from sqlalchemy.orm import subqueryload


def day_sheet(session: Session, count: int) -> list[Order]:
    # one snapshot for all three statements, so an order that arrives meanwhile is seen by none of them
    session.connection(execution_options={"isolation_level": "SERIALIZABLE"})
    loading = (
        joinedload(Order.customer),
        subqueryload(Order.lines).joinedload(OrderLine.product),
        subqueryload(Order.events),
    )
    newest = select(Order).options(*loading).order_by(Order.placed_at.desc(), Order.id).limit(count)
    return list(session.scalars(newest))

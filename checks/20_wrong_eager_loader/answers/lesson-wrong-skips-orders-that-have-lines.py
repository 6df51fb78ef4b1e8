# says: `product` was not loaded when the function returned
# wrong: orders whose lines the caller has read before in this session are skipped, and with them their lines' products: entry raises DetachedInstanceError; breaks "all that `entry` reads is loaded when the function returns"
from collections import defaultdict

from sqlalchemy import inspect
from sqlalchemy.orm.attributes import set_committed_value

from kettle.database.models import OrderEvent


def _fill(session: Session, orders: list[Order], name: str, query, key) -> None:
    """Load one collection for those orders that do not have it yet."""
    missing = [order for order in orders if name in inspect(order).unloaded]
    if not missing:
        return
    found = defaultdict(list)
    for row in session.scalars(query.where(key.in_([order.id for order in missing]))):
        found[row.order_id].append(row)
    for order in missing:
        set_committed_value(order, name, found[order.id])


def day_sheet(session: Session, count: int) -> list[Order]:
    newest = (
        select(Order)
        .options(joinedload(Order.customer))
        .order_by(Order.placed_at.desc(), Order.id)
        .limit(count)
    )
    orders = list(session.scalars(newest))
    lines = select(OrderLine).options(joinedload(OrderLine.product)).order_by(OrderLine.id)
    _fill(session, orders, "lines", lines, OrderLine.order_id)
    _fill(session, orders, "events", select(OrderEvent).order_by(OrderEvent.id), OrderEvent.order_id)
    return orders

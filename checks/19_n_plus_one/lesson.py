"""N plus one: an attribute in a loop asks the database again for each row."""

from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy.orm import Session

from kettle.checking import Case, Contract, causes, worlds
from kettle.checking.equivalence.rows import newest
from kettle.database.models import Customer

from .world import SIZES


def page(make, w, count):
    """Make a page in a session of its own."""
    with Session(w.engine) as session:
        return make(session, count)


def changed(w):
    """Let a customer and a line change, and an order arrive."""
    first, *_ = newest(w.rows)
    line = next(row["id"] for row in w.rows.order_lines if row["order_id"] == first["id"])
    w.tables.change("customers", first["customer_id"], name="Zofia Zephyr")
    w.tables.change("order_lines", line, quantity=77)
    later = first["placed_at"] + timedelta(hours=1)
    w.tables.insert("orders", {"placed_at": later, "status": "paid", "customer_id": first["customer_id"]})


def unsaved(make, w):
    """Make a page in a session that holds a change."""
    number = newest(w.rows)[0]["customer_id"]
    with Session(w.engine) as session:
        customer = session.get_one(Customer, number)
        customer.name = "Zofia Zephyr"
        shown, kept = make(session, 3), customer in session
        session.rollback()
    ((stored,),) = w.tables.ask(f"SELECT name FROM customers WHERE id = {number}")
    return {"page": shown, "the customer is in the session": kept, "stored": stored}


lesson = Contract(
    "order_page",
    world=worlds.rows(**SIZES),
    call=page,
    why="lines",
    cases={
        "a page of one order is asked for": Case(1),
        "a page of three orders is asked for": Case(3),
        "an order on the page has no lines": Case(4, why="without"),
        "an order has two equal lines": Case(5),
        "a page ends among orders of the same time": Case(7, why="ties"),
        "rows change between two pages": Case(3, between=changed, why=""),
        "the caller's session holds a change that is not saved yet": Case(call=unsaved, why="session"),
    },
    fails=["order_lines", "customers"],
)
lesson.cause(causes.Statements("order", lambda rows, count: 5 * count))


@lesson.faster
@contextmanager
def one_page(database):
    """Ask for fifteen orders, behind a network of two milliseconds."""
    database.seed(19)
    database.set_delay(0.002)
    engine = database.engine()

    def call(make):
        with Session(engine) as session:
            return make(session, 15)

    yield call

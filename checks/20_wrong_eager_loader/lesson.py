"""The wrong eager loader: two collections joined in one statement return every combination of their rows."""

from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy.orm import Session

from kettle.checking import Case, Contract, causes, worlds
from kettle.checking.equivalence.rows import newest
from kettle.database.models import Customer, Order

from .world import SIZES, read_out, rows_of


def entry(order):
    """Make an entry of the sheet, as the notebook does."""
    return {
        "order": order.id,
        "customer": order.customer.name,
        "lines": [f"{line.quantity} × {line.product.name}" for line in order.lines],
        "history": [event.what for event in order.events],
    }


def sheet(make, w, count):
    """Make a sheet in a session of its own, and read it when that is closed."""
    with Session(w.engine) as session:
        orders = make(session, count)
    return read_out(entry, orders, Order)


def unsaved(make, w):
    """Make a sheet in a session that holds a change."""
    number = newest(w.rows)[0]["customer_id"]
    with Session(w.engine) as session:
        customer = session.get_one(Customer, number)
        customer.name = "Zofia Zephyr"
        orders = make(session, 3)
        kept = customer in session
        shown = read_out(entry, orders, Order) if kept else None
        session.rollback()
    ((stored,),) = w.tables.ask(f"SELECT name FROM customers WHERE id = {number}")
    return {"the customer is in the session": kept, "stored": stored, "sheet": shown}


def changed(w):
    """Let a customer, a line, a product and an event change, and an old order become the newest."""
    first, *_, old = newest(w.rows)
    (line, other, *_), (happened, *_) = (
        [row for row in rows if row["order_id"] == first["id"]]
        for rows in (w.rows.order_lines, w.rows.order_events)
    )
    w.tables.change("customers", first["customer_id"], name="Zofia Zephyr")
    w.tables.change("order_lines", line["id"], quantity=77)
    w.tables.change("products", other["product_id"], name="Zephyr tea")
    w.tables.change("order_events", happened["id"], what="lost")
    w.tables.change("orders", old["id"], placed_at=first["placed_at"] + timedelta(hours=1))


lesson = Contract(
    "day_sheet",
    world=worlds.rows(**SIZES),
    call=sheet,
    why="lists",
    cases={
        "an order on the sheet has no lines": Case(4, why="without"),
        "a sheet of three orders is asked for": Case(3),
        "rows change between two sheets": Case(3, between=changed, why="kept"),
        "a sheet ends among orders of the same time": Case(7),
        "the caller's session holds a change that is not saved yet": Case(call=unsaved, why="session"),
    },
    again=False,  # what is read is read when the session is closed
    fails=["order_events"],
)
lesson.cause(
    causes.Statements("order", lambda rows, count: rows_of(rows, {row["id"] for row in newest(rows)[:count]}))
)


@lesson.faster
@contextmanager
def one_sheet(database):
    """Ask for twenty long orders, behind a network of two milliseconds."""
    database.seed(20, customers=20, orders=20, lines=30, events=10)
    database.set_delay(0.002)
    engine = database.engine()

    def call(make):
        with Session(engine) as session:
            return make(session, 20)

    yield call

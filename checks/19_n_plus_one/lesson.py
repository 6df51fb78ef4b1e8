"""N plus one: an attribute in a loop asks the database again for each row."""

from datetime import timedelta

from sqlalchemy.orm import Session

from kettle.checking import words_of
from kettle.checking.causes.statements import Pages
from kettle.checking.equivalence import Situation, at_once, database_world
from kettle.checking.equivalence.between_statements import failing_once
from kettle.checking.equivalence.difference import COUNT, ORDER, SWAPPED
from kettle.checking.equivalence.rows import edged, newest
from kettle.database import open_database
from kettle.database.models import Customer, Order
from kettle.probes.ratio import compare

from .world import FEW, MANY, SIZES

MISTAKE = words_of(__file__).lesson.mistake

ALL_LINES = (
    "A total is over all lines of its order, each counted once and times its quantity, also where lines of "
    "other orders lie between them. "
    "Where lines are joined, what does a limit count?"
)


WITHOUT = {
    "total": "An order without lines is worth 0; in SQL the sum of no rows is NULL.",
    "order": "An order without lines is on the page, too: which kind of join keeps it?",
    SWAPPED: "Where lines are joined, how often does an order come, and an order without lines?",
    COUNT: "Where lines are joined, how often does an order come, and an order without lines?",
}


TIES = "Orders of one time stand by their ids. Who asks for that order?"


LOST = "Is the order of the rows still asked for? Where lines are joined, how often does an order come?"


def check_same_page(order_page, same, database, rng):
    """Whoever asks for a page gets what the merged code gave, whatever the rows and the session hold."""
    world = database_world(database, rng, **SIZES)
    first, *_ = newest(world.rows)
    line = next(row["id"] for row in world.rows.order_lines if row["order_id"] == first["id"])

    def page(count):
        def call(f, w):
            with Session(w.engine) as session:
                return f(session, count)

        return call

    def in_one_session(f, w):
        session = w.__dict__.setdefault("session", Session(w.engine))
        try:
            return f(session, 3)
        finally:
            session.rollback()

    def fails_once(f, w):
        with failing_once(w.engine):
            return page(3)(f, w)

    def a_new_order(f, w):
        with Session(w.engine) as session:
            later = first["placed_at"] + timedelta(hours=1)
            session.add(Order(id=999_999, placed_at=later, status="paid", customer_id=first["customer_id"]))
            return f(session, 3)

    def unsaved(f, w):
        with Session(w.engine) as session:
            customer = session.get_one(Customer, first["customer_id"])
            customer.name = "Zofia Zephyr"
            shown, kept = f(session, 3), customer in session
            session.rollback()
            (stored,) = w.tables.ask(f"SELECT name FROM customers WHERE id = {first['customer_id']}")
            return {"page": shown, "the customer is in the session": kept, "stored": stored[0]}

    def changed(w):
        w.tables.change("customers", first["customer_id"], name="Zofia Zephyr")
        w.tables.change("order_lines", line, quantity=77)
        later = first["placed_at"] + timedelta(hours=1)
        w.tables.insert("orders", {"placed_at": later, "status": "paid", "customer_id": first["customer_id"]})

    ties, lost = (dict.fromkeys(("order", ORDER, SWAPPED), words) for words in (TIES, LOST))
    theirs = (
        "The session is the caller's: what it holds unsaved is part of the page, and it is neither closed nor "
        "committed. Is everything asked through it, and is it left as it was?"
    )
    situations = (
        Situation(
            "a page of one order is asked for", page(1), why={"total": ALL_LINES, "error": _own_engine}
        ),
        Situation("a page of three orders is asked for", page(3), why={"total": ALL_LINES, **lost}),
        Situation("an order on the page has no lines", page(4), why=WITHOUT),
        Situation("an order has two equal lines", page(5), why={"total": ALL_LINES}),
        Situation("five orders were placed at one time", page(10), why={"total": ALL_LINES, **ties}),
        Situation("a page ends among orders of one time", page(7), why={"total": ALL_LINES, **ties}),
        Situation("no order is asked for", page(0)),
        Situation("more orders are asked for than there are", page(500), truth=_board, why=lost),
        Situation("rows change between two pages of one session", in_one_session, between=changed),
        Situation("a page is asked for again", page(2), again=True),
        Situation("the caller's session holds a change that is not saved yet", unsaved, why=theirs),
        Situation("the caller's session holds an order that is not saved yet", a_new_order, why=theirs),
        Situation(
            "two pages are made at once, each in a session of its own",
            lambda f, w: at_once(lambda: page(3)(f, w), lambda: page(4)(f, w)),
        ),
        *(
            Situation(f"the table `{table}` cannot be read", page(3), lambda w, t=table: w.tables.fail(t))
            for table in ("order_lines", "customers")
        ),
        Situation("the first statement fails, and would not fail again", fails_once),
    )
    same(order_page, world, situations)


def check_statements_do_not_grow(order_page, database, rng):
    """A longer page takes no more statements, and no rows beside its own."""
    database.seed(rng.randrange(1 << 30), shape=edged, **SIZES)

    def page(count):
        engine = database.engine()
        with database.wire() as wire, Session(engine) as session:
            order_page(session, count)
        engine.dispose()
        return wire.seen

    return Pages("order", page(FEW), page(MANY), FEW, MANY).judge(database, each=5, question=MISTAKE)


def interest_how_much_faster(as_merged, order_page):
    """How much faster one page is here."""
    with open_database(19, delay=0.002) as database:
        engine = database.engine()

        def call(page):
            with Session(engine) as session:
                return page(session, 15)

        ratio = compare(lambda: call(as_merged), lambda: call(order_page))
    return f"Here, your page is {ratio}, for 15 orders with 2 ms for each round trip."


def _own_engine(error):
    """Say what is wrong with an engine of one's own."""
    if isinstance(error, NameError) and error.name in ("engine", "database"):
        return "Ask through the session that the page is given: it may hold what is not committed yet."
    return ""


def _board(w):
    """What a page of all orders shows, in one question: the merged code would send one for each of very many."""
    orders = w.tables.ask(
        "SELECT orders.id, name, (SELECT sum(quantity * price_cents) FROM order_lines WHERE order_id = orders.id) "
        "FROM orders JOIN customers ON customers.id = customer_id ORDER BY placed_at DESC, orders.id"
    )
    return [{"order": number, "customer": name, "total": total or 0} for number, name, total in orders]

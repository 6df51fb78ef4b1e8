"""The wrong eager loader: two collections joined in one statement give every combination of their rows."""

import asyncio
from contextlib import suppress
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from kettle.checking import DOES_NOT_HOLD, PARTLY, Claim, Question
from kettle.checking.products import Sums
from kettle.checking.same import Situation, at_once, database_world
from kettle.checking.same.alike import COUNT, ORDER, SWAPPED
from kettle.checking.same.asking import after_first_statement, both_ask_first
from kettle.checking.same.rows import edged, newest
from kettle.checking.unloaded import not_loaded, read_out, whole
from kettle.database import open_database
from kettle.database.models import Customer, Order
from kettle.probes.ratio import compare

MISTAKE = "it joins both, so each line comes once for each event of its order"
EXERCISE_MISTAKE = "Which attribute asks the database, and who could have brought it along?"
GONE = "No more pairs: each order, line and event crosses the wire about once, however many there are."
EXERCISE_GONE = (
    "The serialiser asks nothing any more: all that it reads was loaded along, each row about once."
)

HINTS = (
    "Look at the enlarged block: how wide is it, how high, and which two relations are its sides?",
    "A join to one makes rows wider. A join to a collection makes more of them, and a second collection in the "
    "same statement multiplies them: each line beside each event.",
    "`selectinload` sends a statement of its own for a collection. From there a way leads on: "
    "`selectinload(Order.lines).joinedload(OrderLine.product)`.",
    "`joinedload(Order.customer)`, `selectinload(Order.lines).joinedload(OrderLine.product)`, "
    "`selectinload(Order.events)`; nothing else of the sheet has to change.",
)

EXERCISE_HINTS = (
    "Look at the barcode: which tables are asked again and again, and which attributes of `as_json` lead there?",
    "`run_sync` gives lazy loading a greenlet to wait in; it does not load anything along. Four relations are "
    "read: which of them lead to one, which are collections, and from where?",
    "A loader may have loaders of its own, for the rows that it brings: "
    "`selectinload(Customer.orders).options(...)`. Two collections of one order want two of them.",
    "`selectinload(Customer.orders).options(selectinload(Order.lines).joinedload(OrderLine.product), "
    'selectinload(Order.events))` and `raiseload("*")`; then `as_json` needs no `run_sync`.',
)

RECALL = (
    Question(
        "50 orders with 20 lines and 6 events each are loaded with `joinedload` on both collections. Rows?",
        ("50", "1,350: orders, lines and events", "6,000: each line with each event"),
        2,
        "One statement joins both, so an order comes once for each pair of a line and an event: 50 × 20 × 6.",
    ),
    Question(
        "What does `.unique()` save, when joined collections are loaded?",
        ("Rows on the wire", "Statements", "Neither: it folds rows that have come already"),
        2,
        "It works in Python, on what has crossed the wire.",
    ),
    Question(
        "An AsyncSession raises MissingGreenlet at `order.events`. Why?",
        (
            "The attribute was not loaded, and reading it has no `await` in which to wait for the database",
            "The package greenlet is not installed",
            "The session was used by two tasks at once",
        ),
        0,
        "A lazy load is a question to the database. Load it along, or await it: an attribute cannot.",
    ),
)

GUESS = Question(
    "A page joins 100 orders with their 10 lines and their 10 events each, in one statement. How many rows come back?",
    ("100", "2,100: all orders, lines and events", "10,000: each line stands beside each event"),
    2,
    "A join gives every combination within an order: 10 × 10 for each of the 100.",
)

CLAIMS = (
    Claim(
        name="best",
        said="“One query is always best: with `joinedload` everything comes in one go.”",
        truth=DOES_NOT_HOLD,
        why="For one collection it is fine. Two of them multiply, and then one statement brings so much that, "
        "with the database next door, even lazy loading with a statement for each order may be quicker.",
        ids=("S3.21",),
    ),
    Claim(
        name="subquery",
        said="“`subqueryload` is the loader for collections: it avoids the Cartesian product.”",
        truth=PARTLY,
        why="It avoids it. But it asks the first question again for each collection, so that a limit may mean other "
        "orders the second time; SQLAlchemy's documentation calls it mostly legacy, and names `selectinload`.",
        ids=("S3.22",),
    ),
    Claim(
        name="lazily",
        said="“Lazy loading is the sensible default: what nobody reads costs nothing.”",
        truth=PARTLY,
        why="It is the default, and right for what is seldom read. What a loop reads costs a statement for each "
        "object, and an AsyncSession cannot load lazily at all: it raises.",
        ids=("S3.23",),
    ),
    Claim(
        name="log",
        said="“Log the SQL, by `echo=True` or an event, and you see what a page costs.”",
        truth=PARTLY,
        why="It shows statements, and so the mistake of N + 1. This lesson's mistake is one line of the log: "
        "its rows have to be counted, too.",
        ids=("S3.24",),
    ),
)

EXCUSED = {}
EXERCISE_EXCUSED = {}

SIZES = {"suppliers": 5, "products": 90, "customers": 90, "orders": 70, "lines": 5, "events": 4}
FEW, MANY = 5, 40
TIES = "Newest orders come first, those of one time by their ids. Who asks for that order?"
EMPTY = "An order without lines, or without events, is on the sheet, too: which kind of join keeps it?"
LISTS = "Each line and each event of an order is there once, by its id. What does a joined row repeat, or leave out?"
THEIRS = (
    "The session is the caller's: what it holds unsaved is part of the answer, and it is neither emptied, "
    "committed nor rolled back. Is everything asked through it, and is it left as it was?"
)


class _Sheets:
    """How sheets are asked for, in the situations of the lesson: each method plays one with a version `f`."""

    def __init__(self, entry, rows):
        self.entry, self.parts = entry, (rows.order_lines, rows.order_events)
        self.first, *_, self.old = newest(rows)
        self.later = {**self.first, "id": 999_999, "placed_at": self.first["placed_at"] + timedelta(hours=1)}

    def read(self, orders):
        return read_out(self.entry, orders, Order)

    def of(self, count):
        def call(f, w):
            with Session(w.engine) as session:
                orders = f(session, count)
            return self.read(orders)

        return call

    def held(self, f, w):
        with Session(w.engine) as session, Session(w.engine) as other:
            one, two = f(session, 3), f(other, 2)
        return [self.read(one), self.read(two)]

    def unsaved(self, f, w):
        number = self.first["customer_id"]
        with Session(w.engine) as session:
            customer = session.get(Customer, number)
            customer.name = "Zofia Zephyr"
            session.add(Order(**self.later))
            orders = f(session, 3)
            kept = customer in session and all(order in session for order in orders)
            shown = self.read(orders) if kept else None
            session.rollback()
        (stored,) = w.tables.ask(f"SELECT name FROM customers WHERE id = {number}")
        return {"all is in the session": kept, "stored": stored[0], "sheet": shown}

    def arrives(self, f, w):
        with after_first_statement(w.engine, lambda: w.tables.insert("orders", self.later)):
            orders = self.of(3)(f, w)
        for shown in orders:
            lines, events = (sum(row["order_id"] == shown["order"] for row in rows) for rows in self.parts)
            whole(f"order {shown['order']}", shown, {"lines": lines, "history": events})

    async def from_asyncio(self, f, w):
        engine = w.database.async_engine()
        try:
            async with AsyncSession(engine) as session:
                return self.read(await session.run_sync(f, 3))
        finally:
            await engine.dispose()

    def elsewhere(self, f, w):
        with suppress(Exception):  # told by the situations to come
            self.of(2)(f, w)
        with w.database.wire() as wire, Session(w.engine) as session:
            session.scalars(select(Order).order_by(Order.id).limit(3)).all()
        return {"statements": wire.count, "rows": wire.rows}

    def change(self, w):
        line, happened = (next(r for r in rows if r["order_id"] == self.first["id"]) for rows in self.parts)
        w.tables.change("customers", self.first["customer_id"], name="Zofia Zephyr")
        w.tables.change("order_lines", line["id"], quantity=77)
        w.tables.change("order_events", happened["id"], what="lost")
        w.tables.change("orders", self.old["id"], placed_at=self.later["placed_at"])


async def check_same_sheet(day_sheet, same, database, rng):
    """Whoever asks for a sheet can read what the merged code gave, when the session is closed."""
    world = database_world(database, rng, **SIZES)
    sheets = _Sheets(same.merged.entry, world.rows)
    sheet = sheets.of
    lists = {"lines": LISTS, "history": LISTS, **dict.fromkeys((ORDER, SWAPPED, "order"), TIES)}
    empty = {**lists, **dict.fromkeys((SWAPPED, COUNT), EMPTY)}
    situations = (
        Situation(
            "a sheet has been made, and another part of the program asks for three orders",
            sheets.elsewhere,
            truth=lambda w: {"statements": 1, "rows": 3},
            why="What the sheet needs is nobody else's need: where does it say what to load along?",
        ),
        Situation("a sheet of one order is asked for", sheet(1), why=lists),
        Situation("a sheet of three orders is asked for", sheet(3), why=lists),
        Situation("rows change between two sheets", sheet(3), between=sheets.change),
        Situation("an order on the sheet has no lines", sheet(4), why=empty),
        Situation(
            "an order has neither lines nor events yet",
            sheet(3),
            lambda w: w.tables.insert("orders", sheets.later),
            why=empty,
        ),
        Situation("an order has two equal lines", sheet(5), why=lists),
        Situation("five orders were placed at one time", sheet(10), why=lists),
        Situation("a sheet ends among orders of one time", sheet(7), why=lists),
        Situation("no order is asked for", sheet(0)),
        Situation("more orders are asked for than there are", sheet(500), why=lists),
        Situation("two sheets are held at once", sheets.held),
        Situation("the caller's session holds what is not saved yet", sheets.unsaved, why=THEIRS),
        Situation("another order arrives while a sheet is being made", sheets.arrives),
        Situation("an asynchronous program makes the sheet by `run_sync`", sheets.from_asyncio),
        Situation(
            "two sheets are made at once, each in a session of its own",
            lambda f, w: at_once(lambda: sheet(3)(f, w), lambda: sheet(4)(f, w)),
        ),
        Situation(
            "the table `order_events` cannot be read", sheet(3), lambda w: w.tables.fail("order_events")
        ),
    )
    await same(day_sheet, world, situations)


def check_rows_are_a_sum(day_sheet, database, rng):
    """A longer sheet takes no more statements, and its rows are a sum."""
    rows = database.seed(rng.randrange(1 << 30), shape=edged, **SIZES)

    def sheet(count):
        engine = database.engine()
        with database.wire() as wire, Session(engine) as session:
            day_sheet(session, count)
        engine.dispose()
        return wire.seen

    sums = Sums(database, "order", lambda count: newest(rows)[:count], FEW, MANY)
    return sums.judge(sheet(FEW), sheet(MANY), "Which attribute is read in a loop, before it is loaded?")


def interest_how_much_faster(as_merged, day_sheet):
    """How much faster one sheet is here."""
    with open_database(20, delay=0.002, customers=20, orders=20, lines=30, events=10) as database:
        engine = database.engine()

        def call(sheet):
            with Session(engine) as session:
                sheet(session, 20)

        ratio = compare(lambda: call(as_merged), lambda: call(day_sheet), repeat=3, most=3)
    return f"Here, your sheet is {ratio}, for 20 orders with 2 ms for each round trip."


# --- the exercise: lazy loads that `run_sync` let through, in an API

PAGE_SIZES = {**SIZES, "orders": 120, "lines": 4, "events": 3}
CUSTOMERS = "Customers stand by their ids, and one without orders is there, too."
PARTS = (
    "Orders, and the lines and events of each, stand by their ids: none is left out, and what is there twice is "
    "listed twice."
)


async def check_exercise_same_list(customer_list, same, database, rng):
    """Whoever asks for a page of customers gets what the merged code gave."""
    # few lines and events, since the merged code asks for each product
    world = database_world(database, rng, **{**PAGE_SIZES, "lines": 3, "events": 2})
    rows, last = world.rows, len(world.rows.customers)
    first = min(rows.orders, key=lambda row: (row["customer_id"], row["id"]))
    line = next(row for row in rows.order_lines if row["order_id"] == first["id"])
    order, again = ({name: row[name] for name in row if name != "id"} for row in (first, line))
    happened = {"order_id": first["id"], "happened_at": first["placed_at"], "what": "lost"}
    nobody = {"name": "Nobody Yet", "email": "nobody@example.org"}
    engine = database.async_engine()

    def page(count, after=0):
        async def call(f, w):
            async with AsyncSession(engine) as session:
                return await f(session, count, after)

        return call

    async def unsaved(f, w):
        async with AsyncSession(engine) as session:
            customer = await session.get(Customer, 2)
            customer.name = "Zofia Zephyr"
            session.add(Order(id=999_999, **order))
            shown, kept = await f(session, 2), customer in session
            await session.rollback()
        (stored,) = w.tables.ask("SELECT name FROM customers WHERE id = 2")
        return {"all is in the session": kept, "stored": stored[0], "page": shown}

    async def two_at_once(f, w):
        with both_ask_first(engine):
            return await asyncio.gather(page(2)(f, w), page(1, after=4)(f, w))

    def changed(w):
        w.tables.change("customers", first["customer_id"], name="Zofia Zephyr")
        w.tables.change("orders", first["id"], status="lost")
        w.tables.change("products", line["product_id"], name="Zephyr tea")
        w.tables.insert("order_events", happened)

    def inserted(table, *rows):
        return lambda w: w.tables.insert(table, *rows)

    lists = dict.fromkeys(("products", "history", "orders", ORDER, SWAPPED), PARTS)
    whom = {**dict.fromkeys((COUNT, SWAPPED), CUSTOMERS), "orders": PARTS}
    situations = (
        Situation("a page of one customer is asked for", page(1), why=lists | {"error": not_loaded}),
        Situation("a page of two customers is asked for", page(2), why=lists),
        Situation("a page begins after the seventh customer", page(2, after=7), why=lists),
        Situation(
            "the last customer has no orders",
            page(5, after=last - 2),
            inserted("customers", nobody),
            why=whom,
        ),
        Situation("an order has neither lines nor events yet", page(1), inserted("orders", order), why=lists),
        Situation(
            "an order has the same product in three lines",
            page(2),
            inserted("order_lines", again, again),
            why=lists,
        ),
        Situation("no customer is asked for", page(0)),
        Situation("more customers are asked for than there are", page(50, after=last - 3)),
        Situation("no customer comes after", page(5, after=last)),
        Situation("rows change between two pages", page(1), between=changed),
        Situation("a page is asked for again", page(1), again=True),
        Situation("the caller's session holds what is not saved yet", unsaved, why=THEIRS),
        Situation("the table `products` cannot be read", page(1), lambda w: w.tables.fail("products")),
        Situation("two pages are asked for at once, each in a session of its own", two_at_once),
    )
    try:
        await same(customer_list, world, situations)
    finally:
        await engine.dispose()


async def check_exercise_rows_are_a_sum(customer_list, database, rng):
    """A longer page takes no more statements, and its rows are a sum."""
    rows = database.seed(rng.randrange(1 << 30), shape=edged, **PAGE_SIZES)

    async def page(count):
        engine = database.async_engine()
        with database.wire() as wire:
            async with AsyncSession(engine) as session:
                await customer_list(session, count)
        await engine.dispose()
        return wire.seen

    def orders(count):
        return [row for row in rows.orders if row["customer_id"] <= count]

    sums = Sums(database, "customer", orders, FEW, MANY)
    return sums.judge(await page(FEW), await page(MANY), EXERCISE_MISTAKE)

"""The wrong eager loader: two collections joined in one statement return every combination of their rows."""

import asyncio
from contextlib import contextmanager, suppress
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from kettle.checking import DOES_NOT_HOLD, PARTLY, Claim, Question
from kettle.checking.products import Sums
from kettle.checking.same import Situation, Told, at_once, database_world
from kettle.checking.same.alike import COUNT, ORDER, SWAPPED
from kettle.checking.same.asking import after_first_statement, both_ask_first
from kettle.checking.same.rows import crowded, edged, newest
from kettle.checking.same.sentences import KEPT
from kettle.checking.unloaded import not_loaded, read_out, whole
from kettle.database import open_database
from kettle.database.models import Customer, Order, OrderEvent, OrderLine
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
            session.add_all(_with_parts(self.later, self.parts[0][0]["product_id"]))
            orders = f(session, 3)
            kept = customer in session and all(order in session for order in orders)
            shown = self.read(orders) if kept else None
            session.rollback()
        (stored,) = w.tables.ask(f"SELECT name FROM customers WHERE id = {number}")
        return {"all is in the session": kept, "stored": stored[0], "sheet": shown}

    def read_before(self, f, w):
        with Session(w.engine) as session:
            read = session.get(Order, self.first["id"])
            lines = list(read.lines)
            orders = f(session, 3)
            del read, lines
        return self.read(orders)

    def fails(self, f, w):
        with Session(w.engine) as session, _still_held(session, Order(**self.later)):
            orders = f(session, 3)
        return self.read(orders)

    def arrives(self, f, w):
        with Session(w.engine) as session:
            session.scalars(select(Customer.id).limit(1)).all()  # its transaction has begun
            with after_first_statement(w.engine, lambda: w.tables.insert("orders", self.later)):
                made = f(session, 3)
        orders = self.read(made)
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
        (line, other, *_), (happened, *_) = (
            [row for row in rows if row["order_id"] == self.first["id"]] for rows in self.parts
        )
        w.tables.change("customers", self.first["customer_id"], name="Zofia Zephyr")
        w.tables.change("order_lines", line["id"], quantity=77)
        w.tables.change("products", other["product_id"], name="Zephyr tea")
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
        Situation("rows change between two sheets", sheet(3), between=sheets.change, why=KEPT),
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
        Situation("the caller has read an order's lines before, in the same session", sheets.read_before),
        Situation("another order arrives while a sheet is being made", sheets.arrives),
        Situation("an asynchronous program makes the sheet by `run_sync`", sheets.from_asyncio),
        Situation(
            "two sheets are made at once, each in a session of its own",
            lambda f, w: at_once(lambda: sheet(3)(f, w), lambda: sheet(4)(f, w)),
        ),
        Situation(
            "the table `order_events` cannot be read", sheets.fails, lambda w: w.tables.fail("order_events")
        ),
    )
    await same(day_sheet, world, situations)


def check_rows_are_a_sum(day_sheet, database, rng):
    """A longer sheet takes no more statements, and its rows are a sum."""

    def with_long_history_beyond(rows):
        rows = edged(rows)
        return crowded(rows, newest(rows)[MANY])

    rows = database.seed(rng.randrange(1 << 30), shape=with_long_history_beyond, **SIZES)

    def sheet(count):
        engine = database.engine()
        with database.wire() as wire, Session(engine) as session:
            day_sheet(session, count)
        engine.dispose()
        return wire.seen

    sums = Sums(database, "order", lambda count: newest(rows)[:count], FEW, MANY)
    told = sums.judge(sheet(FEW), sheet(MANY), "Which attribute is read in a loop, before it is loaded?")
    sums.each(1, sheet(1))
    return told


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

PAGE_SIZES = {**SIZES, "orders": 120}
CUSTOMERS = "Customers stand by their ids, and one without orders is there, too."
PARTS = (
    "Orders, and the lines and events of each, stand by their ids: none is left out, and what is there twice is "
    "listed twice."
)
SHARED = (
    "one list stands in two places, or in two answers: whoever writes into the one changes the other. What is "
    "made once, and handed out twice?"
)
EACH_ITS_OWN = "Each page is made by the session that was given for it. By which one was this made?"


class _Pages:
    """How pages are asked for, in the situations of the exercise: each method plays one with a version `f`."""

    def __init__(self, engine, rows):
        self.engine, self.last = engine, len(rows.customers)
        full = {row["order_id"] for row in rows.order_lines}
        self.first = min(
            (row for row in rows.orders if row["id"] in full), key=lambda row: (row["customer_id"], row["id"])
        )
        self.line = next(row for row in rows.order_lines if row["order_id"] == self.first["id"])
        self.start = self.first["customer_id"] - 1  # the page after it begins with an order that has lines
        self.later = {**self.first, "id": 999_999}

    def of(self, count, after=0):
        async def call(f, w):
            async with AsyncSession(self.engine) as session:
                return await f(session, count, after)

        return call

    async def unsaved(self, f, w):
        async with AsyncSession(self.engine) as session:
            customer = await session.get(Customer, 2)
            customer.name = "Zofia Zephyr"
            session.add_all(_with_parts({**self.later, "customer_id": 2}, self.line["product_id"]))
            shown, kept = await f(session, 2), customer in session
            await session.rollback()
        (stored,) = w.tables.ask("SELECT name FROM customers WHERE id = 2")
        return {"all is in the session": kept, "stored": stored[0], "page": shown}

    async def fails(self, f, w):
        async with AsyncSession(self.engine) as session:
            with _still_held(session, Order(**self.later)):
                return await f(session, 1, self.start)

    async def twice(self, f, w):
        answers = [await self.of(2, after=self.last - 1)(f, w) for _ in range(2)]
        customers = [each for answer in answers for each in answer]
        orders = [each for customer in customers for each in customer["orders"]]
        lists = [*answers, *(each["orders"] for each in customers)]
        lists += [each[name] for each in orders for name in ("products", "history")]
        if len({id(each) for each in lists}) < len(lists):
            raise Told(SHARED)

    async def at_one_time(self, f, w):
        async with AsyncSession(self.engine) as session:
            (await session.get(Customer, 2)).name = "Zofia Zephyr"
            with both_ask_first(self.engine, connections=3):
                return await asyncio.gather(f(session, 2), self.of(2)(f, w), self.of(1, after=4)(f, w))

    def change(self, w):
        happened = {"order_id": self.first["id"], "happened_at": self.first["placed_at"], "what": "lost"}
        w.tables.change("customers", self.first["customer_id"], name="Zofia Zephyr")
        w.tables.change("orders", self.first["id"], status="lost")
        w.tables.change("products", self.line["product_id"], name="Zephyr tea")
        w.tables.insert("order_events", happened)


async def check_exercise_same_list(customer_list, same, database, rng):
    """Whoever asks for a page of customers gets what the merged code gave."""
    # few lines and events, since the merged code asks for each product
    world = database_world(database, rng, **{**PAGE_SIZES, "lines": 3, "events": 2})
    engine = database.async_engine()
    pages = _Pages(engine, world.rows)
    page, start, last = pages.of, pages.start, pages.last
    order, again = ({n: row[n] for n in row if n != "id"} for row in (pages.first, pages.line))
    nobody = {"name": "Nobody Yet", "email": "nobody@example.org"}

    def empty_handed(w):
        w.tables.insert("customers", nobody)
        w.tables.insert("orders", {**order, "customer_id": last})

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
        Situation(
            "an order has neither lines nor events yet",
            page(1, start),
            inserted("orders", order),
            why=lists,
        ),
        Situation(
            "an order has the same product in three lines",
            page(2, start),
            inserted("order_lines", again, again),
            why=lists,
        ),
        Situation("no customer is asked for", page(0)),
        Situation("more customers are asked for than there are", page(50, after=last - 3)),
        Situation("no customer comes after", page(5, after=last)),
        Situation("rows change between two pages", page(1, start), between=pages.change),
        Situation("a page is asked for again", page(1, start), again=True),
        Situation("the caller's session holds what is not saved yet", pages.unsaved, why=THEIRS),
        Situation("the table `products` cannot be read", pages.fails, lambda w: w.tables.fail("products")),
        Situation("a page with empty lists is asked for twice", pages.twice, empty_handed),
        Situation(
            "three pages are asked for at once, each in a session of its own, two of them the same page",
            pages.at_one_time,
            why=EACH_ITS_OWN,
        ),
    )
    try:
        await same(customer_list, world, situations)
    finally:
        await engine.dispose()


async def check_exercise_rows_are_a_sum(customer_list, database, rng):
    """A longer page takes no more statements, and its rows are a sum."""

    def with_long_history_beyond(rows):
        rows = edged(rows)
        oldest = newest(rows)[-1]
        oldest["customer_id"] = MANY + 1
        return crowded(rows, oldest)

    rows = database.seed(rng.randrange(1 << 30), shape=with_long_history_beyond, **PAGE_SIZES)

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
    told = sums.judge(await page(FEW), await page(MANY), EXERCISE_MISTAKE)
    sums.each(1, await page(1))
    return told

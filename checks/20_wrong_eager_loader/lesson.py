"""The wrong eager loader: two collections joined in one statement return every combination of their rows."""

from contextlib import suppress
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from kettle.checking.equivalence import Situation, at_once, database_world
from kettle.checking.equivalence.between_statements import after_first_statement
from kettle.checking.equivalence.difference import COUNT, ORDER, SWAPPED
from kettle.checking.equivalence.rows import crowded, edged, newest
from kettle.checking.equivalence.sentences import KEPT
from kettle.checking.products import Sums
from kettle.checking.unloaded import read_out, whole
from kettle.database import open_database
from kettle.database.models import Customer, Order
from kettle.probes.ratio import compare

from .world import FEW, MANY, SIZES, THEIRS, _still_held, _with_parts

TIES = "Newest orders come first, those of one time by their ids. Who asks for that order?"


EMPTY = "An order without lines, or without events, is on the sheet, too: which kind of join keeps it?"


LISTS = "Each line and each event of an order is there once, by its id. What does a joined row repeat, or leave out?"


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
            customer = session.get_one(Customer, number)
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
            read = session.get_one(Order, self.first["id"])
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

        ratio = compare(lambda: call(as_merged), lambda: call(day_sheet))
    return f"Here, your sheet is {ratio}, for 20 orders with 2 ms for each round trip."

"""The wrong eager loader: two collections joined in one statement give every combination of their rows."""

import asyncio

from sqlalchemy.ext.asyncio import AsyncSession

from kettle.checking import words_of
from kettle.checking.equivalence import Situation, Told, database_world
from kettle.checking.equivalence.between_statements import both_ask_first
from kettle.checking.equivalence.difference import COUNT, ORDER, SWAPPED
from kettle.checking.equivalence.rows import crowded, edged, newest
from kettle.checking.products import Sums
from kettle.checking.unloaded import not_loaded
from kettle.database.models import Customer, Order

from .world import FEW, MANY, SIZES, THEIRS, _still_held, _with_parts

EXERCISE_MISTAKE = words_of(__file__).exercise.mistake

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
            customer = await session.get_one(Customer, 2)
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
            (await session.get_one(Customer, 2)).name = "Zofia Zephyr"
            with both_ask_first(self.engine, connections=3):
                return await asyncio.gather(f(session, 2), self.of(2)(f, w), self.of(1, after=4)(f, w))

    def change(self, w):
        happened = {"order_id": self.first["id"], "happened_at": self.first["placed_at"], "what": "lost"}
        w.tables.change("customers", self.first["customer_id"], name="Zofia Zephyr")
        w.tables.change("orders", self.first["id"], status="lost")
        w.tables.change("products", self.line["product_id"], name="Zephyr tea")
        w.tables.insert("order_events", happened)


async def check_same_list(customer_list, same, database, rng):
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


async def check_rows_are_a_sum(customer_list, database, rng):
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

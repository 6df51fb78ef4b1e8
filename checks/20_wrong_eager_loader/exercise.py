"""The customer list: `run_sync` hides lazy loading, one statement for each attribute."""

import asyncio
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncSession

from kettle.checking import Case, Contract, causes, worlds
from kettle.database.models import Customer

from .world import SIZES, both_ask_first, not_loaded, rows_of

LAST = SIZES["customers"]


async def page(make, w, count, after=0):
    """Ask for a page in a session of its own."""
    engine = w.database.async_engine()
    try:
        async with AsyncSession(engine) as session:
            return await make(session, count, after)
    finally:
        await engine.dispose()


async def unsaved(make, w):
    """Ask for a page in a session that holds a change."""
    engine = w.database.async_engine()
    async with AsyncSession(engine) as session:
        customer = await session.get_one(Customer, 2)
        customer.name = "Zofia Zephyr"
        shown, kept = await make(session, 2), customer in session
        await session.rollback()
    await engine.dispose()
    ((stored,),) = w.tables.ask("SELECT name FROM customers WHERE id = 2")
    return {"page": shown, "the customer is in the session": kept, "stored": stored}


async def beside_each_other(make, w):
    """Ask for two pages at once, neither of which is answered before both ask."""
    engine = w.database.async_engine()

    async def one(count):
        async with AsyncSession(engine) as session:
            return await make(session, count)

    try:
        with both_ask_first(engine):
            return await asyncio.gather(one(2), one(1))
    finally:
        await engine.dispose()


def gap(w):
    """Let a customer arrive whose id is far behind the last one's."""
    w.tables.insert("customers", {"id": 10 * LAST, "name": "Nobody Yet", "email": "nobody@example.org"})


def empty(w):
    """Let the first customer have an order without lines."""
    order = {"customer_id": 1, "placed_at": w.rows.orders[0]["placed_at"], "status": "new"}
    w.tables.insert("orders", order)


def changed(w):
    """Let a customer, an order and a product change, and an event arrive."""
    line = min(w.rows.order_lines, key=lambda row: row["id"])
    order = next(row for row in w.rows.orders if row["id"] == line["order_id"])
    w.tables.change("customers", 1, name="Zofia Zephyr")
    w.tables.change("orders", order["id"], customer_id=1, status="lost")
    w.tables.change("products", line["product_id"], name="Zephyr tea")
    about = {"order_id": order["id"], "happened_at": order["placed_at"]}
    w.tables.insert("order_events", {**about, "what": "lost"})


exercise = Contract(
    "customer_list",
    # few lines and events, since the merged code asks for each product
    world=worlds.rows(**{**SIZES, "lines": 3, "events": 2}),
    call=page,
    why={"error": not_loaded, **dict.fromkeys(("orders", "products", "history"), "parts")},
    cases={
        "a page of one customer is asked for": Case(1),
        "ids have a gap, and a customer has no orders": Case(3, LAST - 1, prepare=gap, why="customers"),
        "an order has no lines": Case(1, prepare=empty),
        "rows change between two pages": Case(1, between=changed),
        "the caller's session holds a change that is not saved yet": Case(call=unsaved, why="session"),
        "two pages are asked for at once": Case(call=beside_each_other),
    },
    fails=["products"],
)
exercise.cause(
    causes.Statements(
        "customer",
        lambda rows, count: (
            count + rows_of(rows, {row["id"] for row in rows.orders if row["customer_id"] <= count})
        ),
        world=worlds.rows(**SIZES),
    )
)


@exercise.faster
@asynccontextmanager
async def one_page(database):
    """Ask for ten customers, behind a network of two milliseconds."""
    database.seed(20, customers=10, orders=20, lines=3, events=3)
    database.set_delay(0.002)
    engine = database.async_engine()

    async def call(make):
        async with AsyncSession(engine) as session:
            return await make(session, 10)

    yield call
    await engine.dispose()

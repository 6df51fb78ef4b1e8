"""The Friday sale, in small: three mistakes in one page, each of which hides the others."""

from contextlib import nullcontext

from kettle.checking import Case, Contract, causes
from kettle.checking.equivalence import asked, asked_otherwise, revised

from .held_page import CODE, LENT, asked_together, judge_loop, waits_for_the_courier, without_holding
from .world import CUSTOMER, LARDERS, LINES, NEW, OTHER, WITH_ORDERS, a_larder, seeded


def visit(page, w, who=CUSTOMER):
    """Ask for a page of a customer, who may be named by the number of their orders."""
    return page(w.larder, WITH_ORDERS.get(who, who), CODE)


def changed(w):
    """Let the shop answer otherwise, and an order be sent."""
    revised(w)
    number = next(row["id"] for row in w.rows.orders if row["customer_id"] == CUSTOMER)
    w.tables.change("orders", number, status="lost")


lesson = Contract(
    "account_page",
    world=LARDERS,
    call=visit,
    observe=asked,
    why={"seen": asked_otherwise, "orders": "orders"},
    cases={
        "a page is asked for": Case(),
        "something changes between two visits": Case(between=changed),
        "a customer has no orders": Case(NEW),
    },
    at_once=[(CUSTOMER,), (OTHER,)],
    fails={
        "the profile": f"/customers/{CUSTOMER}",
        "the alerts": f"/customers/{CUSTOMER}/alerts",
        "the courier's price": "/couriers/7/quote",
        "the orders": "orders",
    },
)


@lesson.cause
async def loop_lives(account_page, shop, database, rng):
    """Hold the courier's answers to four pages, until all are in flight and the loop has sent a call of its own."""
    customers = [row["id"] for row in seeded(database, rng).customers]
    async with a_larder(shop, database.async_engine()) as larder:
        return await judge_loop(account_page, larder, customers, shop, lesson.say)


lesson.cause(causes.Statements("order", lambda rows, count: count * (1 + LINES)))


@lesson.cause
async def all_at_once(account_page, shop, database, rng):
    """Lend all connections and hold all calls: each part of a page is asked for while the others have no answer."""
    seeded(database, rng)
    engine = database.async_engine(pool_size=LENT, max_overflow=0)
    async with a_larder(shop, engine) as larder:
        holds = await waits_for_the_courier(account_page, larder, shop)
        with without_holding(account_page.__globals__, "shipping") if holds else nullcontext():
            missing = await asked_together(account_page, larder, shop, database, lesson.say)
    await engine.dispose()
    assert not missing, missing
    return lesson.say("together")

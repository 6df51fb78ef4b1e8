"""The Friday sale, in small: three mistakes in one page, each of which hides the others."""

import asyncio
from contextlib import nullcontext
from unittest.mock import patch

from kettle.checking import Case, Contract, causes
from kettle.checking.equivalence import asked, asked_otherwise, revised
from kettle.lessons.held_calls import explain, hold_calls

from .world import CUSTOMER, HELD, LARDERS, LINES, NEW, OTHER, WITH_ORDERS, a_larder, seeded, until

CODE = "BS1 4DJ"
AT_ONCE = 4  # pages
LENT = 2  # connections: all that there are
CALLS = ("profile", "alerts", "quote")


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

        def ask():
            return asyncio.gather(*(account_page(larder, each, CODE) for each in customers[:AT_ONCE]))

        seen = await hold_calls(ask, shop, "quote", AT_ONCE, turns=1, patience=HELD)
        if seen.met:
            return lesson.say("lived", n=AT_ONCE)
        shop.set("quote", latency=0.05)
        line = await explain(ask)
    if line.source and not seen.lived:
        raise AssertionError(lesson.say("held", line=line.source))
    raise AssertionError(lesson.say("in_turn", n=seen.together, of=AT_ONCE))


lesson.cause(causes.Statements("order", lambda rows, count: count * (1 + LINES)))


@lesson.cause
async def all_at_once(account_page, shop, database, rng):
    """Lend all connections and hold all calls: each part of a page is asked for while the others have no answer."""
    seeded(database, rng)
    engine = database.async_engine(pool_size=LENT, max_overflow=0)
    async with a_larder(shop, engine) as larder:
        shop.set("quote", latency=0.03)
        holds = (await explain(lambda: account_page(larder, CUSTOMER, CODE))).call.startswith("socket")
        with without_holding(account_page) if holds else nullcontext():
            missing = await asked_together(account_page, larder, shop, database)
    await engine.dispose()
    assert not missing, missing
    return lesson.say("together")


async def asked_together(page, larder, shop, database):
    """Return "", or a sentence on what of a page waits for what."""
    lent = [await larder.engine.connect() for _ in range(LENT)]
    routes = (*CALLS, "health")
    shop.set(latency=0.0)
    with database.wire() as wire:
        async with shop.rendezvous(routes=routes, patience=HELD) as meeting:
            asker = asyncio.ensure_future(page(larder, CUSTOMER, CODE))
            early = await until(lambda: meeting.most_together >= len(CALLS), meeting)
            first = meeting.arrived[: meeting.most_together]
            for each in lent:
                await each.close()
            if early and await until(lambda: wire.count > 0, meeting):
                await larder.get("/health")
            await asker
    if meeting.met:
        return ""
    if early:
        return lesson.say("orders_last")
    return (
        lesson.say("waits", first=" and ".join(f"`{each}`" for each in first))
        if first
        else lesson.say("orders_first")
    )


def without_holding(page):
    """Let the page ask the courier without holding the loop, where it does so by its function `shipping`."""

    async def shipping(larder, postcode):
        async with larder.api.get("/couriers/7/quote", params={"postcode": postcode}) as response:
            response.raise_for_status()
            return (await response.json())["price"]

    names = page.__globals__ if "shipping" in getattr(page, "__globals__", ()) else {}
    return patch.dict(names, shipping=shipping)

"""Connection churn: a connection is held while its booking waits for something else."""

import asyncio
from contextlib import asynccontextmanager

import aiohttp

from kettle.checking import Case, Contract
from kettle.checking.equivalence.sentences import short
from kettle.checking.runner.errors import alone
from kettle.checking.worlds import World
from kettle.lessons.checkouts import watch_checkouts

from .world import BOOKED, EVENTS, LENT, SIZES, booked, bookings, lends_at_once, written

NOBODYS = 999_999  # an order that does not exist
PATIENCE = 3.0  # seconds; paid by wrong answers only
SHARED = ("InvalidRequestError", "IllegalStateChangeError", "InterfaceError", "ResourceClosedError")


async def failing(book, w):
    """Book an order, and tell whether it fails."""
    try:
        return await booked(book, w, w.orders[0])
    except Exception:  # noqa: BLE001 - however it fails
        return "it raised"


def left_behind(found):
    """Say what a booking has left in the database, or in the pool."""
    what, expected, got = found.path[0], short(found.expected), short(found.given)
    why = lesson.say("not_back" if what == LENT else "written")
    return lesson.say("left", what=what, expected=expected, got=got, why=why)


def why_it_raised(error):
    """Say what to do about an error that is not seen in the line that raised it."""
    kind = type(alone(error)).__name__
    key = {"MissingGreenlet": "expired", "DetachedInstanceError": "detached"}.get(kind)
    return lesson.say(key or "shared") if key or kind in SHARED else ""


lesson = Contract(
    "book",
    world=World(("database", "rng"), bookings),
    call=lambda book, w, number: booked(book, w, w.orders[number]),
    observe=written,
    why={"seen": left_behind, "error": why_it_raised},
    cases={
        "an order is booked": Case(0),
        "the customer's name changes between two bookings": Case(
            0, between=lambda w: w.tables.change("customers", w.customers[0], name="Zofia Zephyr")
        ),
        "there is no such order": Case(call=lambda book, w: booked(book, w, NOBODYS), raises=LookupError),
        "the courier fails": Case(
            call=failing,
            prepare=lambda w: w.shop.break_calls(f"/couriers/{1 + w.customers[0] % 12}/quote"),
        ),
        "the event cannot be written": Case(call=failing, prepare=lambda w: w.tables.fail("order_events")),
    },
    at_once=[(0,), (1,), (2,)],
)


def some_orders(database, rng):
    """Fill the database, and return the numbers of its orders."""
    return [row["id"] for row in database.seed(rng.randrange(1 << 30), **SIZES).orders]


def look_at_both_ends(call):
    """Return what lets a client session call a function when a request begins, and when it is answered."""

    async def look(*_):
        call()

    trace = aiohttp.TraceConfig()
    trace.on_request_start.append(look)
    trace.on_request_end.append(look)
    return trace


@lesson.cause
async def nothing_lent_meanwhile(book, open_engine, database, shop, equivalence, rng):
    """Look at the pool and at the tables while a courier is asked; then let five bookings meet there."""
    orders, seen = some_orders(database, rng), []
    engine = open_engine(database, 2, 1)

    def tables():
        with database.behind.connect() as connection:
            return [connection.exec_driver_sql(asked).all() for asked in (BOOKED + " ORDER BY id", EVENTS)]

    shop.set("quote", latency=0.0)
    before = tables()
    with watch_checkouts(engine) as lent:
        trace = look_at_both_ends(lambda: seen.append((lent.now, tables() != before)))
        async with shop.session(trace_configs=[trace]) as api:
            await book(engine, api, orders[0])
        held = max((out for out, _ in seen), default=0)
        assert not held, lesson.say("held", n=held)
        assert not any(early for _, early in seen), lesson.say("early")
    async with shop.session() as api:
        five = (book(engine, api, order) for order in orders[1:6])
        meeting = await equivalence.together(shop, ("quote",) * 5, *five, patience=PATIENCE)
    assert meeting.met, lesson.say("one_at_a_time", n=meeting.most_together)
    await engine.dispose()
    return lesson.say("met")


@lesson.cause
async def pool_fits(book, open_engine, database, shop, rng):
    """Count the connections that one worker may open, and those that bookings in turn do open."""
    orders, one_each = some_orders(database, rng), rng.randint(3, 5)
    for allowed, workers in ((7, 2), (one_each, one_each)):
        share = allowed // workers
        lends = await lends_at_once(open_engine(database, allowed, workers), allowed + 2)
        said = {"allowed": allowed, "workers": workers, "share": share, "n": lends}
        assert lends <= share, lesson.say("too_many", **said)
        assert lends == share, lesson.say("too_few", **said)
    engine = open_engine(database, 2, 1)
    shop.set("quote", latency=0.0)
    with watch_checkouts(engine) as lent, database.wire() as wire:
        async with shop.session() as api:
            for order in orders[:4]:
                await book(engine, api, order)
        opened = wire.connections
    assert opened <= 2, lesson.say("reopened" if lent.opened >= opened else "beside", n=opened)
    await engine.dispose()
    return lesson.say("kept", n=opened)


@lesson.faster
@asynccontextmanager
async def a_rush(open_engine, database, shop):
    """Book twenty orders at once, with five connections."""
    engine = open_engine(database, 5, 1)
    shop.set("quote", latency=0.05)
    orders = [row["id"] for row in database.seed(22, orders=20).orders]
    async with shop.session() as api:
        yield lambda book: asyncio.gather(*(book(engine, api, order) for order in orders))
    await engine.dispose()

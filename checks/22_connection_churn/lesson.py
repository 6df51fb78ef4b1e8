"""Connection churn: connections are held while waiting for something else, or opened again for each request."""

import asyncio
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from kettle.checking import words_of
from kettle.checking.equivalence import Situation, Told, asked, asked_otherwise, fails, revised, shop_world
from kettle.checking.equivalence.tables import Tables
from kettle.checking.lending import all_back, held_at, lends_at_once
from kettle.checking.runner.errors import alone, told
from kettle.checking.stopped import one_stopped
from kettle.checking.words import many
from kettle.probes.checkouts import watch_checkouts
from kettle.probes.ratio import compare_async

MISTAKE = words_of(__file__).lesson.mistake

SIZES = {"orders": 8, "customers": 6, "lines": 1, "events": 1}


NOBODYS = 999_999  # an order that there is not


PATIENCE = 1.0  # seconds; paid by wrong answers only


BACK = "Is the session closed when something goes wrong, too?"


TOGETHER = "Status and event belong together, when the courier has answered: which `commit` comes too early?"


LATER = "Who waits until it is written?"


APART = "What does one booking do for another?"


LEFT = "Who goes on with it?"


MEANWHILE = "What others do meanwhile keeps no order from being booked: what does the second half rely on?"


WHOSE = "Whose are they, and who counts them?"


BOOKED = "booked"


NOT_DROPPED = (
    "Whether a dropped connection costs a booking was not tried here: SQLite is a file, and nobody is at the other end "
    "who could drop one. Where PostgreSQL is installed, this check tries it."
)


async def check_same_booking(book, same, database, rng):
    """Whoever books an order gets what the merged code gave, and the database holds the same."""
    rows = database.seed(rng.randrange(1 << 30), **SIZES)
    one, two, three = rng.sample(rows.orders, 3)
    name = one["customer_id"]
    situations = (
        Situation("an order is booked", _books(one), seen=_seen),
        Situation("name and price change between two bookings", _books(one), between=_changes(name)),
        Situation("an order is booked again", _books(one), again=True),
        Situation("there is no such order", _books({"id": NOBODYS}), raises=LookupError),
        Situation("three orders are booked at once", _books(one, two, three), seen=_seen),
        Situation("one order is booked twice at once", _books(one, one), seen=_seen),
        Situation("the courier fails", _books(one), _fails(one["customer_id"])),
        Situation("the courier fails for one of two orders", _books(one, one), _fails(name, calls=(1,))),
        *(
            Situation(f"the table `{table}` cannot be used", _books(two), lambda w, t=table: w.tables.fail(t))
            for table in ("order_events", "orders")
        ),
    )
    why = {"seen": _seen_otherwise, "error": _why_it_stops}
    await same(book, _world(database, rng), situations, why=why)


async def check_nobody_waits_with_a_connection(book, open_engine, database, shop, rng):
    """While bookings wait for their couriers, no connection is lent out; and all of them come back."""
    rows = [dict(row) for row in database.seed(rng.randrange(1 << 30), **SIZES).orders]
    orders = [row["id"] for row in rows]
    rows[1]["status"] = BOOKED
    Tables(database).change("orders", orders[1], status=BOOKED)
    engine = _opened(open_engine, database, 2, 1)
    five = _bookings(book, engine, *orders[:5])
    with watch_checkouts(engine) as lent, database.wire() as wire:
        async with held_at(shop, "quote", five, 5, PATIENCE) as (there, bookings):
            idle, beside = lent.waits_along, wire.connections - lent.opened
            early = _early(database, rows)
            if not lent.now and beside <= 0:  # else somebody may have it locked
                for number in orders[:2]:
                    Tables(database).change("orders", number, status="on hold")
            failed = [e for each in bookings if each.done() and (e := each.exception())]
        others = " The others wait for one." if there < 5 else ""
        assert not idle, (
            f"Of 5 bookings at once {there} have come to their courier, and {_are(idle)} {MISTAKE}.{others} "
            "Which lines of a booking need one?"
        )
        assert beside <= 0, (
            f"5 bookings opened {many(beside, 'connection')} to the database beside those of the engine that they "
            f"were given. {WHOSE}"
        )
        assert lent.loans, (
            f"5 bookings borrowed no connection of the engine that they were given, and used others. {WHOSE}"
        )
        assert not failed, (
            f"When 5 orders are booked at once with a pool of 2, one stops with {told(failed[0])}"
        )
        assert there == 5, (
            f"Of 5 couriers only {there} were asked at once, though no connection was lent out. "
            "What do the other bookings wait for: a lock, a semaphore, the one before them?"
        )
        assert not early, f"While 5 couriers are asked, {early} already. {TOGETHER}"
        _booked_all_the_same(database, bookings[0], orders[0])
        _booked_all_the_same(database, bookings[1], orders[1], " that was booked before")
        await _cancelled_at_the_courier(book, engine, shop, orders[5:7], lent)
        await _cancelled_afterwards(book, engine, shop, orders[6:8], lent)
    await engine.dispose()
    return "Five couriers were asked at once with a pool of 2, and no connection was lent out meanwhile."


async def check_the_pool_fits(book, open_engine, database, shop, rng, notes):
    """The workers together have what they may have, each can use its share, and connections are kept."""
    orders = [row["id"] for row in database.seed(rng.randrange(1 << 30), **SIZES).orders]
    one_each, many_each = rng.randint(3, 5), rng.randint(100, 110)
    for allowed, workers in ((7, 2), (one_each, one_each), (many_each, 2)):
        share, engine = allowed // workers, _opened(open_engine, database, allowed, workers)
        asking = min(allowed, share + 10) + 2
        wanted = await lends_at_once(engine, asking)
        given = f"With {allowed} connections for {workers} workers each may have {share}"
        assert wanted <= share, (
            f"{given}, and of {asking} who ask this one at once {wanted} are given one. What will the database say "
            "to some of them? `pool_size` and `max_overflow` count together, and a size of 0 means no limit."
        )
        assert wanted == share, f"{given}, and this one has no more than {wanted}. Who uses the others?"
    engine = _opened(open_engine, database, 2, 1)
    async with shop.session() as api:
        shop.set("quote", latency=0.0)
        with database.wire() as wire:
            for number in orders[:4]:
                await book(engine, api, number)
        assert wire.connections <= 2, (
            f"4 bookings, one after another, opened {wire.connections} connections. Who keeps one for the next?"
        )
        dropped = database.drop_connections()
        await _survives(book(engine, api, orders[4]), "between two bookings")
        await _dropped_during_the_call(book, engine, shop, orders[5], database)
    await engine.dispose()
    if not dropped:
        notes.append(NOT_DROPPED)
    kept = "Each worker has its share, and 4 bookings in turn opened no connection each"
    return f"{kept}; a dropped one was noticed." if dropped else f"{kept}."


async def interest_how_much_faster(as_merged, book, open_engine, database, shop):
    """How much faster a rush is here."""
    engine = open_engine(database, 5, 1)
    shop.set("quote", latency=0.05)
    orders = [row["id"] for row in database.seed(22, orders=20).orders]
    async with shop.session() as api:
        ratio = await compare_async(
            lambda: asyncio.gather(*(as_merged(engine, api, number) for number in orders)),
            lambda: asyncio.gather(*(book(engine, api, number) for number in orders)),
        )
    await engine.dispose()
    return f"Here, 20 bookings at once are {ratio}, with 5 connections and couriers that take 50 ms."


def _world(database, rng):
    shops, turn = shop_world(rng, watched=True), asyncio.Lock()
    engines: dict = {}
    last = _last_event(database)

    @asynccontextmanager
    async def world():
        async with turn, shops() as w:
            w.database, w.tables, w.last, w.engines = database, Tables(database), last, engines
            try:
                yield w
            finally:
                w.tables.put_back()
                with database.behind.begin() as connection:
                    connection.execute(text(f"DELETE FROM order_events WHERE id > {last}"))
                    connection.execute(text("UPDATE orders SET status = 'paid' WHERE status = 'booked'"))

    return world


def _books(*orders):
    """Return a call that books orders at once, and looks whether connections came back and what is written."""

    async def call(f, w):
        if id(w.names) not in w.engines:
            w.engines[id(w.names)] = _opened(w.names["open_engine"], w.database, 4, 1)
        engine = w.engines[id(w.names)]
        with watch_checkouts(engine) as lent:
            bookings = (f(engine, w.api, order["id"]) for order in orders)
            answers = await asyncio.gather(*bookings, return_exceptions=True)
            if lent.now:
                raise Told(f"{_are(lent.now)} not back in the pool when the booking is over. {BACK}")
        failed = [answer for answer in answers if isinstance(answer, BaseException)]
        if orders[0]["id"] == NOBODYS and asked(w):
            raise Told("a courier is asked for it. What has to be known first?")
        written = _written(w.tables, w.last)
        booked, noted = len(written["orders"]), len(written["events"])
        right = len(answers) - len(failed)
        if failed and (noted != right or booked > right):
            raise Told(f"{many(len(failed), 'booking')} failed, and something of it is written. {TOGETHER}")
        if failed and (more := sum(asked(w).values())) > len(orders):
            raise Told(_too_many(more, len(orders)))
        if failed:
            raise failed[0]
        return answers if len(answers) > 1 else answers[0]

    return call


def _last_event(database):
    return max(row["id"] for row in database.data.order_events)


def _early(database, orders):
    """Return what somebody has written of these orders, in words; "" if nothing."""
    tables, merged = Tables(database), {(row["id"], row["status"]) for row in orders}
    changed = merged.difference(map(tuple, tables.ask("SELECT id, status FROM orders")))
    events = tables.ask(f"SELECT id FROM order_events WHERE id > {_last_event(database)}")
    if not changed and not events:
        return ""
    return f"the database holds {many(len(changed), 'new status', 'new statuses')} and {many(len(events), 'new event')}"


def _written(tables, last):
    found: dict[str, tuple | list] = {"orders": (), "events": ()}
    with suppress(DBAPIError):  # a table may be away
        found["orders"] = tables.ask("SELECT id FROM orders WHERE status = 'booked' ORDER BY id")
    with suppress(DBAPIError):
        added = f"SELECT order_id, what FROM order_events WHERE id > {last} ORDER BY order_id, what"
        found["events"] = tables.ask(added)
    return {part: [tuple(row) for row in rows] for part, rows in found.items()}


def _seen(w):
    return {**_written(w.tables, w.last), "asked": asked(w)}


def _seen_otherwise(found):
    part, *rest = found.path
    if part == "asked":
        return asked_otherwise(replace(found, path=tuple(rest)))
    what = "status `booked`" if part == "orders" else "the event of the booking"
    return f"the database does not hold {what} as the merged code wrote it, once it has returned. {LATER}"


def _why_it_stops(error):
    kind = type(alone(error)).__name__
    if kind in ("MissingGreenlet", "DetachedInstanceError"):
        return (
            "After a commit, what an object holds is forgotten, and would be asked for again. Read it before."
        )
    if kind in ("InvalidRequestError", "IllegalStateChangeError", "InterfaceError", "ResourceClosedError"):
        return "A session is one conversation, with one statement at a time. Does each booking have its own?"
    return ""


def _changes(customer):
    def change(w):
        w.tables.change("customers", customer, name="Zofia Zephyr")
        revised(w)

    return change


def _fails(customer, **calls):
    return fails(f"/couriers/{1 + customer % 12}/quote", **calls)


def _opened(open_engine, database, allowed, workers):
    engine = open_engine(database, allowed, workers)
    assert isinstance(engine, AsyncEngine), (
        f"`open_engine` returns {type(engine).__name__}, and the service's other code expects an `AsyncEngine`."
    )
    return engine


def _too_many(couriers, bookings):
    asked_for = f"{many(couriers, 'courier')} are asked for {many(bookings, 'booking')}"
    return f"{asked_for}: once each, also when the database fails."


def _are(number):
    return f"{many(number, 'connection')} {'is' if number == 1 else 'are'}"


def _bookings(book, engine, *orders):
    return lambda api: [book(engine, api, number) for number in orders]


async def _cancelled_at_the_courier(book, engine, shop, orders, lent):
    two = _bookings(book, engine, *orders)
    when = "A booking is cancelled while its courier is asked"
    async with held_at(shop, "quote", two, len(orders), PATIENCE) as (_, bookings):
        for each in bookings:
            each.cancel()
        await asyncio.wait(bookings, timeout=PATIENCE)
        gone = all(each.cancelled() for each in bookings)
    assert gone, f"{when}, and goes on, or says that it was no cancellation. Who catches the CancelledError?"
    assert await all_back(lent), f"{when}, and {_are(lent.now)} not back in the pool afterwards. {BACK}"


async def _cancelled_afterwards(book, engine, shop, orders, lent):
    two = _bookings(book, engine, *orders)
    when = "Two couriers answer in one moment, and one booking is cancelled while it asks the database"
    async with one_stopped(shop, engine, two, PATIENCE) as (_, others):
        assert all(each.done() for each in others), f"{when}: the other one never ends. {APART}"
        failed = [error for each in others if (error := each.exception())]
        assert not failed, f"{when}: the other one stops with {told(failed[0])} {APART}"
        assert await all_back(lent), f"{when}: it has ended, and {_are(lent.now)} still lent out. {LEFT}"


def _booked_all_the_same(database, booking, number, which=""):
    when = f"Somebody else changes the status of an order{which} while its courier is asked"
    assert not (error := booking.exception()), f"{when}, and its booking stops with {told(error)} {MEANWHILE}"
    ((status,),) = Tables(database).ask(f"SELECT status FROM orders WHERE id = {number}")
    assert status == BOOKED, f"{when}, and its booking returns, and leaves it `{status}`. {MEANWHILE}"


async def _survives(booking, when):
    try:
        await booking
    except Exception as error:
        raise AssertionError(
            f"The database drops its connections {when}, and the next booking stops with {told(error)} "
            "Who asks a connection whether it still works, before it is used?"
        ) from error


async def _dropped_during_the_call(book, engine, shop, number, database):
    one = _bookings(book, engine, number)
    when = "while a courier is asked"
    async with shop.traffic() as traffic, held_at(shop, "quote", one, 1, PATIENCE) as (_, (booking,)):
        database.drop_connections()
    await _survives(booking, when)
    times = len(traffic.requests)
    assert times == 1, f"The database drops its connections {when}, and {_too_many(times, 1)}"

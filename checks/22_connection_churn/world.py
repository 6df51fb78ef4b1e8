"""Bookings in a check: orders in a database, couriers in a shop, and what the pool of an engine lends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from random import Random
from typing import Any

from kettle.checking import worlds
from kettle.checking.equivalence import shop_world
from kettle.database import Database
from kettle.lessons.checkouts import watch_checkouts

SIZES: dict[str, Any] = {"orders": 8, "customers": 6, "lines": 0, "events": 0}
BOOKED = "SELECT id, status FROM orders"
EVENTS = "SELECT order_id, what FROM order_events ORDER BY order_id, what"
LENT = "connections still lent out"
TURNS = 50  # of the loop, in which anything that may open a connection begins to


def bookings(database: Database, rng: Random) -> Callable:
    """Return a world of orders and couriers; there is one database for all of them, so they take turns."""
    shop, turn, engines = shop_world(rng), asyncio.Lock(), {}
    rows = worlds.tables("order_events", "orders", **SIZES).open(database=database, rng=rng)

    @asynccontextmanager
    async def world() -> AsyncIterator[Any]:
        async with turn, shop() as w:
            with rows() as there:
                w.database, w.tables, w.engines = database, there.tables, engines
                w.orders = [row["id"] for row in there.rows.orders]
                w.customers = [row["customer_id"] for row in there.rows.orders]
                yield w

    return world


async def booked(book: Callable, w: Any, order: int) -> Any:
    """Book an order with the engine that this version opens, and note what its pool still lends afterwards."""
    if id(w.names) not in w.engines:
        engine = w.names["open_engine"](w.database, 4, 1)
        w.engines[id(w.names)] = engine, watch_checkouts(engine).__enter__()
    engine, lent = w.engines[id(w.names)]
    try:
        return await book(engine, w.api, order)
    finally:
        w.out = lent.now


def written(w: Any) -> dict[str, Any]:
    """Return what bookings have left behind: in the database, and in the pool."""
    w.tables.put_back()
    found = {f"status of order {order}": status for order, status in w.tables.ask(BOOKED)}
    found |= {f"events of order {order}": [] for order in w.orders}
    for order, what in w.tables.ask(EVENTS):
        found[f"events of order {order}"].append(what)
    return {**found, LENT: w.out}


async def lends_at_once(engine: Any, most: int) -> int:
    """Return how many connections an AsyncEngine opens for callers that ask at once; dispose of it.

    No clock decides: a caller that may have a connection begins to open it within its first turns of the
    loop, and any other waits. Beyond the first one, none is opened to its end, so the database refuses none.

    Args:
        engine: an AsyncEngine of which nothing is lent out.
        most: how many ask.

    Raises:
        Exception: what it raises for the very first that asks.
    """
    from sqlalchemy import event
    from sqlalchemy.util import await_only

    opening: list[asyncio.Future] = []

    def note(*_: Any) -> None:
        opening.append(asyncio.get_running_loop().create_future())
        await_only(opening[-1])  # until its task is cancelled

    async with (
        engine.connect()
    ):  # an engine also asks a database some things that it meets for the first time
        pass
    kept = engine.pool.checkedin() if hasattr(engine.pool, "checkedin") else 0
    event.listen(engine.sync_engine, "do_connect", note)
    asking = [asyncio.ensure_future(engine.connect().start()) for _ in range(most)]
    try:
        for _ in range(TURNS):
            await asyncio.sleep(0)
        return min(most, kept + len(opening))
    finally:
        event.remove(engine.sync_engine, "do_connect", note)
        for each in asking:
            each.cancel()
        for each in asking:
            with suppress(asyncio.CancelledError, Exception):
                await (await each).close()
        await engine.dispose()

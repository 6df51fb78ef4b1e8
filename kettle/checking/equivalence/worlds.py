"""Worlds for situations: each is made anew from one seed, so that two versions meet the same one."""

from __future__ import annotations

import asyncio
import random
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Protocol

from kettle.checking.equivalence.lateness import hold_late
from kettle.checking.equivalence.rows import edged
from kettle.checking.equivalence.tables import Tables
from kettle.checking.words import many

if TYPE_CHECKING:
    from kettle.database import Database
    from kettle.database.data import Rows

TOGETHER = 5.0  # seconds until threads that begin together have all been started
LATENCY = 0.002  # seconds; situations ask for what is late by themselves


class ShopWorld(Protocol):
    """Makes a practice shop with a session, each of the same seed."""

    seed: int

    def __call__(self) -> AbstractAsyncContextManager[SimpleNamespace]:
        """Make one."""


class DatabaseWorld(Protocol):
    """Makes a world of the same rows, each in its turn."""

    rows: Rows

    def __call__(self) -> AbstractAsyncContextManager[SimpleNamespace]:
        """Make one."""


def shop_world(
    rng: random.Random, *, latency: float = LATENCY, watched: bool = False, **session: Any
) -> ShopWorld:
    """Return a world that is a practice shop, with a session to ask it: `w.shop`, `w.url`, `w.api`.

    Args:
        rng: draws the shop's seed, once for all worlds that are made.
        latency: of every route, in seconds.
        watched: whether the shop's traffic is collected, as `w.traffic`.
        **session: options of the aiohttp.ClientSession.
    """
    from kettle.shop import Shop

    seed = rng.randrange(1 << 30)

    @asynccontextmanager
    async def world() -> AsyncIterator[SimpleNamespace]:
        async with AsyncExitStack() as stack:
            shop = stack.enter_context(Shop(seed))
            shop.set(latency=latency)
            traffic = await stack.enter_async_context(shop.traffic()) if watched else None
            api = await stack.enter_async_context(shop.session(**session))
            yield SimpleNamespace(shop=shop, url=shop.url, api=api, traffic=traffic)

    made: Any = world
    made.seed = seed
    return made


def fails(*paths: str, calls: tuple[int, ...] = (), status: int | None = 503) -> Callable:
    """Return what lets calls of the shop fail: those of some paths, all or the first, second …

    Args:
        *paths: such as "/suppliers/7/stock".
        calls: numbers of the calls of each path that fail, from 1; none given: all of them.
        status: of the answer; None: the connection breaks instead.
    """
    return lambda world: world.shop.break_calls(*paths, calls=calls, status=status)


def late(seconds: float, *routes: str) -> Callable:
    """Return what makes some routes of the shop answer late, by so many seconds of its client's life.

    The merged code gets its answers at once: it waits for each, and nobody has to wait for it.

    See `lateness`: on a machine that stands still for a while they are late, too. It needs an event loop that
    runs by real time.
    """
    return lambda world: None if world.merged else hold_late(world.shop, routes, seconds)


def shuffled(*routes: str, most: float = 0.04) -> Callable:
    """Return what makes answers of the shop come in another order than they were asked for.

    Args:
        *routes: whose answers.
        most: seconds by which an answer may be late.
    """
    return lambda world: world.shop.set(*routes, latency=0.0, shuffle=most)


def asked(world: Any) -> dict[str, int]:
    """Return what the shop of a watched world was asked for, and how often."""
    return dict(Counter(call.path for call in world.traffic.requests))


def asked_otherwise(found: Any) -> str:
    """Say which call is made too often, or not at all, where what was `asked` differs."""
    times = f"expected {many(found.expected or 0, 'time')}, got {found.given or 0}"
    return f"the shop is asked for `{found.path[0]}`: {times}."


def revised(world: Any) -> None:
    """Let the shop answer otherwise from now on; ids stay."""
    world.shop.revise()


def database_world(
    database: Database, rng: random.Random, *, django: bool = False, writes: bool = False, **sizes: int
) -> DatabaseWorld:
    """Return a world that is a database, of rows with every edge (see kettle.checking.equivalence.rows).

    One database serves all worlds, one after another: opening one costs more than most situations. A world
    has `w.engine`, as many connections of it as are asked for, and `w.tables`, which changes rows, lets a
    table fail, and puts all of it back when the world ends.

    Args:
        database: the one that a check takes by this name; its rows are replaced.
        rng: draws the seed of the rows.
        django: whether Django is pointed at it.
        writes: whether what is compared writes into tables; then all rows are put back after each world.
        **sizes: of the tables, as for `open_database`.
    """
    rows = database.seed(rng.randrange(1 << 30), shape=edged, **sizes)
    engine, turn = database.engine(), asyncio.Lock()
    if django:
        database.configure_django()

    @asynccontextmanager
    async def world() -> AsyncIterator[SimpleNamespace]:
        async with turn:
            tables = Tables(database)
            try:
                yield SimpleNamespace(database=database, engine=engine, tables=tables, rows=rows)
            finally:
                tables.put_back()
                if writes:
                    database.end_transactions()
                    database.fill(rows)

    made: Any = world
    made.rows = rows
    return made


def at_once(*calls: Callable) -> list[Any]:
    """Return what plain functions return, each called in a thread of its own, all begun together."""
    ready = threading.Barrier(len(calls), timeout=TOGETHER)

    def begin(call: Callable) -> Any:
        ready.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(begin, calls))

"""The Friday sale: visitors who come at a steady rate, whether the service keeps up with them or not."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

import aiohttp
from aiohttp import web

from kettle.database import Database, open_database
from kettle.database.data import Rows
from kettle.lessons.larder import Page, application, open_larder
from kettle.probes.loop import watch_loop
from kettle.shop import Shop

FIRST, CUSTOMERS, ORDERS = 1001, 20, 20  # the shop's first customer; orders of each
STOCK = 1000  # of each product
NETWORK = 0.010  # seconds: a round trip to the database
RATE = 12.0  # visitors in a second
PATIENCE = 20.0  # seconds, after which a visitor has left
QUIET = logging.getLogger("kettle.larder")  # a page that fails is counted, and its traceback is not shown
QUIET.addHandler(logging.NullHandler())
QUIET.propagate = False
POSTCODES = ("BS1 4DJ", "LA2 7RT", "NW1 6XE", "YO1 7HH")


def of_the_shop(rows: Rows) -> Rows:
    """Give the database's customers the numbers that they have in the shop."""
    more = FIRST - 1
    return replace(
        rows,
        customers=tuple(row | {"id": row["id"] + more} for row in rows.customers),
        orders=tuple(row | {"customer_id": row["customer_id"] + more} for row in rows.orders),
        products=tuple(row | {"stock": STOCK} for row in rows.products),
        reviews=(),
    )


def open_books(seed: int = 27) -> Database:
    """Open the database of the service, behind a network."""
    sizes: dict[str, Any] = {"customers": CUSTOMERS, "orders": CUSTOMERS * ORDERS, "lines": 3, "events": 0}
    return open_database(seed, delay=NETWORK, shape=of_the_shop, **sizes)


def percentile(seconds: Sequence[float], percent: float) -> float:
    """Return a percentile in milliseconds, by the nearest rank."""
    ordered = sorted(seconds)
    return 1000 * ordered[max(ceil(percent / 100 * len(ordered)), 1) - 1]


@dataclass(frozen=True)
class Visit:
    """One visit: when it was due, in seconds from the first one, how long it took from then, what came."""

    due: float
    seconds: float
    status: int
    page: Any = None


@dataclass(frozen=True)
class Sale:
    """What was seen of one sale.

    visits: in the order in which they were due. held: seconds of the longest step of the event loop, and
    held_by the code in it. busy: share of the time in which the loop was held. statements: to the database,
    for each visit. connections: to the database, at most. in_flight: calls to the shop's API, at most.
    opened: connections to the shop's API.
    """

    visits: tuple[Visit, ...]
    held: float
    held_by: str
    busy: float
    statements: float
    connections: int
    in_flight: int
    opened: int

    def late(self, percent: float) -> float:
        """Return a percentile of the response times in milliseconds, by the nearest rank."""
        return percentile([visit.seconds for visit in self.visits], percent)

    @property
    def errors(self) -> int:
        """How many visitors did not get their page."""
        return sum(visit.status != 200 for visit in self.visits)

    @property
    def pages(self) -> list[Any]:
        """What the visitors got."""
        return [visit.page for visit in self.visits]

    def __repr__(self) -> str:
        p50, p95 = self.late(50), self.late(95)
        return f"<{len(self.visits)} visits: p50 {p50:.0f} ms, p95 {p95:.0f} ms, {self.errors} errors>"


class Service(threading.Thread):
    """The service in a thread of its own, with an event loop of its own, so that visitors do not wait for it.

    port: where it answers. seen: when it has ended, what its loop did.

    Args:
        opened: makes a context manager that gives the web application; entered in that thread.
    """

    def __init__(self, opened: Callable[[], AbstractAsyncContextManager[web.Application]]) -> None:
        super().__init__(name="larder", daemon=True)
        self.opened = opened
        self.port: Future[int] = Future()
        self.seen: Future[watch_loop] = Future()

    def run(self) -> None:
        """Live, until it is ended."""
        try:
            self.seen.set_result(asyncio.run(self._live()))
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            for future in (self.port, self.seen):
                if not future.done():
                    future.set_exception(error)

    def end(self) -> None:
        """Let the service end; may be called from any thread."""
        self.loop.call_soon_threadsafe(self.ends.set)

    async def _live(self) -> watch_loop:
        self.loop, self.ends = asyncio.get_running_loop(), asyncio.Event()
        async with self.opened() as app:
            runner = web.AppRunner(app, access_log=None, logger=QUIET)
            await runner.setup()
            try:
                await web.TCPSite(runner, "127.0.0.1", 0).start()
                with watch_loop() as loop:
                    self.port.set_result(runner.addresses[0][1])
                    await self.ends.wait()
            finally:
                await runner.cleanup()
        return loop


@asynccontextmanager
async def serving(
    opened: Callable[[], AbstractAsyncContextManager[web.Application]],
) -> AsyncIterator[Service]:
    """Let a service run in the block; afterwards `service.seen.result()` is what its loop did."""
    service = Service(opened)
    service.start()
    await asyncio.wrap_future(service.port)
    try:
        yield service
    finally:
        service.end()
        await asyncio.wrap_future(service.seen)


async def sell(
    page: Page, shop: Shop, database: Database, *, seconds: float = 5.0, rate: float = RATE
) -> Sale:
    """Open the service for visitors, and return what was seen.

    Args:
        page: makes a customer's page.
        shop: whose API the service asks.
        database: of the service.
        seconds: for which visitors come; the sale is over when all of them have their pages.
        rate: visitors in a second.
    """

    @asynccontextmanager
    async def opened() -> AsyncIterator[web.Application]:
        async with open_larder(shop.url, database) as larder:
            yield application(larder, page)

    async with serving(opened) as service:
        address = f"http://127.0.0.1:{service.port.result()}"
        connector = aiohttp.TCPConnector(limit=0)
        timeout = aiohttp.ClientTimeout(total=PATIENCE)
        async with aiohttp.ClientSession(address, connector=connector, timeout=timeout) as client:
            await _visit(client, 0, time.perf_counter(), 0.0)  # opens connections, and is not counted
            with database.wire() as wire, shop.traffic() as traffic:
                begun = time.perf_counter()
                dues = [number / rate for number in range(round(seconds * rate))]
                visits = await asyncio.gather(
                    *(_visit(client, number, begun, due) for number, due in enumerate(dues))
                )
                lasted = time.perf_counter() - begun
    loop = service.seen.result()
    return Sale(
        visits=tuple(visits),
        held=loop.longest_hold,
        held_by=loop.held_by,
        busy=min(sum(hold.seconds for hold in loop.holds) / lasted, 1.0),
        statements=wire.count / len(visits),
        connections=wire.most_connections,
        in_flight=traffic.peak_in_flight,
        opened=traffic.connections,
    )


async def _visit(client: aiohttp.ClientSession, number: int, begun: float, due: float) -> Visit:
    await asyncio.sleep(begun + due - time.perf_counter())
    postcode = POSTCODES[number % len(POSTCODES)]
    path = f"/account/{FIRST + number % CUSTOMERS}"
    try:
        async with client.get(path, params={"postcode": postcode}) as response:
            page = await response.json() if response.status == 200 else None
            status = response.status
    except (aiohttp.ClientError, TimeoutError):
        status, page = 0, None
    return Visit(due, time.perf_counter() - begun - due, status, page)


async def what_if(page: Page, shop: Shop, database: Database, *, seconds: float = 2.0) -> dict[str, Sale]:
    """Hold a sale in which nothing is changed, then one for each wait, in which that one costs nothing.

    Args:
        page, shop, database: as for `sell`.
        seconds: for which visitors come, in each of the sales.
    """
    usual, delay = dict(shop.settings), database.delay
    sales = {"nothing is free": await sell(page, shop, database, seconds=seconds)}
    for what, routes in (("the courier", ("quote",)), ("profile and alerts", ("profile", "alerts"))):
        shop.set(*routes, latency=0.0)
        try:
            sales[f"{what} free"] = await sell(page, shop, database, seconds=seconds)
        finally:
            for route in routes:
                shop.set(route, latency=usual[route].latency)
    database.set_delay(0.0)
    try:
        sales["the database's network free"] = await sell(page, shop, database, seconds=seconds)
    finally:
        database.set_delay(delay)
    return sales

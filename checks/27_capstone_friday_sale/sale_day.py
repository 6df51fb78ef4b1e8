"""The whole sale: visitors of six kinds, a courier that stops for a while, and what is seen of it.

The visitors come as planned, whether the service keeps up or not, and each has a time at which it was due.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any

import aiohttp
import psutil
from aiohttp import web
from redis.asyncio import Redis

from kettle.database import Database
from kettle.files.notebook import certifying
from kettle.lessons.friday import CUSTOMERS, FIRST, POSTCODES, percentile, serving
from kettle.lessons.larder_files import SOLUTION, Files
from kettle.lessons.thumbnails import take_photo
from kettle.pictures import table
from kettle.pictures.figure import Picture
from kettle.redis_server import RedisServer
from kettle.shop import Shop

RATES = {"account": 6.0, "order": 2.0, "front": 6.0, "photo": 0.5, "index": 0.1, "prices": 0.07}
"""How many visitors of each kind come in a second."""

BUDGET = {"p95": 300.0, "errors": 1.0, "connections": 10.0}  # milliseconds, percent, at most
PATIENCE = 10.0  # seconds, after which a visitor has left
STOPS = (0.4, 0.44)  # of the sale: when the van's courier does not answer
VAN, SILENT = "/couriers/3/quote", 8.0  # seconds
SUPPLIERS = 20  # that may be asked at once; those beyond are refused
SIDE = 120  # pixels of a photo
CONNECTIONS = 10  # of the pool
NEAR = 1.25  # times what the reference took: as good as that
COMPLAINTS = {
    "account": "My account takes {seconds:.0f} seconds.",
    "order": "I clicked on Buy and waited {seconds:.0f} seconds.",
    "front": "The front page takes {seconds:.0f} seconds, and that is all I want to see.",
    "photo": "My photo is on its way for {seconds:.0f} seconds.",
    "index": "The search is not there.",
    "prices": "The new prices are not there.",
}


@dataclass(frozen=True)
class Visit:
    """One visit: its kind, when it was due, how long it took from then in seconds, the status, the answer."""

    kind: str
    due: float
    seconds: float
    status: int
    answer: Any = None


@dataclass(frozen=True)
class Day:
    """What was seen of one sale: visits, the loop's holds, statements, connections, memory.

    busy: share of the time in which the loop was held. held_by: the code that held it longest. statements: for
    each visit. connections: to the database, at most. suppliers: asked at once, at most. opened: connections to
    the shop's API. grown: memory in bytes.
    """

    visits: tuple[Visit, ...]
    busy: float
    held_by: str
    statements: float
    connections: int
    suppliers: int
    opened: int
    grown: int

    def late(self, percent: float, kind: str = "") -> float:
        """Return a percentile of the response times in milliseconds, of all visits or of one kind."""
        return percentile([each.seconds for each in self.visits if kind in ("", each.kind)], percent)

    @property
    def errors(self) -> float:
        """Percent of the visits that failed; an order that is told that nothing is left has not failed."""
        return 100 * sum(each.status not in (200, 409) for each in self.visits) / len(self.visits)

    @property
    def good(self) -> bool:
        """Whether the service kept its objective."""
        late, failed = self.late(95) <= BUDGET["p95"], self.errors < BUDGET["errors"]
        return late and failed and self.connections <= BUDGET["connections"]

    def meters(self) -> Picture:
        """Show all meters beside the budget."""
        rows = [
            ("p50", f"{self.late(50):,.0f} ms", ""),
            ("p95", f"{self.late(95):,.0f} ms", f"{BUDGET['p95']:,.0f} ms"),
            *((f"p95, {kind}", f"{self.late(95, kind):,.0f} ms", "") for kind in RATES if self._came(kind)),
            ("errors", f"{self.errors:.1f}%", f"below {BUDGET['errors']:g}%"),
            ("the loop was held", f"{self.busy:.0%}", ""),
            ("longest by", self.held_by or "nothing", ""),
            ("statements for a visit", f"{self.statements:.1f}", ""),
            ("connections to the database", f"{self.connections}", f"{BUDGET['connections']:g}"),
            ("connections to the shop's API", f"{self.opened}", ""),
            ("suppliers asked at once", f"{self.suppliers}", f"{SUPPLIERS}"),
            ("memory grew by", f"{self.grown / 1e6:.1f} MB", ""),
        ]
        return table(("meter", "seen", "budget"), rows, title=f"The sale, {len(self.visits)} visits")

    def p95(self) -> Picture:
        """Show one number."""
        seen = [("p95", f"{self.late(95):,.0f} ms", f"{BUDGET['p95']:,.0f} ms")]
        return table(("meter", "seen", "budget"), seen, title=f"The sale, {len(self.visits)} visits")

    def complaints(self) -> Picture:
        """Show what customers wrote, the angriest first."""
        angry = [each for each in self.visits if each.seconds > 1 or each.status not in (200, 409)]
        count = Counter(each.kind for each in angry)
        longest = {kind: max(each.seconds for each in angry if each.kind == kind) for kind in count}
        rows = [
            (f"“{COMPLAINTS[kind].format(seconds=max(longest[kind], 1))}”", number)
            for kind, number in count.most_common()
        ]
        title = "What customers wrote" if rows else "Nobody wrote anything"
        return table(("complaint", "how many"), rows, title=title)

    def _came(self, kind: str) -> bool:
        return any(each.kind == kind for each in self.visits)

    def __repr__(self) -> str:
        return f"<{len(self.visits)} visits: p95 {self.late(95):.0f} ms, {self.errors:.1f}% errors>"


async def hold_sale(
    files: Files, shop: Shop, database: Database, redis: RedisServer, *, seconds: float = 60.0
) -> Day:
    """Open the service for visitors, and return what was seen.

    Args:
        files: of the service.
        shop, database, redis: what it uses.
        seconds: for which visitors come.
    """

    @asynccontextmanager
    async def opened() -> AsyncIterator[web.Application]:
        engine = database.async_engine(pool_size=CONNECTIONS, max_overflow=0)
        try:
            async with (
                Redis.from_url(redis.url, decode_responses=True) as cache,
                files.open_larder(shop.url, engine, cache, redis.prefix) as larder,
            ):
                await cache.delete(redis.prefix + "front page")
                yield files.application(larder)
        finally:
            await engine.dispose()

    shop.set("stock", max_in_flight=SUPPLIERS)
    before = psutil.Process().memory_info().rss
    async with serving(opened) as service:
        address = f"http://127.0.0.1:{service.port.result()}"
        timeout, connector = aiohttp.ClientTimeout(total=PATIENCE), aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(address, timeout=timeout, connector=connector) as client:
            await _visit(client, "account", 0, time.perf_counter())  # opens connections, is not counted
            with database.wire() as wire, shop.traffic() as traffic:
                begun = time.perf_counter()
                stopping = asyncio.create_task(_stop_the_van(shop, seconds))
                coming = [_visit(client, *each, begun) for each in planned(seconds)]
                visits = await asyncio.gather(*coming)
                await stopping
                lasted = time.perf_counter() - begun
    loop = service.seen.result()
    return Day(
        visits=tuple(visits),
        busy=min(sum(hold.seconds for hold in loop.holds) / lasted, 1.0),
        held_by=loop.held_by,
        statements=wire.count / len(visits),
        connections=wire.most_connections,
        suppliers=traffic.peak(("stock",)),
        opened=traffic.connections,
        grown=psutil.Process().memory_info().rss - before,
    )


def planned(seconds: float) -> list[tuple[str, int, float]]:
    """Return the visits of a sale, each with its kind, its number of that kind, and when it is due."""
    visits = [
        (kind, number, (number + 0.5) / rate)
        for kind, rate in RATES.items()
        for number in range(int(seconds * rate + 0.5))
    ]
    return sorted(visits, key=lambda visit: visit[2])


async def _stop_the_van(shop: Shop, seconds: float) -> None:
    begin, end = (seconds * each for each in STOPS)
    await asyncio.sleep(begin)
    shop.slow_down(VAN, seconds=SILENT)
    try:
        await asyncio.sleep(end - begin)
    finally:
        shop.slow_down(VAN, seconds=0.0)


async def _visit(
    client: aiohttp.ClientSession, kind: str, number: int, due: float, begun: float = 0.0
) -> Visit:
    customer, postcode = FIRST + number % CUSTOMERS, POSTCODES[number % len(POSTCODES)]
    calls: dict[str, tuple[str, str, dict]] = {
        "account": ("GET", f"/account/{customer}", {"params": {"postcode": postcode}}),
        "order": (
            "POST",
            "/orders",
            {"json": {"customer": customer, "sku": "KC-00001", "postcode": postcode}},
        ),
        "front": ("GET", "/", {}),
        "index": ("POST", "/index", {}),
        "prices": ("POST", "/prices", {"json": {"percent": 5 if number % 2 else -5}}),
    }
    if kind == "photo":
        photo = take_photo(f"IMG_{number}.jpg", SIDE, number)
        calls["photo"] = ("POST", f"/photos/{photo.name}", {"params": {"side": SIDE}, "data": photo.pixels})
    method, path, options = calls[kind]
    if begun:
        await asyncio.sleep(begun + due - time.perf_counter())
    else:
        begun, due = due, 0.0
    try:
        async with client.request(method, path, **options) as response:
            answer = await response.read()
            status = response.status
    except (aiohttp.ClientError, TimeoutError):
        status, answer = 0, b""
    return Visit(kind, due, time.perf_counter() - begun - due, status, answer if kind == "order" else None)


async def objective(
    files: Files, shop: Shop, database: Database, redis: RedisServer, *, seconds: float = 8.0, runs: int = 3
) -> str:
    """Say whether the service keeps its objective: the median of some sales, beside those of a reference.

    Args:
        files, shop, database, redis: as for `hold_sale`.
        seconds: of each sale.
        runs: of each of the two.
    """
    reference, days = Files(SOLUTION), []
    runs = 1 if certifying() else runs  # nobody waits for that, and nothing has been changed
    for _ in range(runs):
        pair = [await hold_sale(each, shop, database, redis, seconds=seconds) for each in (files, reference)]
        days.append(pair)
    mine, theirs = ([pair[which] for pair in days] for which in (0, 1))
    late, usual = (median(day.late(95) for day in some) for some in (mine, theirs))
    failed = median(day.errors for day in mine)
    told = f"Yours: p95 {late:,.0f} ms, errors {failed:.1f}%. The reference on this machine: {usual:,.0f} ms."
    if median(day.good for day in mine):
        return f"The objective is met, as the median of {runs} sales. {told}"
    if not median(day.good for day in theirs) and late <= NEAR * usual:
        return f"Too noisy to tell: the reference does not meet the objective here either. {told}"
    return f"The objective is not met, as the median of {runs} sales. {told}"

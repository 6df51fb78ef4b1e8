"""Where the capstone is played: a shop and a database, and what the service's pages share."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from types import SimpleNamespace

import aiohttp

from kettle.checking.equivalence import shop_world
from kettle.checking.equivalence.tables import put_back
from kettle.checking.worlds import World
from kettle.database.data import SALE, Rows
from kettle.lessons.larder import PATIENCE, Larder

CUSTOMER, OTHER, NEW = 1001, 1002, 1003
LINES = 3  # of an order
WITH_ORDERS = {5: 1004, 40: 1005}  # customers by the number of their orders
HOURS = (2, 5, 1, 5, 4)  # after the sale began, by the ids of the first one's orders
OWNERS = (
    (CUSTOMER,) * len(HOURS)
    + (OTHER,) * 3
    + tuple(customer for number, customer in WITH_ORDERS.items() for _ in range(number))
)
HELD = 2.0  # seconds for which calls are held, paid by wrong answers only
BEAT = 0.005  # seconds between two looks
CONNECTIONS = 4  # of the pool
STOCK = 7  # of each product
SIZES = {"products": 20, "customers": 5, "orders": len(OWNERS), "lines": LINES, "events": 0, "reviews": 0}
WRITTEN = ("order_lines", "orders", "products")  # children before parents


def edged(rows: Rows) -> Rows:
    """Deal orders out: the first customer's ids neither rise nor fall with time, two are of one time, one is empty."""
    owners = list(OWNERS)
    random.Random(rows.seed).shuffle(owners)
    hours = iter(HOURS)
    orders = [order | {"customer_id": owner} for order, owner in zip(rows.orders, owners, strict=True)]
    for order in orders:
        if order["customer_id"] == CUSTOMER:
            order["placed_at"] = SALE + timedelta(hours=next(hours))
    empty = next(order["id"] for order in orders if order["customer_id"] == CUSTOMER)
    return replace(
        rows,
        customers=tuple(row | {"id": row["id"] + CUSTOMER - 1} for row in rows.customers),
        orders=tuple(reversed(orders)),
        products=tuple(row | {"stock": STOCK} for row in rows.products),
        order_lines=tuple(row for row in reversed(rows.order_lines) if row["order_id"] != empty),
    )


def seeded(database, rng):
    """Fill the database, and return its rows."""
    return database.seed(rng.randrange(1 << 30), shape=edged, **SIZES)


def larders(database, rng, writes=False):
    """Return what makes a shop and a larder: `w.shop`, `w.traffic`, `w.larder`, `w.tables`, `w.rows`.

    Args:
        database, rng: as for other worlds.
        writes: whether the rows are put back after each world.
    """
    rows = seeded(database, rng)
    engine = database.async_engine(pool_size=CONNECTIONS, max_overflow=0)  # looks at the server once
    shops, turn = shop_world(rng, watched=True, timeout=PATIENCE), asyncio.Lock()

    @asynccontextmanager
    async def world() -> AsyncIterator[SimpleNamespace]:
        async with turn, shops() as shop:  # one database serves all worlds, one after another
            larder = Larder(shop.url, shop.api, engine)
            try:
                with put_back(
                    database, *(WRITTEN if writes else ()), rows=rows, larder=larder, **vars(shop)
                ) as w:
                    yield w
            finally:
                await engine.dispose()  # its connections; the next world gets new ones

    return world


def fail(w, what):
    """Let the first call of a path fail, or a table be gone."""
    if what.startswith("/"):
        w.shop.break_calls(what, calls=(1,))
    else:
        w.tables.fail(what)


LARDERS = World(("database", "rng"), larders, None, "{} cannot be had", fail)
WRITING = World(("database", "rng"), partial(larders, writes=True), None, "{} cannot be had", fail)


@asynccontextmanager
async def a_larder(shop, engine):
    """Open a larder at a shop that answers at once."""
    shop.set(latency=0.0)
    async with aiohttp.ClientSession(shop.url, timeout=PATIENCE) as api:
        yield Larder(shop.url, api, engine)


async def until(there, meeting=None):
    """Wait until something is there; tell whether it came while the shop held its calls."""
    for _ in range(round(HELD / BEAT)):
        if there():
            return True
        if meeting is not None and meeting.over:
            return False
        await asyncio.sleep(BEAT)
    return False

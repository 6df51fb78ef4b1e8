"""The service of the exercise: where its functions are called, and what they leave behind."""

import asyncio
import secrets
from contextlib import asynccontextmanager, contextmanager, nullcontext
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from redis.asyncio import Redis
from sqlalchemy import func, select, text, update

from kettle.checking.worlds import World
from kettle.database.models import Order, Product
from kettle.lessons.thumbnails import take_photo

from .held_page import CODE
from .world import WITH_ORDERS, WRITING, fail, seeded, until

SKU, OTHER_SKU = "KC-00001", "KC-00002"
HURRY = 100  # times as fast run the timers of an order whose courier hangs
LONG = 0.5  # seconds: shorter timers are not those of a deadline


def make(database, rng, redis_server):
    """Return what makes a world in which the service's functions are called; see `WRITING`."""
    worlds, numbers = WRITING.make(database=database, rng=rng), iter(range(1000))

    @asynccontextmanager
    async def world():
        async with worlds() as w, Redis.from_url(redis_server.url, decode_responses=True) as w.cache:
            w.prefix = f"{redis_server.prefix}{next(numbers)}:"
            yield w

    return world


def draw(rng, _):
    """Draw a photo, and a damaged one."""
    photo = take_photo("IMG_0001.jpg", 32, rng.randrange(1 << 30))
    return {"photo": photo, "damaged": replace(photo, pixels=photo.pixels[:-3])}


async def asked(larder, w, *calls):
    """Call functions of the service one after another; orders are numbered from 0, whatever their numbers are."""
    if calls and isinstance(calls[0], int):  # a page of so many orders
        calls = (("account_page", WITH_ORDERS[calls[0]], CODE),)
    files = (getattr(w, "names", None) or larder.__globals__)["files"]
    cache, prefix = getattr(w, "cache", None), getattr(w, "prefix", "")
    shared = files.open_larder(w.url, w.larder.engine, cache, prefix)
    found = []
    async with shared as service:
        for name, *args in calls:
            found.append(await larder(name, service, *(getattr(w, str(each), each) for each in args)))
    return [unnumbered(each, place) for place, each in enumerate(found)]


def unnumbered(answer, place):
    """Put the place of an order among the calls in place of its number."""
    right = isinstance(answer, dict) and isinstance(answer.get("order"), int)
    return answer | {"order": place} if right else answer


def books(w):
    """Return what the database holds of two products: stock and price, and who bought them."""
    stock = f"SELECT sku, stock, price_cents FROM products WHERE sku IN ('{SKU}', '{OTHER_SKU}') ORDER BY sku"
    last = max(row["id"] for row in w.rows.orders)
    sold = (
        "SELECT orders.customer_id, orders.status, order_lines.product_id, order_lines.quantity, order_lines.price_cents "
        f"FROM orders JOIN order_lines ON order_lines.order_id = orders.id WHERE orders.id > {last} ORDER BY orders.id"
    )
    return {"stock": list(map(tuple, w.tables.ask(stock))), "orders": list(map(tuple, w.tables.ask(sold)))}


def dearer(w):
    """Let the shop answer otherwise, and a product cost more."""
    w.shop.revise()
    w.tables.change("products", product_of(w)["id"], price_cents=4321)


def product_of(w):
    """Return the row of the product."""
    return next(row for row in w.rows.products if row["sku"] == SKU)


def sold_out(w):
    """Let nothing be left of the product."""
    w.tables.change("products", product_of(w)["id"], stock=0)


SERVICE = World(("database", "rng", "redis_server"), make, draw, "{} cannot be had", fail)


@asynccontextmanager
async def opened(files, shop, database, rng, redis_server=None, size=5):
    """Open the service at a shop that answers at once, with a pool whose connections have been made."""
    seeded(database, rng)
    shop.set(latency=0.0)
    engine = database.async_engine(pool_size=size, max_overflow=0)
    for each in [await engine.connect() for _ in range(size)]:
        await each.close()
    cache = Redis.from_url(redis_server.url, decode_responses=True) if redis_server else None
    try:
        prefix = redis_server.prefix if redis_server else ""
        async with cache or nullcontext(), files.open_larder(shop.url, engine, cache, prefix) as service:
            yield service
    finally:
        await engine.dispose()


@contextmanager
def hurried():
    """Let timers of half a second and more run faster, and note which of them ran out; yields their seconds."""
    loop: Any = asyncio.get_running_loop()
    set_timer, ran_out = loop.call_at, []

    def call_at(when, callback, *args, **options):
        delay = when - loop.time()
        if delay < LONG:
            return set_timer(when, callback, *args, **options)

        def noted(*args):
            ran_out.append(delay)
            callback(*args)

        return set_timer(loop.time() + delay / HURRY, noted, *args, **options)

    loop.call_at = call_at
    try:
        yield ran_out
    finally:
        loop.call_at = set_timer


async def lends(engine, meeting):
    """Tell whether somebody gets a connection while the shop holds its calls."""
    wanted = asyncio.ensure_future(engine.connect())
    lent = await until(wanted.done, meeting)
    wanted.cancel()
    for connection in await asyncio.gather(wanted, return_exceptions=True):
        if not isinstance(connection, BaseException):
            await connection.close()
    return lent


async def one_is_left(service):
    """Leave one piece of the product; return how many orders there are."""
    async with service.engine.begin() as connection:
        await connection.execute(update(Product).where(Product.sku == SKU).values(stock=1))
    return await orders_of(service)


async def stock_of(service):
    """Return the stock of the product."""
    async with service.engine.connect() as connection:
        return await connection.scalar(select(Product.stock).where(Product.sku == SKU))


async def orders_of(service):
    """Return how many orders there are."""
    async with service.engine.connect() as connection:
        return await connection.scalar(select(func.count(Order.id)))


async def prices_of(service):
    """Return the price of each product, in cents, by its SKU."""
    async with service.engine.connect() as connection:
        rows = await connection.execute(select(Product.sku, Product.price_cents))
    return dict(rows.tuples().all())


HELD_COMMIT = """
CREATE FUNCTION held_commit() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN PERFORM pg_advisory_xact_lock_shared({key}); RETURN NULL; END';
CREATE CONSTRAINT TRIGGER held_commit AFTER UPDATE ON products DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.sku = '{sku}') EXECUTE FUNCTION held_commit()
"""
WAITERS = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = {key} AND NOT granted"


@contextmanager
def held_commit(database):
    """Hold the commit of new prices until it is let go; on SQLite it is not held.

    Yields what tells whether a commit is held now, `waits()`, and `let_go()`.
    """
    if database.kind == "SQLite":
        yield SimpleNamespace(waits=lambda: True, let_go=lambda: None)
        return
    key = secrets.randbelow(1 << 31)
    with database.behind.begin() as connection:
        connection.execute(text(HELD_COMMIT.format(key=key, sku=SKU)))
    try:
        with database.behind.connect() as holder:
            holder.execute(text(f"SELECT pg_advisory_xact_lock({key})"))
            waiters = text(WAITERS.format(key=key))
            yield SimpleNamespace(waits=lambda: holder.scalar(waiters) > 0, let_go=holder.rollback)
    finally:
        database.end_transactions()
        with database.behind.begin() as connection:
            connection.execute(text("DROP TRIGGER held_commit ON products; DROP FUNCTION held_commit"))

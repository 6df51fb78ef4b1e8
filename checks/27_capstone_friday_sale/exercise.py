"""The last caddy: an order that keeps a connection, a lock and a client of its own while it asks the courier."""

import asyncio
from contextlib import asynccontextmanager, contextmanager, suppress

from sqlalchemy import func, select, update

from kettle.checking import Case, Contract
from kettle.database.models import Order, Product

from .world import CUSTOMER, HELD, OTHER, STOCK, WRITING, a_larder, seeded, until

CODE = "BS1 4DJ"
SKU, OTHER_SKU = "KC-00001", "KC-00002"
QUOTE = "/couriers/7/quote"
DEADLINE = 2.0  # seconds, as the exercise says
INEXACT = 1.02  # times the deadline
HURRY = 100  # times as fast run the timers of an order whose courier hangs
LONG = 0.5  # seconds: shorter timers are not those of a deadline
BUYERS = 3  # of the last piece
SHORT = 0.3  # seconds in which they come to the courier, if they do
IN_TURN = 6  # orders
SLOW = 0.02  # seconds of a round trip, so that orders overlap


async def ordered(place_order, w, *who):
    """Place orders of two customers, one after another; the numbers of orders are those that come next."""
    found = [await place_order(w.larder, customer, sku, CODE) for customer, sku in who]
    return (
        [each | {"order": place} for place, each in enumerate(found)] if all(map(numbered, found)) else found
    )


def numbered(answer):
    """Return whether an answer has a number of an order."""
    return isinstance(answer, dict) and isinstance(answer.get("order"), int)


def books(w):
    """Return what the database holds of the two products: stock, and who bought them at which price."""
    stock = f"SELECT sku, stock FROM products WHERE sku IN ('{SKU}', '{OTHER_SKU}') ORDER BY sku"
    last = max(row["id"] for row in w.rows.orders)
    sold = (
        "SELECT orders.customer_id, orders.status, order_lines.product_id, order_lines.quantity, order_lines.price_cents "
        f"FROM orders JOIN order_lines ON order_lines.order_id = orders.id WHERE orders.id > {last} ORDER BY orders.id"
    )
    return {
        "stock": [tuple(row) for row in w.tables.ask(stock)],
        "orders": [tuple(row) for row in w.tables.ask(sold)],
    }


def dearer(w):
    """Let the product cost more, and the courier too."""
    w.shop.revise()
    w.tables.change("products", product_of(w)["id"], price_cents=4321)


def product_of(w):
    """Return the row of the product."""
    return next(row for row in w.rows.products if row["sku"] == SKU)


def sold_out(w):
    """Let nothing be left of the product."""
    w.tables.change("products", product_of(w)["id"], stock=0)


ONE = (CUSTOMER, SKU)

exercise = Contract(
    "place_order",
    world=WRITING,
    call=ordered,
    observe=books,
    again=False,
    why={"seen": "books"},
    cases={
        "an order is placed": Case(ONE),
        "two customers order": Case(ONE, (OTHER, OTHER_SKU), (OTHER, SKU)),
        "prices change between two orders": Case(ONE, between=dearer),
        "nothing is left of a product": Case(ONE, prepare=sold_out),
        "there is no such product": Case((CUSTOMER, "KC-99999")),
        "the courier answers with a 503": Case(ONE, prepare=lambda w: w.shop.break_calls(QUOTE)),
        "an order cannot be written": Case(
            ONE, prepare=lambda w: w.tables.fail("order_lines"), observe=False
        ),
    },
)


@exercise.cause
async def connection_is_free(place_order, shop, database, rng):
    """Hold the courier's answers to some orders, with a pool of one connection: somebody else can have it."""
    routes = ("quote",) * BUYERS + ("health",)
    async with (
        open_for(shop, database, rng, size=1) as larder,
        shop.rendezvous(routes=routes, patience=HELD / 2) as meeting,
    ):
        buyers = [asyncio.ensure_future(place_order(larder, CUSTOMER, SKU, CODE)) for _ in range(BUYERS)]
        asked = await until(lambda: meeting.most_together, meeting)
        wanted = asyncio.ensure_future(larder.engine.connect())
        free = await until(wanted.done, meeting) and not any(each.done() for each in buyers)
        wanted.cancel()
        with suppress(asyncio.CancelledError):
            await (await wanted).close()
        together = await until(lambda: meeting.most_together >= BUYERS, meeting)
        await larder.get("/health")
        told = await asyncio.gather(*buyers, return_exceptions=True)
    assert asked, exercise.say("not_asked")
    assert free, exercise.say("holds")
    assert together, exercise.say("in_turn", n=meeting.most_together, of=BUYERS)
    for each in told:
        if isinstance(each, BaseException):
            raise each
    return exercise.say("free")


@asynccontextmanager
async def open_for(shop, database, rng, size=5):
    """Open a larder whose connections have been made."""
    seeded(database, rng)
    engine = database.async_engine(pool_size=size, max_overflow=0)
    lent = [await engine.connect() for _ in range(size)]
    for each in lent:
        await each.close()
    try:
        async with a_larder(shop, engine) as larder:
            yield larder
    finally:
        await engine.dispose()


@exercise.cause
async def orders_share_a_connection(place_order, shop, database, rng):
    """Count connections to the shop for orders in turn."""
    async with open_for(shop, database, rng) as larder, shop.traffic() as traffic:
        for _ in range(IN_TURN):
            await place_order(larder, CUSTOMER, SKU, CODE)
    assert traffic.connections <= 1, exercise.say("each_its_own", n=traffic.connections, of=IN_TURN)
    return exercise.say("shared", of=IN_TURN)


@exercise.cause
async def gives_up(place_order, shop, database, rng):
    """Let the courier hang, before its answer and in the middle of it; timers run faster meanwhile."""
    for point in ("first byte", "mid body"):
        async with open_for(shop, database, rng) as larder:
            await larder.get("/health")
            shop.set("quote", hang=point)
            with hurried() as timers:
                buyer = asyncio.ensure_future(place_order(larder, CUSTOMER, SKU, CODE))
                over = await until(buyer.done)
            buyer.cancel()
            told = (await asyncio.gather(buyer, return_exceptions=True))[0]
            stock = await stock_of(larder)
            shop.set("quote", hang=None)
        shortest = min(timers, default=0.0)
        assert over, exercise.say("for_ever", point=point)
        assert isinstance(told, Exception), exercise.say("no_error", got=told)
        assert shortest <= INEXACT * DEADLINE, exercise.say("late", got=shortest, expected=DEADLINE)
        assert stock == STOCK, exercise.say("taken", got=stock, expected=STOCK)
    return exercise.say("gave_up")


@contextmanager
def hurried():
    """Let timers of half a second and more run faster, and note which of them ran out; yields their seconds."""
    loop, ran_out = asyncio.get_running_loop(), []
    set_timer = loop.call_at

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
        del loop.call_at


async def stock_of(larder):
    """Return the stock of the product."""
    async with larder.engine.connect() as connection:
        return await connection.scalar(select(Product.stock).where(Product.sku == SKU))


@exercise.cause
async def one_is_sold(place_order, shop, database, rng):
    """Let buyers come for the last piece at once, who overlap wherever they can."""
    async with open_for(shop, database, rng) as larder:
        async with larder.engine.begin() as connection:
            await connection.execute(update(Product).where(Product.sku == SKU).values(stock=1))
            last = await connection.scalar(select(func.max(Order.id)))
        database.set_delay(SLOW)
        async with shop.rendezvous(BUYERS, routes=("quote",), patience=SHORT):
            told = await asyncio.gather(
                *(place_order(larder, CUSTOMER, SKU, CODE) for _ in range(BUYERS)), return_exceptions=True
            )
        database.set_delay(0.0)
        stock = await stock_of(larder)
        async with larder.engine.connect() as connection:
            orders = await connection.scalar(select(func.count()).where(Order.id > last))
    sold = [each for each in told if not isinstance(each, BaseException)]
    others = {type(each).__name__ for each in told if isinstance(each, BaseException)} - {"SoldOut"}
    assert stock >= 0, exercise.say("below_zero", n=BUYERS, stock=stock)
    assert len(sold) == 1 and orders == 1 and stock == 0, exercise.say(
        "sold", n=BUYERS, sold=len(sold), orders=orders, stock=stock
    )
    assert not others, exercise.say("other_error", got=", ".join(others))
    return exercise.say("one")

from kettle.lessons.larder_files import open_files

import asyncio
import json

import aiohttp
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from kettle.database.models import Order, Product

FLIGHTS = {}  # rankings that are being worked out


# account.py


async def recent_orders(larder: "Larder", customer: int) -> list[dict]:
    """Return a customer's orders, the newest first."""
    newest = (
        select(Order)
        .options(selectinload(Order.lines))
        .where(Order.customer_id == customer)
        .order_by(Order.placed_at.desc(), Order.id)
    )
    async with AsyncSession(larder.engine) as session:
        return [shown(order, order.lines) for order in await session.scalars(newest)]


async def account_page(larder: "Larder", customer: int, postcode: str) -> dict:
    """Return all that a customer's page shows."""
    profile, alerts, orders, price = await asyncio.gather(
        larder.get(f"/customers/{customer}"),
        larder.get(f"/customers/{customer}/alerts"),
        recent_orders(larder, customer),
        quote(larder, postcode),
    )
    return {"name": profile["name"], "alerts": alerts, "orders": orders, "shipping": price}


# checkout.py


async def place_order(larder: "Larder", customer: int, sku: str, postcode: str) -> dict:
    """Place an order of one piece, and return its number and what it costs.

    Raises SoldOut where nothing is left.
    """
    wanted = select(Product).where(Product.sku == sku)
    async with AsyncSession(larder.engine) as session:
        if (await session.scalars(wanted)).one().stock < 1:
            raise SoldOut(sku)
    shipping = await book(larder, postcode)  # without a connection, and without a lock
    async with AsyncSession(larder.engine) as session, session.begin():
        product = (await session.scalars(wanted.with_for_update())).one()
        if product.stock < 1:  # somebody else was faster
            raise SoldOut(sku)
        order = order_of(customer, product)
        session.add(order)
        await session.flush()
        return {"order": order.id, "total": product.price_cents + shipping}


# courier.py


async def quote(larder: "Larder", postcode: str) -> int:
    """Return what a parcel costs to a postcode."""
    async with larder.api.get("/couriers/7/quote", params={"postcode": postcode}) as answer:
        answer.raise_for_status()
        return (await answer.json())["price"]


async def book(larder: "Larder", postcode: str) -> int:
    """Book a place in the van (a quote of this courier is a booking), and return what it costs."""
    params, patience = {"postcode": postcode}, aiohttp.ClientTimeout(total=2)
    async with larder.api.get("/couriers/3/quote", params=params, timeout=patience) as answer:
        answer.raise_for_status()
        return (await answer.json())["price"]


# front.py: only the ranking is kept. The prices are read for each visitor, so they cannot be old,
# and change_prices can stay as it is.


async def front_page(larder: "Larder") -> list[dict]:
    """Return the front page. Its ranking may be a minute old."""

    async def ranking():
        kept = await larder.cache.get(larder.prefix + KEY)
        if kept is not None:
            return json.loads(kept)
        skus = [product["sku"] for product in await best_sellers(larder)]
        await larder.cache.set(larder.prefix + KEY, json.dumps(skus), ex=SECONDS)
        return skus

    key = asyncio.get_running_loop(), larder.prefix
    flight = FLIGHTS.get(key)
    if flight is None:
        flight = FLIGHTS[key] = asyncio.create_task(ranking())
        flight.add_done_callback(lambda _: FLIGHTS.pop(key, None))
    skus = await asyncio.shield(flight)

    now = select(Product.sku, Product.name, Product.price_cents).where(Product.sku.in_(skus))
    async with larder.engine.connect() as connection:
        products = {row["sku"]: dict(row) for row in (await connection.execute(now)).mappings()}
    return [products[sku] for sku in skus if sku in products]


# photos.py


async def upload(larder: "Larder", photo: "Photo") -> bytes:
    """Return a photo's thumbnail; raise ValueError where the photo is damaged."""
    return await asyncio.get_running_loop().run_in_executor(larder.workers, thumbnail, photo)


# search.py


async def reindex(larder: "Larder") -> dict[str, int]:
    """Ask all suppliers, and return how many pieces there are of each product."""
    few = asyncio.Semaphore(10)

    async def ask(supplier):
        async with few:
            return await larder.get(f"/suppliers/{supplier}/stock")

    answers = await asyncio.gather(*(ask(supplier) for supplier in SUPPLIERS))
    index: dict[str, int] = {}
    for answer in answers:
        for sku, pieces in answer["levels"].items():
            hidden = {"KC-0013", "KC-0066"}  # not for sale
            if sku not in hidden:
                index[sku] = index.get(sku, 0) + pieces
    return index


files = open_files(__name__).replace(
    recent_orders, account_page, place_order, quote, book, front_page, upload, reindex
)


async def larder(what: str, *args):
    """For the check only: call a function of the files by its name."""
    return await getattr(files, what)(*args)

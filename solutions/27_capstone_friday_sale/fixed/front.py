"""The front page: what sells best. It is worked out once a minute, and kept in Redis."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlalchemy import func, select, update

from kettle.database.models import OrderLine, Product

if TYPE_CHECKING:
    from .service import Larder

KEY, LOCK, SECONDS = "front page", "front page:lock", 60


async def best_sellers(larder: Larder) -> list[dict]:
    """Work out which ten products sell best."""
    sold = func.sum(OrderLine.quantity)
    best = (
        select(Product.sku, Product.name, Product.price_cents)
        .join(OrderLine, OrderLine.product_id == Product.id)
        .group_by(Product.id)
        .order_by(sold.desc(), Product.id)
        .limit(10)
    )
    async with larder.engine.connect() as connection:
        return [dict(row) for row in (await connection.execute(best)).mappings()]


async def front_page(larder: Larder) -> list[dict]:
    """Return the front page. Its ranking may be a minute old."""
    kept = await larder.cache.get(larder.prefix + KEY)
    if kept is not None:
        return json.loads(kept)
    async with larder.cache.lock(larder.prefix + LOCK, timeout=5, sleep=0.01):
        kept = await larder.cache.get(larder.prefix + KEY)
        if kept is not None:
            return json.loads(kept)
        page = await best_sellers(larder)
        await larder.cache.set(larder.prefix + KEY, json.dumps(page), ex=SECONDS)
        return page


async def save_price(larder: Larder, sku: str, cents: int) -> None:
    """Change the price of one product, for the office, and let the front page show it."""
    async with larder.engine.begin() as connection:
        await connection.execute(update(Product).where(Product.sku == sku).values(price_cents=cents))
    await larder.cache.delete(larder.prefix + KEY)


async def change_prices(larder: Larder, percent: int) -> int:
    """Change all prices by so many percent; return how many products there are."""
    changed = Product.price_cents * (100 + percent) / 100
    async with larder.engine.begin() as connection:
        result = await connection.execute(update(Product).values(price_cents=func.round(changed)))
    await larder.cache.delete(larder.prefix + KEY)
    return result.rowcount

"""The checkout: an order takes a piece from the stock, and a place in the courier's van."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kettle.database.models import Order, OrderLine, Product

from .courier import book

if TYPE_CHECKING:
    from .service import Larder


class SoldOut(Exception):
    """There is nothing left of a product."""


def order_of(customer: int, product: Product) -> Order:
    """Return an order of one piece, and take it from the stock."""
    product.stock -= 1
    line = OrderLine(product=product, quantity=1, price_cents=product.price_cents)
    now = datetime.now(UTC).replace(tzinfo=None)
    return Order(placed_at=now, status="paid", customer_id=customer, lines=[line])


async def place_order(larder: Larder, customer: int, sku: str, postcode: str) -> dict:
    """Place an order of one piece, and return its number and what it costs.

    Raises SoldOut where nothing is left.
    """
    wanted = select(Product).where(Product.sku == sku).with_for_update()
    async with AsyncSession(larder.engine) as session, session.begin():
        product = (await session.scalars(wanted)).one()
        if product.stock < 1:
            raise SoldOut(sku)
        shipping = await book(larder, postcode)
        order = order_of(customer, product)
        session.add(order)
        await session.flush()
        return {"order": order.id, "total": product.price_cents + shipping}

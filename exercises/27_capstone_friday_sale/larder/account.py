"""The account page: who a customer is, what they ordered, and what a parcel to them costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kettle.database.models import Order, OrderLine

from .courier import quote

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .service import Larder


def shown(order: Order, lines: Sequence[OrderLine]) -> dict:
    """Return what the page shows of an order."""
    total = 0
    for line in lines:
        for _ in range(line.quantity):
            total = total + line.price_cents
    return {"id": order.id, "status": order.status, "items": len(lines), "total": total}


async def recent_orders(larder: Larder, customer: int) -> list[dict]:
    """Return a customer's orders, the newest first."""
    newest = select(Order).where(Order.customer_id == customer).order_by(Order.placed_at.desc(), Order.id)
    async with AsyncSession(larder.engine) as session:
        found = []
        for order in await session.scalars(newest):
            lines = await session.scalars(select(OrderLine).where(OrderLine.order_id == order.id))
            found.append(shown(order, lines.all()))
    return found


async def account_page(larder: Larder, customer: int, postcode: str) -> dict:
    """Return all that a customer's page shows."""
    profile = await larder.get(f"/customers/{customer}")
    alerts = await larder.get(f"/customers/{customer}/alerts")
    orders = await recent_orders(larder, customer)
    price = await quote(larder, postcode)
    return {"name": profile["name"], "alerts": alerts, "orders": orders, "shipping": price}

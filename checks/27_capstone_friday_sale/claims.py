"""Claims that lesson 27 answers for and does not ask about."""

import asyncio

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kettle.database.models import Order, OrderLine
from kettle.lessons.friday import FIRST, open_books
from kettle.lessons.larder import open_larder
from kettle.shop import Shop

AT_ONCE = 8  # pages


def by_the_rules() -> str:
    """Let a page keep all three rules, and count its statements."""

    async def orders(larder, places) -> int:
        async with places, AsyncSession(larder.engine) as session:
            found = (await session.scalars(select(Order).where(Order.customer_id == FIRST))).all()
            for order in found:
                (await session.scalars(select(OrderLine).where(OrderLine.order_id == order.id))).all()
        return len(found)

    async def pages() -> tuple[int, float]:
        places = asyncio.Semaphore(AT_ONCE)
        async with open_larder(shop.url, books) as larder:
            with books.wire() as wire:
                found = await asyncio.gather(*(orders(larder, places) for _ in range(2 * AT_ONCE)))
        return found[0], wire.count / len(found)

    with Shop(seed=27) as shop, open_books() as books:
        books.set_delay(0.0)
        number, statements = asyncio.run(pages())
    return (
        f"Asynchronous, gathered, at most {AT_ONCE} at once: {statements:.0f} statements for {number} orders."
    )


MEASURES = {"three_rules": by_the_rules}
"""By the name of a claim in words.toml, what measures it: returns a sentence."""

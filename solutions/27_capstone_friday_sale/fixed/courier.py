"""The couriers: what a parcel costs, and a place in tomorrow's van."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .service import Larder

LONGEST = 2.0  # seconds that an order waits for the van


async def quote(larder: Larder, postcode: str) -> int:
    """Return what a parcel costs to a postcode."""
    async with larder.api.get("/couriers/7/quote", params={"postcode": postcode}) as answer:
        answer.raise_for_status()
        return (await answer.json())["price"]


async def book(larder: Larder, postcode: str) -> int:
    """Book a place in the van (a quote of this courier is a booking), and return what it costs.

    Raises TimeoutError if that takes too long.
    """
    async with asyncio.timeout(LONGEST):
        async with larder.api.get("/couriers/3/quote", params={"postcode": postcode}) as answer:
            answer.raise_for_status()
            return (await answer.json())["price"]

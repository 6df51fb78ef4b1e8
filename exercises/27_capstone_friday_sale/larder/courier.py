"""The couriers: what a parcel costs, and a place in tomorrow's van."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aiohttp
import requests

if TYPE_CHECKING:
    from .service import Larder


async def quote(larder: Larder, postcode: str) -> int:
    """Return what a parcel costs to a postcode."""
    params = {"postcode": postcode}
    answer = requests.get(f"{larder.url}/couriers/7/quote", params=params, timeout=5)
    answer.raise_for_status()
    return answer.json()["price"]


async def book(larder: Larder, postcode: str) -> int:
    """Book a place in the van (a quote of this courier is a booking), and return what it costs."""
    params = {"postcode": postcode}
    async with (
        aiohttp.ClientSession(larder.url) as session,
        session.get("/couriers/3/quote", params=params) as answer,
    ):
        answer.raise_for_status()
        return (await answer.json())["price"]

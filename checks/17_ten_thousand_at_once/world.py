"""The supplier of the lesson, in virtual time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from random import Random
from typing import Any

from kettle.checking.causes.virtually import counted_shop

ENDLESS = 8  # calls for one item in one night: it goes on like that


def path(item: int) -> str:
    """Return where an item is asked for."""
    return f"/suppliers/7/items/{item}"


@asynccontextmanager
async def supplier(seed: int, pace: float = 1.0, shuffle: float = 40.0) -> AsyncIterator[Any]:
    """Open a supplier, all of whose times are multiplied by `pace`."""
    async with counted_shop(seed, most=ENDLESS) as w:
        w.shop.set("catalogue", latency=pace, shuffle=shuffle * pace, late_body=20.0 * pace)
        yield w


def suppliers(rng: Random) -> Callable:
    """Return what opens a supplier, always the same one."""
    seed = rng.randrange(1 << 30)
    return lambda: supplier(seed)

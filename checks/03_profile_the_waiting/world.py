"""The shop of lesson 03, in virtual time: nobody waits for it, and no machine is too slow."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from kettle.probes.virtual_time import VirtualShop

THINKS = 60.0  # seconds: until then all that can be done meanwhile has been done


def services(rng):
    """Return what makes a shop that answers at once: `w.shop`, `w.api`, and `w.traffic`."""
    seed = rng.randrange(1 << 30)

    @asynccontextmanager
    async def world() -> AsyncIterator[SimpleNamespace]:
        shop = VirtualShop(seed)
        shop.set(latency=0.001)
        async with shop.session() as api:
            yield SimpleNamespace(shop=shop, api=api, traffic=SeenInShop(shop))

    made: Any = world
    made.seed = seed
    return made


@dataclass(frozen=True)
class SeenInShop:
    """What a shop in virtual time saw, in the words of a `Traffic`."""

    shop: VirtualShop

    @property
    def requests(self) -> list:
        """The calls so far, in the order of their start."""
        return self.shop.calls

    def of(self, route: str) -> list:
        """The calls of one route."""
        return [call for call in self.requests if call.route == route]

    def in_flight(self, route: str) -> int:
        """The number of calls of a route that have no answer yet."""
        return sum(call.ended is None for call in self.of(route))

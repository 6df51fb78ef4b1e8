"""The shop of lesson 03, in virtual time: nobody waits for it, and no machine is too slow."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import chain, islice, repeat
from types import SimpleNamespace
from typing import Any

from kettle.lessons.sales import SalesPool
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


def desks(rng):
    """Return what makes such a shop with a `w.pool` of two connections, whose statements are quick, too."""
    shops = services(rng)

    @asynccontextmanager
    async def world() -> AsyncIterator[SimpleNamespace]:
        async with shops() as w:
            w.pool = SalesPool(w.shop.data, size=2, latency=0.001)
            yield w

    return world


def fail(w, path, status=503):
    """Let the first call of a path fail; braces in it name what was drawn."""
    w.shop.break_calls(path.format(**vars(w)), calls=(1,), status=status)


def interrupted(w):
    """Let the first statement fail."""
    w.pool._rows.set_progress_handler(chain((True,), repeat(False)).__next__, 1)


def distinct(data):
    """Return customers of five orders, none of which begins with the same product as another."""
    each_has = ((each, data.orders(each)) for each in data.customers)
    return [each for each, made in each_has if len({order["lines"][0]["sku"] for order in made}) == 5]


def orders(data, number):
    """Return so many orders, of any customers."""
    return list(islice(chain.from_iterable(map(data.orders, data.customers)), number))


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

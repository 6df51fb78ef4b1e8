"""A post office in virtual time that keeps books."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import asynccontextmanager
from typing import Any


class WatchedOffice:
    """Delivers letters in virtual time, one independent of the other.

    unknown: addresses at which letters bounce, with the notebook's own `Bounced`. wrong: exceptions by
    address, raised instead. begun: each address, and when it was handed over. under_way, delivered: addresses.
    """

    def __init__(self) -> None:
        self.unknown: set[str] = set()
        self.wrong: dict[str, type[BaseException]] = {}
        self.names: dict[str, Any] = {}
        self.begun: list[tuple[str, float]] = []
        self.under_way: list[str] = []
        self.delivered: list[str] = []

    async def deliver(self, address: str, text: str) -> None:
        """Deliver a letter, after a while that its address decides; raise what the address stands for."""
        self.begun.append((address, asyncio.get_running_loop().time()))
        self.under_way.append(address)
        try:
            await asyncio.sleep(seconds_to(address))
        finally:
            self.under_way.remove(address)
        if address in self.wrong:
            raise self.wrong[address]("something goes wrong")
        if address in self.unknown:
            raise self.names["Bounced"](address)
        self.delivered.append(address)

    def right(self, customers: list[dict]) -> dict[str, int | list[str]]:
        """Do in a moment what a job should do, with the books; return the report on it."""
        addresses = [each["address"] for each in customers]
        bounced = [address for address in addresses if address in self.unknown]
        self.begun += [(address, 0.0) for address in addresses]
        self.delivered += [address for address in addresses if address not in self.unknown]
        return {"sent": len(addresses) - len(bounced), "bounced": bounced}

    def books(self) -> dict[str, dict[str, int]]:
        """Return how often each address was handed over, and how often its letter went out."""
        handed_over = Counter(address for address, _ in self.begun)
        return {"out": dict(Counter(self.delivered)), "handed over": dict(handed_over)}


def seconds_to(address: str) -> float:
    """Return how long a letter takes to an address, which begins with its number."""
    return 1 + int(address.partition(" ")[0]) % 97 / 10


def post_office() -> Callable:
    """Return what makes an office for each outcome."""

    @asynccontextmanager
    async def office():
        yield WatchedOffice()

    return office

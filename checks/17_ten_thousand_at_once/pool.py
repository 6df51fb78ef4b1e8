"""A pool of connections that keeps books: who waits at it, what is asked of it, and who looks into it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, nullcontext
from random import Random


class WatchedPool:
    """Lends connections, each of which answers `name_of(customer)`, in virtual time.

    Args:
        size: connections that it has.
        customers: whose letters are to be written.
        slow: customers whose names take long.
        pace: factor of all its times.

    asked: how often each name was asked for. spans: when each query began and ended. served: names that were
    given. takes: how often a connection was asked for. most_waiting: tasks that waited for one at once.
    shared: queries to a connection that was still answering.
    """

    LONG = 200.0  # virtual seconds

    def __init__(
        self, size: int, customers: Sequence[int] = (), slow: Sequence[int] = (), pace: float = 1.0
    ) -> None:
        self.size, self.patience = size, 3600.0
        self.customers, self.pace, self.slow = customers, pace, slow
        self.nameless: set[int] = set()  # customers whose names cannot be had once
        self.greeting = "customer"
        self.asked: Counter[int] = Counter()
        self.spans: list[tuple[float, float]] = []
        self.served = self.takes = self.waiting = self.most_waiting = self.shared = 0
        self._free: asyncio.Queue[_Connection] = asyncio.Queue()
        for _ in range(size):
            self._free.put_nowait(_Connection(self))

    @property
    def all_lent(self) -> bool:
        """Whether there is no connection to be had just now."""
        return self._free.empty()

    def rename(self) -> None:
        """Let customers have other names."""
        self.greeting = "dear customer"

    async def take(self) -> _Connection:
        """Borrow a connection, waiting for it if need be."""
        waits = self.all_lent
        self.takes += 1
        self.waiting += waits
        self.most_waiting = max(self.most_waiting, self.waiting)
        try:
            return await self._free.get()
        finally:
            self.waiting -= waits

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[_Connection]:
        """Borrow a connection for a block."""
        connection = await self.take()
        try:
            yield connection
        finally:
            self._free.put_nowait(connection)


class _Connection:
    """Answers one query at a time."""

    def __init__(self, pool: WatchedPool) -> None:
        self._pool, self._busy = pool, False

    async def name_of(self, customer: int) -> str:
        """Return a customer's name; raise ConnectionError where it cannot be had."""
        pool, clock = self._pool, asyncio.get_running_loop().time
        pool.shared += self._busy
        pool.asked[customer] += 1
        self._busy, began = True, clock()
        try:
            await asyncio.sleep(pool.pace * (pool.LONG if customer in pool.slow else 1 + customer % 41))
            if customer in pool.nameless:
                pool.nameless.remove(customer)
                raise ConnectionError(f"no name for customer {customer}")
            pool.served += 1
            return f"{pool.greeting} {customer}"
        finally:
            self._busy = False
            pool.spans.append((began, clock()))


def pools(rng: Random) -> Callable:
    """Return what opens a pool of three connections, for eight customers that are drawn."""
    customers = rng.sample(range(1000, 100_000), 8)
    return lambda: nullcontext(WatchedPool(3, customers))

"""A pool whose connections make order pages, in virtual time: it can let a page wait, and keeps books."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

FOREVER = 1000.0  # seconds
QUICK = 0.01  # seconds


class PagePool:
    """Lends connections, each of which answers `query(what, order, timeout)`.

    seconds: that a query takes, by the part of a page. asked: how often each part was asked for. failing:
    parts that cannot be had. waiting: tasks that wait for a connection. shared: queries to a connection that
    was still answering.
    """

    def __init__(self, size: int) -> None:
        self.size, self.revision = size, 0
        self.seconds = {"buyer": QUICK, "lines": QUICK}
        self.asked: Counter[str] = Counter()
        self.failing: set[str] = set()
        self.waiting = self.shared = 0
        self._free: asyncio.Queue[Connection] = asyncio.Queue()
        self._held: list[AbstractAsyncContextManager] = []
        for _ in range(size):
            self._free.put_nowait(Connection(self))

    @property
    def lost(self) -> int:
        """The number of connections that are not in the pool."""
        return self.size - self._free.qsize()

    def connection(self) -> AbstractAsyncContextManager[Connection]:
        """Borrow a connection for a block, waiting for it if need be."""
        self._held.append(self._lending())  # held: to be garbage-collected is not to be given back
        return self._held[-1]

    @asynccontextmanager
    async def _lending(self) -> AsyncIterator[Connection]:
        self.waiting += 1
        try:
            connection = await self._free.get()
        finally:
            self.waiting -= 1
        try:
            yield connection
        finally:
            self._free.put_nowait(connection)

    def lend_all(self, seconds: float = FOREVER) -> None:
        """Lend all connections to somebody else for so long."""
        taken = [self._free.get_nowait() for _ in range(self.size)]
        self.size = 0  # until they are back: theirs are not lost
        asyncio.get_running_loop().call_later(seconds, self._back, taken)

    def _back(self, taken: list[Connection]) -> None:
        self.size = len(taken)
        for connection in taken:
            self._free.put_nowait(connection)

    def revise(self) -> None:
        """Let the database answer otherwise from now on."""
        self.revision += 1


class Connection:
    """Answers one query at a time."""

    def __init__(self, pool: PagePool) -> None:
        self._pool, self._busy = pool, False

    async def query(self, what: str, order: int, timeout: float | None) -> str:  # noqa: ASYNC109 - the notebook's
        """Return a part of a page; raise TimeoutError where it takes too long, LookupError where it fails."""
        pool = self._pool
        pool.shared += self._busy
        pool.asked[what] += 1
        self._busy = True
        try:
            async with asyncio.timeout(timeout):
                await asyncio.sleep(pool.seconds[what])
        finally:
            self._busy = False
        if what in pool.failing:
            raise LookupError(f"no {what} of order {order}")
        return f"the {what} of order {order}, revision {pool.revision}"

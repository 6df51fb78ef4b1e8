"""The shop's sales: a small database behind a pool of connections, which notes who waited how long.

The rows lie in SQLite, in memory; the way to a server and back is a wait of a known length.
"""

from __future__ import annotations

import asyncio
import random
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from kettle.shop.data import Data

_clock = time.perf_counter


@dataclass
class Query:
    """One use of a connection: when it was asked for, when it came; seconds that the database was at work."""

    asked: float
    got: float = 0.0
    given_back: float = 0.0
    at_work: float = 0.0

    @property
    def logged(self) -> float:
        """Seconds as many a log counts them: from asking for a connection to giving it back."""
        return self.given_back - self.asked


class SalesPool:
    """Connections to the sales database; whoever finds none free waits for one, first come, first served.

    Read it whenever you like: log: a Query for each use of a connection that has ended. in_use: connections
    that somebody holds. statements: how many were sent.

    Args:
        data: of the shop, whose products were sold.
        size: number of connections.
        latency: of each statement, in seconds.
    """

    def __init__(self, data: Data, size: int = 2, latency: float = 0.01) -> None:
        self.size, self.latency = size, latency
        self.in_use = self.statements = 0
        self.log: list[Query] = []
        self._places = asyncio.Semaphore(size)
        self._rows = sqlite3.connect(":memory:", check_same_thread=False)
        self._rows.row_factory = sqlite3.Row
        self._rows.execute("CREATE TABLE sales (supplier INTEGER, sku TEXT, quantity INTEGER)")
        draw = random.Random(data.seed)
        for supplier in data.suppliers:
            skus = [*data.stock(supplier)["levels"], "KC-0000"]  # the last one is not in stock any more
            self._rows.executemany(
                "INSERT INTO sales VALUES (?, ?, ?)",
                [(supplier, draw.choice(skus), draw.randint(1, 9)) for _ in range(12)],
            )

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Give a connection for a block, as soon as one is free."""
        query = Query(_clock())
        async with self._places:
            query.got = _clock()
            self.in_use += 1
            try:
                yield Connection(self, query)
            finally:
                self.in_use -= 1
                query.given_back = _clock()
                self.log.append(query)

    def sell(self, supplier: int, quantity: int) -> None:
        """Sell some more of what has been sold of a supplier's first."""
        self._rows.execute(
            "INSERT INTO sales SELECT supplier, sku, ? FROM sales WHERE supplier = ? LIMIT 1",
            (quantity, supplier),
        )

    def __repr__(self) -> str:
        return f"SalesPool({self.size} connections, {self.in_use} in use, {self.statements} statements)"


class Connection:
    """One connection, lent by a pool for the length of a block."""

    def __init__(self, pool: SalesPool, query: Query) -> None:
        self._pool, self._query = pool, query

    async def fetch(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        """Send a statement; return its rows.

        Args:
            sql: with a question mark for each value.
            *values: in their order.

        Raises:
            RuntimeError: the connection has been given back.
        """
        if self._query.given_back:
            raise RuntimeError("This connection has been given back to its pool.")
        began = _clock()
        self._pool.statements += 1
        await asyncio.sleep(self._pool.latency)
        rows = [dict(row) for row in self._pool._rows.execute(sql, values)]
        self._query.at_work += _clock() - began
        return rows

"""A pool whose connections make pages of two queries: it can hang where a page waits, and keeps books."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from kettle.checking.causes.virtually import moving
from kettle.checking.deadline import end_of, keeps, leaves_at_once, stopped
from kettle.checking.equivalence.difference import Difference
from kettle.checking.equivalence.sentences import short
from kettle.checking.pool import LookedInto
from kettle.checking.words import many

NEVER = "the wait for a connection has no end."
FOREVER = 1000.0  # seconds, or budgets


@dataclass(frozen=True)
class Wait:
    """What a page waits for; `does` follows "With a budget of 2 s and …".

    Args:
        does: what it is, as a noun.
        why: what a learner is told or asked about it.
        lent: the part of the budget for which all connections are lent to others.
        buyer: the part of it that the first query takes.
        lines: the part that the second query takes.
    """

    does: str
    why: str = ""
    lent: float = 0.0
    buyer: float = 0.01
    lines: float = 0.01

    @property
    def parts(self) -> float:
        """How many budgets it takes, where nothing ends it."""
        return self.lent + self.buyer + self.lines


WAITS = (
    Wait(
        "all connections lent",
        "the wait for a connection has no end in your code. Which clock counts it?",
        lent=FOREVER,
    ),
    Wait("a first query that hangs", "nothing ended that wait in time.", buyer=FOREVER),
    Wait("a second query that hangs", "each wait has a clock of its own.", lines=FOREVER),
    Wait("a connection that becomes free as the time is up", "what ends the wait for it?", lent=1.0),
    Wait(
        "two queries of seven tenths of it each",
        "each query has a clock of its own, and the visitor waits for their sum.",
        buyer=0.7,
        lines=0.7,
    ),
    Wait(
        "a connection that is free after six tenths of it, and queries of three tenths each",
        "what was spent in the pool's queue is not left for the queries.",
        lent=0.6,
        buyer=0.3,
        lines=0.3,
    ),
)


class PagePool(LookedInto):
    """Lends connections, each of which answers `query(what, order, timeout)`, in virtual time.

    Args:
        size: connections that it has.

    asked: how often each part of a page was asked for. waiting: tasks that wait for a connection. failing:
    parts that cannot be had. shared: queries to a connection that was still answering. looked_into: uses of
    its private queue.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.asked: Counter[str] = Counter()
        self.failing: set[str] = set()
        self.waiting = self.shared = self.revision = 0
        self._times = {"buyer": 0.01, "lines": 0.01}
        self._loans: list[Any] = []
        self._ended: asyncio.Future | None = None
        self._lendings: list[AbstractAsyncContextManager] = []
        super().__init__(_Connection(self) for _ in range(size))

    @property
    def free(self) -> int:
        """How many connections nobody has."""
        return self._queue.qsize()

    @property
    def lost(self) -> str:
        """A sentence on the connections that somebody has, once nobody should; empty if all are back."""
        number = self.size - self.free
        kept = f"{many(number, 'connection')} did not come back to the pool. Who gives it back then?"
        return kept if number else ""

    def connection(self) -> AbstractAsyncContextManager[_Connection]:
        """Borrow a connection for a block, waiting for it if need be."""
        self._lendings.append(self._lending())  # held: to be collected is not to be given back
        return self._lendings[-1]

    @asynccontextmanager
    async def _lending(self) -> AsyncIterator[_Connection]:
        self.waiting += 1
        try:
            connection = await self._queue.get()
        finally:
            self.waiting -= 1
        try:
            yield connection
        finally:
            self._queue.put_nowait(connection)

    def takes(self, **seconds: float) -> None:
        """Let the queries for parts of a page take so many seconds, by the parts' names."""
        self._times.update(seconds)

    def lend(self, number: int, seconds: float = FOREVER) -> None:
        """Lend connections to somebody else, who keeps them for so long, or until `all_back`."""
        ended = self._ended = self._ended or asyncio.get_running_loop().create_future()

        async def keep(connection: _Connection) -> None:
            await asyncio.wait({ended}, timeout=seconds)
            self._queue.put_nowait(connection)

        for _ in range(number):
            self._loans.append(asyncio.create_task(keep(self._queue.get_nowait())))

    async def all_back(self) -> None:
        """Let everybody else give back what they have been lent, and queries be quick again."""
        self.takes(buyer=0.01, lines=0.01)
        if self._ended:
            self._ended.set_result(None)
            await asyncio.wait(self._loans)

    def begins(self, wait: Wait, budget: float) -> None:
        """Let a page wait, from now on."""
        self.takes(buyer=wait.buyer * budget, lines=wait.lines * budget)
        if wait.lent:
            self.lend(self.size, wait.lent * budget)

    def books(self) -> dict:
        """Return what was asked of it, and how."""
        return {"asked": dict(self.asked), "_free": self.looked_into, "shared": self.shared}

    def revise(self) -> None:
        """Let the database answer otherwise from now on."""
        self.revision += 1

    def answer(self, what: str, order: int) -> str:
        """Return a part of a page."""
        return f"the {what} of order {order}" + (f", revised {self.revision} times" if self.revision else "")

    def page(self, order: int) -> dict:
        """Return the page of an order."""
        return {"order": order, **{what: self.answer(what, order) for what in ("buyer", "lines")}}


class _Connection:
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
                await asyncio.sleep(pool._times[what])
        finally:
            self._busy = False
        if what in pool.failing:
            raise LookupError(f"no {what} of order {order}")
        return pool.answer(what, order)


@asynccontextmanager
async def uncollected() -> AsyncIterator[None]:
    """Hold each asynchronous generator that is begun meanwhile: to be collected is not to be closed."""
    held, usual = [], sys.get_asyncgen_hooks().firstiter

    def begins(generator: AsyncGenerator) -> None:
        held.append(generator)
        if usual is not None:
            usual(generator)

    sys.set_asyncgen_hooks(firstiter=begins)
    try:
        yield
    finally:
        sys.set_asyncgen_hooks(firstiter=usual)


@uncollected()
async def page_ends(order_page: Callable, budget: float, wait: Wait, otherwise: str) -> None:
    """See to it that a page ends within its budget, whatever it waits for, and that nothing of it is left.

    Args:
        order_page: makes the page, given a pool, an order and a budget.
        budget: in seconds.
        wait: what it waits for.
        otherwise: said where it is late, though earlier than if nothing had ended it.

    Raises:
        AssertionError: with a sentence.
    """
    pool, said = PagePool(2), f"With a budget of {budget:g} s and {wait.does}, "
    pool.begins(wait, budget)
    ended = await end_of(moving(order_page(pool, 1234, budget), lambda: stopped(said, NEVER)))
    why = wait.why if ended.took > 0.95 * wait.parts * budget else otherwise
    keeps(ended, budget, said, "order_page", why)
    twice = next((what for what, times in pool.asked.items() if times > 1), None)
    assert twice is None, f"{said}`{twice}` is asked for more than once: once for each page is enough."
    await _back(pool, order_page, f"{said}`order_page` has ended, and ")


@uncollected()
async def page_is_left(order_page: Callable, wait: Wait) -> None:
    """See to it that a page ends at once when its visitor leaves, and that nothing of it is left."""
    pool, said = PagePool(2), f"With {wait.does}, when the visitor leaves, `order_page`"
    pool.begins(wait, 3.0)
    await leaves_at_once(order_page(pool, 1234, 3.0), 0.5, said)
    await _back(pool, order_page, f"{said} is cancelled, and ")


async def _back(pool: PagePool, order_page: Callable, said: str) -> None:
    await asyncio.sleep(0.001)
    assert not pool.waiting, f"{said}still stands in the pool's queue: the next connection is lent to nobody."
    await pool.all_back()
    assert not pool.lost, f"{said}{pool.lost}"
    page = await end_of(order_page(pool, 77, 5.0))
    assert page.value == pool.page(77), (
        f"{said}the next page is {short(page.value)}. What is left of this one?"
    )


def used_otherwise(found: Difference) -> str:
    """Say how a pool was used otherwise, where its `books` differ."""
    if "_free" in found.path:
        return "`pool._free` is looked at: the underscore says that it is the pool's own. What does it offer?"
    if "shared" in found.path:
        return "a connection is asked while it still answers: it answers one query at a time."
    times = {"missing": "not at all"}.get(found.kind) or f"{found.given} times"
    return f"`{found.path[-1]}` is asked for {times}: once for each page."

"""Gates: the semaphores of asyncio that some code makes, how wide they are, and how often they are passed.

They explain why a limit was not kept; no verdict rests on them, since other code limits by queues or by hand.

    with watch_gates() as gates:
        await reindex(api, items, limit)
    gates.made, gates.widest, gates.passed
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from kettle.probes.engines.stand_in import tapped


class Gates:
    """What was done with semaphores in the block.

    made: how many. widest: how many the widest lets in. passed: how often places in them were asked for.
    older: how often places in others were asked for, which were there before the block.
    """

    def __init__(self) -> None:
        self._widths: dict[asyncio.Semaphore, int] = {}
        self._passed: list[asyncio.Semaphore] = []

    def _make(self, gate: asyncio.Semaphore, value: int = 1) -> None:
        self._widths[gate] = value

    @property
    def made(self) -> int:
        """How many semaphores were made."""
        return len(self._widths)

    @property
    def widest(self) -> int:
        """How many the widest of them lets in."""
        return max(self._widths.values(), default=0)

    @property
    def passed(self) -> int:
        """How often somebody came to one of them."""
        return sum(gate in self._widths for gate in self._passed)

    @property
    def older(self) -> int:
        """How often somebody came to one that was there before the block."""
        return len(self._passed) - self.passed


@contextmanager
def watch_gates() -> Iterator[Gates]:
    """Watch which semaphores are made and passed in the block."""
    gates, semaphore = Gates(), asyncio.Semaphore
    with (
        tapped(semaphore.__init__, lambda args, kwargs: gates._make(*args, **kwargs)),
        tapped(semaphore.acquire, lambda args, _: gates._passed.append(*args)),
    ):
        yield gates

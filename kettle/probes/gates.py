"""Gates: the semaphores of asyncio that some code makes, how wide they are, and how often they are passed.

They explain why a limit was not kept, and decide nothing: other code counts with queues, or by hand.
"""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from kettle.probes.engines.stand_in import tapped


class Gates:
    """What was done with semaphores in the block.

    made: how many. widest: how many the widest lets in. passed, released: how often places in them were asked
    for, and given back. older: how often places in others were asked for, which were there before the block.
    """

    def __init__(self) -> None:
        self._widths: dict[asyncio.Semaphore, int] = {}
        self._passed: list[asyncio.Semaphore] = []
        self._released: list[asyncio.Semaphore] = []

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

    @property
    def released(self) -> int:
        """How often a place in one of them was given back."""
        return sum(gate in self._widths for gate in self._released)  # others may still give back their own


@contextmanager
def watch_gates() -> Iterator[Gates]:
    """Watch which semaphores are made, passed and released in the block."""
    gates, semaphore = Gates(), asyncio.Semaphore
    with ExitStack() as stack:
        for method, note in (
            (semaphore.__init__, gates._make),
            (semaphore.acquire, gates._passed.append),
            (semaphore.release, gates._released.append),
        ):
            stack.enter_context(tapped(method, lambda args, kwargs, note=note: note(*args, **kwargs)))
        yield gates

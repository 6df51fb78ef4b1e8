"""Where front pages are checked: a site whose clocks move only when a check lets time pass."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

from kettle.probes.engines.clocks import CPU, WALL, telling

HOUR = 3600.0  # seconds
EPOCH, BEGIN = 497_222 * HOUR, 10 * HOUR  # seconds that the clocks show first: `time.time`, `time.monotonic`


class Clock:
    """A clock that moves only when it is told to."""

    def __init__(self) -> None:
        self.passed = 0.0

    def is_ours(self) -> bool:
        """Tell every thread this time."""
        return True

    def tell(self, kind: str, module: str) -> float:
        """Return what a kind of clock shows."""
        return 0.0 if kind == CPU else self.passed + (EPOCH if kind == WALL else BEGIN)

    def later(self, seconds: float) -> None:
        """Let seconds pass."""
        self.passed += seconds


CLOCK = Clock()


@contextmanager
def site() -> Iterator[SimpleNamespace]:
    """Open a world: in the next hour, so that nothing is left of what was kept for a minute before.

    It begins with a full minute, for answers that have the minute in their key.
    """
    CLOCK.later(HOUR - CLOCK.passed % HOUR)
    with telling(CLOCK):
        yield SimpleNamespace(shop=None)

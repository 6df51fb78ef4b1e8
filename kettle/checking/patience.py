"""Whether code that has not ended in time hangs, or only gets too little of the processor."""

from __future__ import annotations

import time
from contextlib import suppress

import psutil

WINDOW = 2.0  # seconds that are looked at; more than any wait of a right answer in them would be a rare thing
ALIVE = 0.02  # of a processor in that window: what waits for something that never comes uses less
ENOUGH = 0.75  # of the limit, in seconds of a processor: what has had so much, and goes on, does not end
MOST = 3  # times the limit, at most


class Patience:
    """Gives this process, with all that it started, more time where the machine gave it too little.

    Args:
        limit: seconds that it may take on a machine that has nothing else to do.
    """

    def __init__(self, limit: float) -> None:
        self.limit = limit
        self.starved = False  # it was given all the time there is, and not enough of the processor
        self._started, self._before = time.monotonic(), _used()

    @property
    def used(self) -> float:
        """Seconds of a processor so far."""
        return _used() - self._before

    def more(self) -> float:
        """Look for a while, and return how many seconds more it may take; 0 where that would not help."""
        window, before = min(WINDOW, self.limit / 2), self.used
        time.sleep(window)
        used = self.used
        if used - before < ALIVE * window or used > ENOUGH * self.limit:
            return 0.0
        self.starved = time.monotonic() - self._started > MOST * self.limit
        return 0.0 if self.starved else window


def _used() -> float:
    own = psutil.Process()
    total = 0.0
    for process in (own, *own.children(recursive=True)):
        with suppress(psutil.Error):
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total

"""Whether code that has not ended in time hangs, or only gets too little of the processor."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from pathlib import Path

import psutil

WINDOW = 2.0  # seconds that are looked at; more than any wait of a right answer in them would be a rare thing
ALIVE = 0.02  # of a processor in that window: what waits for something that never comes uses less
TICKS = 0.02  # seconds: two ticks of the clock by which systems count processor time
IN_LINE = 0.1  # of that window: a thread that only wakes now and then stands in line for less
STALLS = 0.6  # of that window: naps last longer by less, unless somebody stops the whole process now and then
NAP = 0.01  # seconds
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
        self._started, self._before = time.monotonic(), _used(_family())

    @property
    def used(self) -> float:
        """Seconds of a processor so far."""
        return _used(_family()) - self._before

    def more(self) -> float:
        """Look for a while, and return how many seconds more it may take; 0 where that would not help."""
        window, family = min(WINDOW, self.limit / 2), _family()
        stood, before, own = _stood_in_line(family), _used(family), time.thread_time()
        stalls = _stalls(window)
        family = _family()
        used = _used(family) - (time.thread_time() - own)  # to look costs more, the more processes there are
        in_line = max((now - stood.get(name, 0) for name, now in _stood_in_line(family).items()), default=0.0)
        waits = (
            used - before < ALIVE * window + TICKS and in_line < IN_LINE * window and stalls < STALLS * window
        )
        if waits or used - self._before > ENOUGH * self.limit:
            return 0.0
        self.starved = time.monotonic() - self._started > MOST * self.limit
        return 0.0 if self.starved else window


def _stalls(seconds: float) -> float:
    """Nap for so many seconds, and return for how many of them the naps took longer than they should."""
    began = time.monotonic()
    naps, ends = 0, began + seconds
    while time.monotonic() < ends:
        time.sleep(NAP)
        naps += 1
    return time.monotonic() - began - naps * NAP


def _family() -> list[psutil.Process]:
    own = psutil.Process()
    return [own, *own.children(recursive=True)]


def _used(family: list[psutil.Process]) -> float:
    total = 0.0
    for process in family:
        with suppress(psutil.Error):
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total


def _stood_in_line(family: list[psutil.Process]) -> dict[Path, float]:
    """Return the seconds that each other thread of the family was ready to run and did not; on Linux only."""
    stood = {}
    for process in family:
        threads = Path(f"/proc/{process.pid}/task")
        for thread in threads.glob("*") if threads.exists() else ():
            if thread.name != str(threading.get_native_id()):
                with suppress(OSError, IndexError):
                    stood[thread] = int((thread / "schedstat").read_text().split()[1]) / 1e9
    return stood

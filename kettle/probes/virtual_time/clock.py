"""The virtual clock: shared by a loop and its worker threads; moves only when all of them wait."""

import heapq
import itertools
import threading
from collections.abc import Callable


class Clock:
    """Seconds that pass only when nobody works. `now` starts at 0.0.

    A worker counts as busy from when its work is handed over until its result has been delivered, except
    while it sleeps. Whoever finds everybody waiting moves the clock: the loop, or, while a call blocks the
    loop's thread, the worker that went to sleep last.
    """

    def __init__(self) -> None:
        self.now, self.busy, self.loop_blocked = 0.0, 0, False
        self.lock = threading.RLock()
        self._sleepers: list[tuple[float, int, threading.Event]] = []
        self._order = itertools.count()

    def work_begins(self) -> None:
        """Count one more busy worker."""
        with self.lock:
            self.busy += 1

    def work_ends(self) -> None:
        """Count one less; the result must have been delivered before."""
        with self.lock:
            self.busy -= 1
            self._move_on()

    def sleep(self, seconds: float, wake_loop: Callable[[], None]) -> None:
        """Sleep in a worker's thread. wake_loop: a function that makes the loop look at the clock again."""
        woken = threading.Event()
        with self.lock:
            heapq.heappush(self._sleepers, (self.now + max(seconds, 0), next(self._order), woken))
            self.busy -= 1
            self._move_on()
        wake_loop()
        woken.wait()

    def block(self, call: str) -> None:
        """Say that a call blocks the loop's thread, so that workers must move the clock by themselves."""
        if call == "Lock.acquire":
            return  # mostly a pool's own lock, held for a moment: the clock must not jump for that
        with self.lock:
            self.loop_blocked = True
            self._move_on()

    def unblock(self, call: str) -> None:
        """Say that the loop's thread runs again."""
        self.loop_blocked = False

    def pass_blocked(self, seconds: float) -> None:
        """Let time pass while the loop's thread sleeps; workers whose time comes meanwhile are woken."""
        with self.lock:
            self.now += max(seconds, 0)
            while self._sleepers and self._sleepers[0][0] <= self.now:
                self.wake_next()

    def next_sleeper(self) -> float:
        """Return when the next sleeping worker wakes; infinity if none sleeps."""
        return self._sleepers[0][0] if self._sleepers else float("inf")

    def wake_next(self) -> None:
        """Move the clock to the next sleeper's time and wake it."""
        with self.lock:
            at, _, woken = heapq.heappop(self._sleepers)
            self.now = max(self.now, at)
            self.busy += 1
            woken.set()

    def _move_on(self) -> None:
        if self.loop_blocked and self.busy == 0 and self._sleepers:
            self.wake_next()

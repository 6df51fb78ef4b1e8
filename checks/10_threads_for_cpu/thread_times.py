"""Threads: when each one worked on what, and how much of that time it had a processor.

It is for the picture; no verdict rests on it.

    with watch_threads() as threads:
        list(pool.map(threads.noted(work), things))
    threads.cores, threads.stretches
"""

import functools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True)
class Stretch:
    """One call: the number of its thread, from 0, when it began and ended, its CPU time, in seconds."""

    thread: int
    began: float
    ended: float
    cpu: float

    @property
    def share(self) -> float:
        """How much of a core the thread had meanwhile: 0 where it waited, 1 where nothing kept it waiting."""
        return min(self.cpu / max(self.ended - self.began, 1e-9), 1.0)


class watch_threads:  # noqa: N801 (used as a verb: with watch_threads() as threads)
    """Watch the calls of functions wrapped by `threads.noted(function)`, in whichever threads they run.

    Read afterwards: stretches: a tuple of `Stretch`, in the order of their ends. seconds: from the first
    beginning to the last end. cores: the CPU time of all of them in this time: how many cores they kept busy.
    What a thread does between two calls is not seen; threads of other processes are not, either.
    """

    def __init__(self) -> None:
        self._found: list[Stretch] = []
        self._threads: dict[int, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def noted(self, function: Callable) -> Callable:
        """Return a function that does the same and notes when, where, and for how much CPU time."""

        @functools.wraps(function, updated=())
        def noted(*args: Any, **kwargs: Any) -> Any:
            number = self._threads.setdefault(threading.get_ident(), len(self._threads))
            began, cpu = time.perf_counter(), time.thread_time()
            try:
                return function(*args, **kwargs)
            finally:
                used = time.thread_time() - cpu
                self._found.append(Stretch(number, began, time.perf_counter(), used))

        return noted

    @property
    def stretches(self) -> tuple[Stretch, ...]:
        """The calls that have ended."""
        return tuple(self._found)

    @property
    def seconds(self) -> float:
        """How long it all took."""
        if not self._found:
            return 0.0
        return max(each.ended for each in self._found) - min(each.began for each in self._found)

    @property
    def cores(self) -> float:
        """How many cores were kept busy, on average."""
        return sum(each.cpu for each in self._found) / (self.seconds or 1.0)

    def __repr__(self) -> str:
        return f"watch_threads({len(self._threads)} threads, {self.seconds:.2f} s, {self.cores:.1f} cores)"

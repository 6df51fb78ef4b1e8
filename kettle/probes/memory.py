"""Memory that a run needs at its peak, and memory that stays after its result is dropped, by tracemalloc.

It counts what Python and NumPy allocate in all threads of the process during the run, and not what other C
libraries take from the system. Automatic garbage collection is off during a run, so that a peak repeats; the
peak includes the cycles.

    peak_bytes(read, path)
    unbounded_growth(feed)
"""

import gc
import inspect
import statistics
import tracemalloc
from array import array
from asyncio import Runner
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from kettle.probes.engines.collecting import only_new_collected

STEPS = 14
KEY = 8  # bytes that a key costs at least which is kept: a reference to it
REST = 4  # steps in a row: in fewer, a list of all keys may rest, if there were many before the first step


@dataclass(frozen=True)
class Retained:
    """How retained memory grew, step by step.

    Attributes:
        steps: bytes retained after each step, above what was there before the first.
        counts: for each step, what the function said that it had fed, or 1.
    """

    steps: tuple[int, ...]
    counts: tuple[int, ...]

    @property
    def per_item(self) -> float:
        """Bytes for each further item, the median over the second half of the steps.

        The first half may fill what is bounded; the median passes over the steps in which a table is made
        larger.
        """
        grown = [
            (later - earlier) / count
            for earlier, later, count in zip(self.steps, self.steps[1:], self.counts[1:], strict=False)
        ]
        return statistics.median(grown[len(grown) // 2 :])


def peak_bytes(fn: Callable, *args: Any, **kwargs: Any) -> int:
    """Run `fn(*args, **kwargs)` and tell how many bytes it needed at most at one time.

    A coroutine function is run to its end. Raises what `fn` raises.
    """
    with _tracing(), _loop_if_async(fn) as run:
        before = _now()
        tracemalloc.reset_peak()
        run(fn, *args, **kwargs)
        return tracemalloc.get_traced_memory()[1] - before


def unbounded_growth(feed: Callable[[int], Any]) -> Retained | None:
    """Tell what is retained where nothing bounds it; None where memory rests or falls, as a bounded one does.

    A list of all keys grows by an eighth at a time, and rests in between: the longer, the more are in it.

    Arguments:
        feed: called with 0, 1, …, feeds the code under test with new keys; may return how many (an int above
            0). The first half of the steps may fill what is bounded.

    Raises what `feed` raises.
    """
    sizes, counts = array("q", [0] * STEPS), array("q", [1] * STEPS)  # made before: they must not count
    with _tracing():
        before = _now()
        for step in range(STEPS):
            count = feed(step)
            counts[step] = count if isinstance(count, int) and count > 0 else 1
            del count
            sizes[step] = _now() - before
            if _rests(Retained(tuple(sizes[: step + 1]), tuple(counts[: step + 1]))):
                return None
    return Retained(tuple(sizes), tuple(counts))


def _rests(growth: Retained) -> bool:
    keys = [KEY * count for count in growth.counts]
    grown = [later - earlier for earlier, later in pairwise(growth.steps)]
    return any(
        grown[step] <= -keys[step + 1]
        or sum(grown[step - REST + 1 : step + 1]) <= sum(keys[step - REST + 2 : step + 2]) / 2
        for step in range(STEPS // 2, len(grown))
    )


@contextmanager
def _tracing() -> Iterator[None]:
    """Trace allocations, automatic collection off, what is there kept out of collections."""
    was_tracing, was_collecting = tracemalloc.is_tracing(), gc.isenabled()
    gc.disable()
    if not was_tracing:
        tracemalloc.start()
    try:
        with only_new_collected():
            yield
    finally:
        if not was_tracing:
            tracemalloc.stop()
        if was_collecting:
            gc.enable()


@contextmanager
def _loop_if_async(fn: Callable) -> Iterator[Callable]:
    """Provide a way to call `fn`; a loop that it needs is made before anything is measured."""
    if not inspect.iscoroutinefunction(fn):
        yield lambda fn, *args, **kwargs: fn(*args, **kwargs)
        return
    with Runner() as runner:
        loop = runner.get_loop()
        loop.run_until_complete(_nothing())
        yield lambda fn, *args, **kwargs: loop.run_until_complete(fn(*args, **kwargs))


async def _nothing() -> None:
    pass


def _now() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]

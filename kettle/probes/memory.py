"""Memory that a run needs at its peak, and memory that stays after its result is dropped, by tracemalloc.

It counts what Python and NumPy allocate in all threads of the process during the run, and not what other C
libraries take from the system. Automatic garbage collection is off during a run, so that a peak repeats; the
peak includes the cycles.

    peak_bytes(read, path)
    retained_growth(feed)
    measure_memory(read, path)
"""

import gc
import inspect
import statistics
import tracemalloc
from array import array
from asyncio import Runner
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from kettle.probes.engines.collecting import only_new_collected

REST = 4  # steps in a row: in fewer, a list of all keys may rest, if there were many before the first step


@dataclass(frozen=True)
class Memory:
    """What one run took, all in bytes above what was there before.

    Attributes:
        peak: at most at one time.
        held: when it had ended, its result included.
        retained: after the result was dropped and garbage was collected.
    """

    peak: int
    held: int
    retained: int

    def __repr__(self) -> str:
        return (
            f"peak {_bytes(self.peak)}, with the result {_bytes(self.held)}, retained {_bytes(self.retained)}"
        )


@dataclass(frozen=True)
class Retained:
    """How retained memory grew, step by step.

    Attributes:
        steps: bytes retained after each step, above what was there before the first.
        counts: for each step, what the function said that it had fed, or 1.
    """

    steps: tuple[int, ...] = field(repr=False)
    counts: tuple[int, ...] = field(repr=False)

    @property
    def total(self) -> int:
        """Bytes retained at the end."""
        return self.steps[-1]

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

    def __repr__(self) -> str:
        growth = f"{self.per_item:,.0f} bytes for each further item"
        return f"{growth}, {_bytes(self.total)} after {len(self.steps)} steps"


def measure_memory(fn: Callable, *args: Any, **kwargs: Any) -> Memory:
    """Run `fn(*args, **kwargs)` once and tell its peak, held and retained bytes.

    A coroutine function is run to its end by `asyncio.run`. What the run leaves in caches of its own counts
    as retained; run it once before, if only later runs are meant. Raises what `fn` raises.
    """
    with _tracing(), _loop_if_async(fn) as run:
        before = _now()
        tracemalloc.reset_peak()
        value = run(fn, *args, **kwargs)
        held, peak = (size - before for size in tracemalloc.get_traced_memory())
        del value
        return Memory(peak, held, _now() - before)


def peak_bytes(fn: Callable, *args: Any, **kwargs: Any) -> int:
    """Tell how many bytes `fn(*args, **kwargs)` needed at most at one time; see `measure_memory`."""
    return measure_memory(fn, *args, **kwargs).peak


def retained_growth(
    feed: Callable[[int], Any], steps: int = 20, until: Callable[[Retained], bool] = lambda growth: False
) -> Retained:
    """Call `feed(0)`, `feed(1)`, … and tell what is retained after each, results dropped, garbage collected.

    Arguments:
        feed: feeds the code under test with new keys at each step; may return how many (an int above 0), so
            that the growth can be told for each key; may be a coroutine function.
        steps: at least 4; enough to fill what is bounded in the first half of them.
        until: asked after each step; when what has grown so far tells enough, no further step is made.

    Raises ValueError for fewer steps, and what `feed` and `until` raise.
    """
    if steps < 4:
        raise ValueError("retained growth needs at least 4 steps")
    sizes, counts = array("q", [0] * steps), array("q", [1] * steps)  # made before: they must not count
    with _tracing(), _loop_if_async(feed) as run:
        before = _now()
        for step in range(steps):
            count = run(feed, step)
            counts[step] = count if isinstance(count, int) and count > 0 else 1
            del count
            sizes[step] = _now() - before
            if until(Retained(tuple(sizes[: step + 1]), tuple(counts[: step + 1]))):
                break
    return Retained(tuple(sizes[: step + 1]), tuple(counts[: step + 1]))


def unbounded_growth(feed: Callable[[int], Any], steps: int = 14, bytes_per_key: int = 8) -> Retained | None:
    """Tell what is retained where nothing bounds it; None where memory rests or falls, as a bounded one does.

    A list of all keys grows by an eighth at a time, and rests in between: the longer, the more are in it.

    Arguments:
        feed: as for `retained_growth`; the first half of the steps may fill what is bounded.
        steps: at least 8.
        bytes_per_key: what a key that is kept costs at least: the size of a reference to it.

    Raises what `retained_growth` raises.
    """

    def rests(growth: Retained) -> bool:
        keys = [bytes_per_key * count for count in growth.counts]
        grown = [later - earlier for earlier, later in pairwise(growth.steps)]
        late = range(steps // 2, len(grown))
        return any(
            grown[step] <= -keys[step + 1]
            or sum(grown[step - REST + 1 : step + 1]) <= sum(keys[step - REST + 2 : step + 2]) / 2
            for step in late
        )

    growth = retained_growth(feed, steps, until=rests)
    return None if rests(growth) else growth


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


def _bytes(count: float) -> str:
    if abs(count) < 1000:
        return f"{count:.0f} bytes"
    for unit, size in (("kB", 1e3), ("MB", 1e6), ("GB", 1e9)):
        if abs(count) < 999.5 * size or unit == "GB":
            return f"{count / size:.3g} {unit}"
    raise AssertionError("unreachable")

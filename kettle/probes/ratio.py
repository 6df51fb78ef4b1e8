"""How many times as fast one callable is as another: interleaved runs until it is decided, three outcomes.

For a claim whose cause cannot be counted. The statistics are in `kettle.probes.engines.interval`.

    found = compare(before, after)
    found.outcome, found.ratio, found.low, found.high
    f"Here, your page is {found}."
"""

import gc
import inspect
import random
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from kettle.probes.engines.blas import one_blas_thread
from kettle.probes.engines.interval import MOST, ROUND, divided, interval
from kettle.records import FASTER, SAME, SLOWER, TOO_NOISY, outcome

__all__ = [
    "FASTER",
    "ROUND",
    "SAME",
    "SLOWER",
    "TOO_NOISY",
    "Ratio",
    "compare",
    "compare_async",
    "far_from",
    "in_words",
    "turns",
]
_CLOCKS: dict[str, tuple[Callable[[], float], Literal["perf_counter", "thread_time"]]] = {
    "wall": (time.perf_counter, "perf_counter"),
    "cpu": (time.thread_time, "thread_time"),
}


@dataclass(frozen=True)
class Ratio:
    """Two versions compared. In a sentence: `Here, your page is {ratio}.`

    Attributes:
        before, after: seconds for one call, in the order of the rounds.
        clock: "wall", or "cpu" for the CPU time of the calling thread.
        rounds: that there could have been. The interval from `low` to `high` holds the true ratio in 99 of
            100 comparisons, whenever they ended.
    """

    before: tuple[float, ...]
    after: tuple[float, ...]
    clock: str = "wall"
    rounds: int = MOST

    @cached_property
    def _interval(self) -> tuple[float, float, float]:
        return interval(self.before, self.after, self.rounds)

    @property
    def low(self) -> float:
        """The lower end of the interval of `ratio`; 0 after a single round."""
        return self._interval[0]

    @property
    def ratio(self) -> float:
        """How many times as fast `after` is: below 1, it is slower."""
        return self._interval[1]

    @property
    def high(self) -> float:
        """The upper end of the interval of `ratio`; infinity after a single round."""
        return self._interval[2]

    @property
    def best_ratio(self) -> float:
        """The ratio of the shortest runs, those that the machine disturbed least."""
        return divided(min(self.before), min(self.after))

    @property
    def outcome(self) -> str:
        """One of FASTER, SLOWER, SAME (within a tenth) and TOO_NOISY."""
        return outcome(self.low, self.high)

    @property
    def decided(self) -> bool:
        """Whether further runs would say little more: the interval is narrow, too, for its distance to 1."""
        low, high = (self.low, self.high) if self.outcome != SLOWER else (1 / self.high, 1 / self.low)
        return self.outcome == SAME or (self.outcome != TOO_NOISY and high <= low * max(2, low))

    def __repr__(self) -> str:
        ends = (1 / self.high, 1 / self.low) if self.outcome == SLOWER else (self.low, self.high)
        between = f"{in_words(ends[0])} to {in_words(ends[1])}{', CPU time' if self.clock == 'cpu' else ''}"
        return {
            FASTER: f"about {in_words(self.ratio)} times as fast ({between})",
            SLOWER: f"slower, by a factor of about {in_words(1 / self.ratio)} ({between})",
            SAME: f"just as fast, the same within a tenth ({between})",
            TOO_NOISY: f"about {in_words(self.ratio)} times as fast so far ({between}: too noisy to say)",
        }[self.outcome]


def far_from(limit: float) -> Callable[[Ratio], bool]:
    """Return a rule by which runs end as soon as the shortest of them are far from a limit."""
    return lambda found: not limit / 2 < found.best_ratio < limit * 2


def _decided(found: Ratio) -> bool:
    return found.decided


def compare(
    before: Callable,
    after: Callable,
    *args: Any,
    clock: str = "wall",
    make: Callable[[], tuple] | None = None,
    rounds: int = MOST,
    patience: float = 10.0,
    shortest: float = 0.001,
    enough: Callable[[Ratio], bool] = _decided,
    seed: int = 7,
) -> Ratio:
    """Time `before(*args)` and `after(*args)`, three runs of each a round, until it is decided.

    The order in a round is random. Each is called once to warm up. Automatic garbage collection is off during
    a run, and NumPy's linear algebra uses one thread where that can be set.

    Args:
        before: a plain function.
        after: another, for the same work.
        *args: what both are called with, unless `make` is given.
        clock: "wall", or "cpu" for the CPU time of this thread, which a busy machine disturbs less; work in
            other threads and waiting are not in it.
        make: builds fresh arguments for each call, untimed, in the place of `args`.
        rounds: at most, two or more.
        patience: seconds after which no round begins, but for the second.
        shortest: seconds that a run should last at least; quicker functions are called several times in a
            run, unless `make` is given.
        enough: tells of a Ratio whether runs may end; if not given, `Ratio.decided`.
        seed: of the order of the runs.

    Raises:
        TypeError: one of the two is a coroutine function.
        ValueError: fewer than two rounds, or an unknown clock.
    """
    for fn in (before, after):
        if inspect.iscoroutinefunction(fn):
            raise TypeError(f"{fn.__name__} is a coroutine function: use `await compare_async(...)`")
    read, resolution = _clock(clock)
    # Windows ticks CPU time in 1/64 s: a run must span many ticks to be told at all
    shortest, versions = max(shortest, 20 * resolution), (before, after)
    numbers, times = [1, 1], _no_times()

    def timed(which: int) -> float:
        given, calls, fn = make() if make else args, range(numbers[which]), versions[which]
        with _collector_off():
            started = read()
            for _ in calls:
                fn(*given)
            return (read() - started) / len(calls)

    def found() -> Ratio:
        return Ratio(tuple(times[0]), tuple(times[1]), clock, rounds)

    with one_blas_thread(warn=False):
        for which, fn in enumerate(versions):
            fn(*(make() if make else args))
            if not make:
                numbers[which] = max(1, min(100_000, round(shortest / max(timed(which), 1e-7))))
        for which in turns(rounds, patience, lambda: enough(found()), seed):
            times[which].append(timed(which))
    return found()


async def compare_async(
    before: Callable[..., Awaitable],
    after: Callable[..., Awaitable],
    *args: Any,
    clock: str = "wall",
    make: Callable[[], tuple] | None = None,
    rounds: int = MOST,
    patience: float = 10.0,
    enough: Callable[[Ratio], bool] = _decided,
    seed: int = 7,
) -> Ratio:
    """Time two coroutine functions on the running loop; otherwise like `compare`, with one call in each run.

    What else runs on the loop is in the times. A plain function may be one of the two.
    """
    read, _ = _clock(clock)
    times = _no_times()

    async def timed(fn: Callable) -> float:
        given = make() if make else args
        with _collector_off():
            started = read()
            await _awaited(fn(*given))
            return read() - started

    def found() -> Ratio:
        return Ratio(tuple(times[0]), tuple(times[1]), clock, rounds)

    with one_blas_thread(warn=False):
        for fn in (before, after):
            await timed(fn)
        for which in turns(rounds, patience, lambda: enough(found()), seed):
            times[which].append(await timed((before, after)[which]))
    return found()


def turns(rounds: int, patience: float, enough: Callable[[], bool], seed: int | None = None) -> Iterator[int]:
    """Yield whose turn it is, 0 or 1: three runs of each in random order, round after round.

    Args:
        rounds: at most, two or more.
        patience: seconds after which no round begins, but for the second.
        enough: asked after each round.
        seed: of the order.
    """
    if rounds < 2:
        raise ValueError("there must be two rounds or more: one cannot decide anything")
    order, ends = random.Random(seed), time.monotonic() + patience
    for done in range(1, rounds + 1):
        places = [0, 1] * ROUND
        order.shuffle(places)
        yield from places
        if enough() or (done > 1 and time.monotonic() > ends):
            return


def _no_times() -> tuple[list[float], list[float]]:
    return [], []


def _clock(name: str) -> tuple[Callable[[], float], float]:
    """Give the clock of a name, and its resolution in seconds."""
    if name not in _CLOCKS:
        raise ValueError("clock must be one of 'wall' and 'cpu'")
    read, known_as = _CLOCKS[name]
    return read, time.get_clock_info(known_as).resolution


@contextmanager
def _collector_off() -> Iterator[None]:
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


async def _awaited(value: object) -> object:
    return await value if inspect.isawaitable(value) else value


def in_words(ratio: float) -> str:
    """Write a ratio with two digits; with three just above 1."""
    return f"{ratio:,.0f}" if ratio >= 99.5 else f"{ratio:.{3 if 0.995 <= ratio < 1.995 else 2}g}"

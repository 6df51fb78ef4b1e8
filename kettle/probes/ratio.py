"""How many times as fast one callable is as another: interleaved runs, an interval, an honest answer.

For where no cause can be counted. Runs alternate in random order, so that a slow moment of the machine hits
both.

    found = compare(before, after, clock="cpu", at_least=3)
    if found.answer == TOO_NOISY:
        raise Undecided(str(found))
"""

import gc
import inspect
import random
import statistics
import time
from collections.abc import Awaitable, Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from kettle.probes.engines.blas import one_blas_thread
from kettle.probes.engines.bootstrap import bootstrap, divided, ratio_of_medians, spread

FASTER, NOT_FASTER, TOO_NOISY = "faster", "not faster", "too noisy to tell"
_CLOCKS: dict[str, tuple[Callable[[], float], Literal["perf_counter", "thread_time"]]] = {
    "wall": (time.perf_counter, "perf_counter"),
    "cpu": (time.thread_time, "thread_time"),
}


@dataclass(frozen=True)
class Ratio:
    """Two callables compared.

    Attributes:
        before, after: seconds for one call, in the order of the pairs; on the clock named by `clock`.
        clock: "wall", or "cpu" for the CPU time of the calling thread.
        at_least: the smallest ratio that counts as faster.
        confidence: of the interval from `low` to `high`, between 0 and 1.
        before_value, after_value: what the warm-up calls returned.
    """

    before: tuple[float, ...]
    after: tuple[float, ...]
    clock: str = "wall"
    at_least: float = 1.1
    confidence: float = 0.95
    before_value: Any = field(default=None, repr=False, compare=False)
    after_value: Any = field(default=None, repr=False, compare=False)

    @property
    def ratio(self) -> float:
        """The median of `before` divided by the median of `after`: above 1, `after` is faster."""
        return ratio_of_medians(self.before, self.after)

    @property
    def best_ratio(self) -> float:
        """The ratio of the shortest runs, those that the machine disturbed least."""
        return divided(min(self.before), min(self.after))

    @property
    def low(self) -> float:
        """The lower end of the interval of `ratio`."""
        return self._interval[0]

    @property
    def high(self) -> float:
        """The upper end of the interval of `ratio`."""
        return self._interval[1]

    @cached_property
    def _interval(self) -> tuple[float, float]:
        return bootstrap(self.before, self.after, confidence=self.confidence)

    @property
    def before_median(self) -> float:
        """Seconds for one call of `before`."""
        return statistics.median(self.before)

    @property
    def after_median(self) -> float:
        """Seconds for one call of `after`."""
        return statistics.median(self.after)

    @property
    def before_spread(self) -> float:
        """The interquartile range of `before`, as a share of its median."""
        return spread(self.before)

    @property
    def after_spread(self) -> float:
        """The interquartile range of `after`, as a share of its median."""
        return spread(self.after)

    @property
    def answer(self) -> str:
        """One of three: "faster", "not faster", "too noisy to tell".

        "faster" only if the whole interval reaches `at_least`, "not faster" only if none of it does.
        """
        if self.low >= self.at_least:
            return FASTER
        return NOT_FASTER if self.high < self.at_least else TOO_NOISY

    def __repr__(self) -> str:
        runs = f"{len(self.before)} interleaved runs each"
        cpu = ", CPU time" if self.clock == "cpu" else ""
        if self.low <= 1 <= self.high:
            return f"as fast: no difference that this machine can tell ({runs}{cpu})"
        return f"{_told(self.ratio)} times as fast ({_told(self.low)} to {_told(self.high)}; {runs}{cpu})"


def compare(
    before: Callable,
    after: Callable,
    *args: Any,
    repeat: int = 7,
    clock: str = "wall",
    at_least: float | None = None,
    make: Callable[[], tuple] | None = None,
    most: int | None = None,
    patience: float = 30.0,
    shortest: float = 0.001,
    seed: int = 7,
) -> Ratio:
    """Time `before(*args)` and `after(*args)` in interleaved pairs, each pair in random order.

    Each is called once to warm up. While the answer is "too noisy to tell", further pairs are run, within
    bounds. Automatic garbage collection is off during a run, and NumPy's linear algebra uses one thread
    where that can be set.

    Arguments:
        before: a plain function.
        after: another, for the same work.
        *args: what both are called with, unless `make` is given.
        repeat: pairs of runs, at least 3.
        clock: "wall", or "cpu" for the CPU time of this thread, which a busy machine disturbs less; work in
            other threads and waiting are not in it.
        at_least: the smallest ratio that counts as faster; 1.1 if not given.
        make: builds fresh arguments for each call, untimed, in the place of `args`.
        most: pairs at most; 4 times `repeat` if not given.
        patience: seconds after which no further pairs are added.
        shortest: seconds that a run should last at least; quicker functions are called several times in a
            run, unless `make` is given.
        seed: of the order of the runs.

    Raises what the callables raise, TypeError for coroutine functions, ValueError for settings that make no
    sense.
    """
    for fn in (before, after):
        if inspect.iscoroutinefunction(fn):
            raise TypeError(f"{fn.__name__} is a coroutine function: use `await compare_async(...)`")
    most = most or 4 * repeat
    plan = _Plan(args, repeat, clock, at_least or 1.1, make, most, patience, shortest, seed)
    with one_blas_thread(warn=False):
        runs = [_Runs(fn) for fn in (before, after)]
        for side in runs:
            side.value = side.fn(*plan.arguments())
            if make is None:
                side.number = plan.calls_in_a_run(_timed(plan, side.fn, 1))
        while plan.goes_on(runs):
            for side in plan.pair(runs):
                side.times.append(_timed(plan, side.fn, side.number) / side.number)
    return plan.judged(runs)


async def compare_async(
    before: Callable[..., Awaitable],
    after: Callable[..., Awaitable],
    *args: Any,
    repeat: int = 7,
    clock: str = "wall",
    at_least: float | None = None,
    make: Callable[[], tuple] | None = None,
    most: int | None = None,
    patience: float = 30.0,
    seed: int = 7,
) -> Ratio:
    """Time two coroutine functions on the running loop; otherwise like `compare`, with one call in each run.

    What else runs on the loop is in the times. A plain function may be one of the two.
    """
    most = most or 4 * repeat
    plan = _Plan(args, repeat, clock, at_least or 1.1, make, most, patience, 0.0, seed)
    with one_blas_thread(warn=False):
        runs = [_Runs(fn) for fn in (before, after)]
        for side in runs:
            side.value = await _awaited(side.fn(*plan.arguments()))
        while plan.goes_on(runs):
            for side in plan.pair(runs):
                side.times.append(await _timed_async(plan, side.fn))
    return plan.judged(runs)


class _Runs:
    """The runs of one of the two callables."""

    def __init__(self, fn: Callable):
        self.fn, self.number, self.value = fn, 1, None
        self.times: list[float] = []


@dataclass
class _Plan:
    """The settings of a comparison, and when it ends."""

    args: tuple
    repeat: int
    clock: str
    at_least: float
    make: Callable[[], tuple] | None
    most: int
    patience: float
    shortest: float
    seed: int

    def __post_init__(self):
        if self.repeat < 3 or self.clock not in _CLOCKS:
            raise ValueError("repeat must be at least 3, and clock one of 'wall' and 'cpu'")
        self.read, clock_name = _CLOCKS[self.clock]
        # Windows ticks CPU time in 1/64 s: a run must span many ticks to be told at all
        self.shortest = max(self.shortest, 20 * time.get_clock_info(clock_name).resolution)
        self.most = max(self.repeat, self.most)
        self._ends, self._order = time.monotonic() + self.patience, random.Random(self.seed)

    def arguments(self) -> tuple:
        return self.make() if self.make else self.args

    def calls_in_a_run(self, seconds: float) -> int:
        return max(1, min(100_000, round(self.shortest / max(seconds, 1e-7))))

    def pair(self, runs: list[_Runs]) -> list[_Runs]:
        return runs if self._order.random() < 0.5 else runs[::-1]

    def goes_on(self, runs: list[_Runs]) -> bool:
        done = len(runs[0].times)
        if done < self.repeat or done % self.repeat:
            return True
        late = time.monotonic() > self._ends
        return done < self.most and not late and self.judged(runs).answer == TOO_NOISY

    def judged(self, runs: list[_Runs]) -> Ratio:
        before, after = runs
        return Ratio(
            tuple(before.times),
            tuple(after.times),
            self.clock,
            self.at_least,
            before_value=before.value,
            after_value=after.value,
        )


@contextmanager
def _collector_off():
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def _timed(plan: _Plan, fn: Callable, number: int) -> float:
    args, read, calls = plan.arguments(), plan.read, range(number)
    with _collector_off():
        started = read()
        for _ in calls:
            fn(*args)
        return read() - started


async def _timed_async(plan: _Plan, fn: Callable) -> float:
    args = plan.arguments()
    with _collector_off():
        started = plan.read()
        await _awaited(fn(*args))
        return plan.read() - started


async def _awaited(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value


def _told(ratio: float) -> str:
    return f"{ratio:,.0f}" if ratio >= 99.5 else f"{ratio:.2g}"

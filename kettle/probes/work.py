"""Python-level work of a run, counted and not timed: executed instructions and calls.

The counts repeat exactly on one version of Python, however busy the machine is; between versions they differ.
Work inside C code is invisible to them, and counting slows Python code about 20 to 50 times: count small
sizes. What asyncio, threading, concurrent.futures and multiprocessing execute for themselves is left out,
since how often they wake up depends on the moment; what they call is counted.

    done = work(labels, parcels)
    done.instructions, done.processes
    growth(labels, sizes=(100, 400))
"""

import asyncio
import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from kettle.probes.engines.counting import Counting


@dataclass(frozen=True)
class Work:
    """What one run executed.

    Attributes:
        instructions: bytecode instructions executed in Python functions, in all threads of the run.
        calls: Python functions entered; the steps of a generator or coroutine are not calls.
        c_calls: functions of C called from Python functions.
        value: what the run returned.
        threads: other threads that executed Python code for the run.
        processes: processes started by the run.
        sent_away: jobs given to pools of processes or interpreters; their work is not in the counts.
    """

    instructions: int
    calls: int
    c_calls: int
    value: Any = field(repr=False, compare=False)
    threads: int = 0
    processes: int = 0
    sent_away: int = 0

    def __repr__(self) -> str:
        text = f"{self.instructions:,} instructions, {self.calls:,} calls"
        text += f" and {self.c_calls:,} calls of C functions"
        if self.threads:
            text += f", {self.threads} other thread{'s' * (self.threads > 1)}"
        if self.processes or self.sent_away:
            text += f"; not counted: {self.processes} processes started, {self.sent_away} jobs sent to others"
        return text


def work(fn: Callable, *args: Any, **kwargs: Any) -> Work:
    """Run `fn(*args, **kwargs)` once and count what it executes.

    A coroutine function is run to its end, by `asyncio.run`, in this thread. Counted are
    this thread, the threads it starts, and the jobs it gives to thread pools; pools and threads that wait
    for work in ways of their own are not. Automatic garbage collection is off meanwhile. A debugger's or
    coverage tool's trace function sees nothing of the run and is set again after it.

    Raises what `fn` raises, and RuntimeError if `fn` replaced the trace function, so that the count was lost.
    """
    pending = fn if inspect.iscoroutinefunction(fn) else None
    with Counting() as counting:
        if pending is None:
            value = counting.here(fn, *args, **kwargs)
            if inspect.isawaitable(value):
                pending, args, kwargs = _itself, (value,), {}
        if pending is not None:
            with asyncio.Runner() as runner:  # its loop is made and closed outside of what is counted
                run = runner.get_loop().run_until_complete
                value = counting.here(run, _awaited(pending, args, kwargs))
    return _told(counting, value)


async def _awaited(fn: Callable, args: tuple, kwargs: dict) -> Any:
    return await fn(*args, **kwargs)


def _itself(value: Any) -> Any:
    return value


def _told(counting: Counting, value: Any) -> Work:
    instructions, calls, c_calls = counting.totals
    if counting.lost or (calls and not instructions):  # sys.monitoring can lose events when tools come and go
        raise RuntimeError("The count was lost: a trace or profile function was set while it was counted.")
    away = (counting.processes, counting.sent_away)
    return Work(instructions, calls, c_calls, value, counting.threads, *away)


@dataclass(frozen=True)
class Growth:
    """How the work of a function grows with the size of its input.

    Attributes:
        sizes: the sizes that were run, ascending.
        runs: the `Work` of each.
    """

    sizes: tuple[int, ...]
    runs: tuple[Work, ...] = field(repr=False)

    @property
    def instructions(self) -> tuple[int, ...]:
        """Instructions at each size."""
        return tuple(run.instructions for run in self.runs)

    @property
    def per_item(self) -> float:
        """Marginal instructions: how many more for one more item, between the two largest sizes."""
        (low, few), (high, many) = list(zip(self.sizes, self.instructions, strict=True))[-2:]
        return (many - few) / (high - low)

    @property
    def exponent(self) -> float:
        """The p for which the counts at the three largest sizes fit a + b·n**p; with two sizes, a is 0.

        0 where the count does not grow. Found by bisection, between 0 and 6.
        """
        if self.instructions[-1] <= self.instructions[-2]:
            return 0.0
        points = list(zip(self.sizes, self.instructions, strict=True))[-3:]
        if len(points) == 2:
            points.insert(0, (0, 0))
        (a, first), (b, second), (c, third) = points
        if second <= first:
            return 6.0
        wanted, low, high = (third - second) / (second - first), 0.001, 6.0
        for _ in range(50):
            middle = (low + high) / 2
            grown = (c**middle - b**middle) / (b**middle - a**middle if a else b**middle)
            low, high = (middle, high) if grown < wanted else (low, middle)
        return round((low + high) / 2, 2)

    @property
    def shape(self) -> str:
        """The growth in words: "flat", "linear", "quadratic", or as a power of n.

        "flat" is less than one instruction for each further item: no loop in Python costs so little.
        """
        if self.per_item < 1:
            return "flat"
        for name, low, high in (("linear", 0.85, 1.15), ("quadratic", 1.8, 2.2)):
            if low <= self.exponent <= high:
                return name
        return f"n^{self.exponent:.1f}"

    def __repr__(self) -> str:
        first, last = self.instructions[0], self.instructions[-1]
        return (
            f"{self.shape}: {self.per_item:,.1f} more instructions for each item "
            f"({first:,} at n={self.sizes[0]:,}, {last:,} at n={self.sizes[-1]:,})"
        )


def growth(fn: Callable, sizes: tuple[int, ...], make: Callable[[int], Any] | None = None) -> Growth:
    """Count the work of `fn` at several sizes.

    Arguments:
        fn: called with `make(n)`, or with n itself; may be a coroutine function.
        sizes: at least two, better three sizes; a first run at the smallest is not counted, since it fills
            caches.
        make: builds the input of size n; its work is not counted.

    Raises ValueError for fewer than two different sizes.
    """
    make, sizes = _prepared(sizes, make)
    work(fn, make(sizes[0]))
    return Growth(sizes, tuple(work(fn, make(size)) for size in sizes))


def _prepared(sizes: tuple[int, ...], make: Callable | None) -> tuple[Callable, tuple[int, ...]]:
    sizes = tuple(sorted(set(sizes)))
    if len(sizes) < 2:
        raise ValueError("growth needs at least two different sizes")
    return make or (lambda size: size), sizes

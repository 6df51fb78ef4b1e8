"""Lines of a function: how often each ran and how long it took, as line_profiler measures it.

Timing each line costs time, most where a line calls much Python code, so the times are too long. While a
coroutine waits, none of its lines is charged.

It shows where to look; no verdict rests on it.

    timed = time_lines(normalise, rows)
    timed.top.source, timed.share()
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self


@dataclass(frozen=True)
class Line:
    """One line of a function.

    Attributes:
        number: from 1, which is the line of its `def`, or of its first decorator.
        source: as it stands there; "" where it is not known.
        hits: how often it ran.
        seconds: in all these runs, with all that it called.
    """

    number: int
    source: str
    hits: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Lines:
    """All lines of one function, in order, and what it returned."""

    name: str
    lines: tuple[Line, ...]
    value: Any = field(repr=False, compare=False, default=None)

    @property
    def seconds(self) -> float:
        """What all lines took together."""
        return sum(line.seconds for line in self.lines)

    @property
    def top(self) -> Line:
        """The line that took longest."""
        return max(self.lines, key=lambda line: line.seconds)

    def holding(self, part: str) -> Line | None:
        """Return the first line that holds a text; None where there is none."""
        return next((line for line in self.lines if part in line.source), None)

    def share(self, part: str = "") -> float:
        """Return the percentage of the time in lines that hold a text; without one, the top line's."""
        chosen = [line for line in self.lines if part in line.source] if part else [self.top]
        return 100 * sum(line.seconds for line in chosen) / (self.seconds or 1.0)

    def __repr__(self) -> str:
        return f"{self.name}: line {self.top.number} of {len(self.lines)} has {self.share():.0f}% of the time"


def time_lines(function: Callable, *args: Any, **kwargs: Any) -> Lines:
    """Call a function written in Python once, and time each of its lines.

    Args:
        function: what is called and timed.
        *args: what it is called with.
        **kwargs: what else it is called with.

    Raises:
        TypeError: it is not written in Python.
        Exception: what it raises.
    """
    with watch_lines(function) as watched:
        value = function(*args, **kwargs)
    return Lines(watched.lines.name, watched.lines.lines, value)


class watch_lines:  # noqa: N801 (used as a verb: with watch_lines(cart) as watched)
    """Time each line of a function while the block runs, in this thread; it may be a coroutine function.

    Read afterwards: lines, a `Lines` of all its calls together. Raises TypeError if the function is not
    written in Python.
    """

    def __init__(self, function: Callable) -> None:
        self._function = inspect.unwrap(function)
        if not inspect.isfunction(self._function):
            raise TypeError(f"{function!r} has no lines of Python")

    def __enter__(self) -> Self:
        from line_profiler import LineProfiler  # only where it is used: its import takes longer than ours

        self._profiler = LineProfiler(self._function)  # type: ignore[call-arg]  # its stubs lack it
        self._profiler.enable_by_count()
        return self

    def __exit__(self, *error: object) -> None:
        self._profiler.disable_by_count()
        self.lines = _lines(self._function, self._profiler.get_stats())


def _lines(function: Callable, stats: Any) -> Lines:
    first = function.__code__.co_firstlineno
    timed = {
        number: (hits, total * stats.unit)
        for (_, _, name), lines in stats.timings.items()
        if name.rpartition(".")[2] == function.__name__
        for number, hits, total in lines
    }
    try:
        source = [line.rstrip("\n") for line in inspect.getsourcelines(function)[0]]
    except OSError:  # it was made by exec, say
        source = [""] * (max(timed, default=first) - first + 1)
    lines = (Line(n, text, *timed.get(first + n - 1, (0, 0.0))) for n, text in enumerate(source, 1))
    return Lines(function.__name__, tuple(lines))

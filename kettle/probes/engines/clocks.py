"""The clocks of the standard library, which can be set: whoever reads one may be told another time.

Once `install` was called, each function that shows the time asks first whether somebody tells another one to
the thread that reads it. Names that are imported afterwards, default arguments and closures hold such a
function too, so it is called before a learner's cells run.
"""

from __future__ import annotations

import datetime as dt
import sys
import time
import timeit
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Protocol

from kettle.layers import replace
from kettle.probes.engines.blocking import names_of, own_modules

MONOTONIC, WALL, CPU = "monotonic", "wall", "cpu"
KINDS = {
    "perf_counter": MONOTONIC,
    "monotonic": MONOTONIC,
    "time": WALL,
    "process_time": CPU,
    "thread_time": CPU,
}
NUMBERED = {
    "CLOCK_MONOTONIC": MONOTONIC,
    "CLOCK_MONOTONIC_RAW": MONOTONIC,
    "CLOCK_BOOTTIME": MONOTONIC,
    "CLOCK_UPTIME_RAW": MONOTONIC,
    "CLOCK_REALTIME": WALL,
    "CLOCK_PROCESS_CPUTIME_ID": CPU,
    "CLOCK_THREAD_CPUTIME_ID": CPU,
}


class Teller(Protocol):
    """Who tells the time."""

    def is_ours(self) -> bool:
        """Tell whether the current thread is told it."""

    def tell(self, kind: str, module: str) -> float:
        """Return the seconds that a kind of clock shows to the module that reads it."""


_teller: Teller | None = None
_undo: list[Callable] = []


def install() -> None:
    """Let the clocks ask who tells the time, from now on."""
    if _undo:
        return
    readers = {getattr(time, name): _reader(name, kind) for name, kind in _functions()}
    numbered = [name for name in ("clock_gettime", "clock_gettime_ns") if hasattr(time, name)]
    readers |= {getattr(time, name): _numbered(name) for name in numbered}
    readers[dt.datetime] = _telling(dt.datetime)
    modules = [time, dt, timeit, *own_modules()]
    for original, reader in readers.items():
        instead = partial(_first, reader)
        _undo.extend(replace(module, name, instead) for module, name in names_of(original, modules))
    reading: tuple[Any, ...] = (timeit.Timer.__init__, timeit.timeit, timeit.repeat)
    for function in reading:
        _undo.append(partial(setattr, function, "__defaults__", function.__defaults__))
        function.__defaults__ = tuple(_in_place(each, readers) for each in function.__defaults__)


def remove() -> None:
    """Put the clocks back, where a test had them installed."""
    while _undo:
        _undo.pop()()


@contextmanager
def telling(teller: Teller) -> Iterator[None]:
    """Let somebody tell the time in this block; one at a time."""
    global _teller  # noqa: PLW0603 - the clocks are everybody's
    install()
    _teller = teller
    try:
        yield
    finally:
        _teller = None


def _first(reader: Any, original: Any) -> Any:
    return reader


def _functions() -> list[tuple[str, str]]:
    names = [(name + unit, kind) for name, kind in KINDS.items() for unit in ("", "_ns")]
    return [(name, kind) for name, kind in names if hasattr(time, name)]


def _in_place(value: Any, readers: dict) -> Any:
    return readers[value] if callable(value) and value in readers else value


def _told(kind: str, depth: int = 2) -> float | None:
    """Return what is told to whoever called the clock; None where nobody tells this thread."""
    teller = _teller
    if teller is None or not teller.is_ours():
        return None
    return teller.tell(kind, sys._getframe(depth).f_globals.get("__name__", ""))


def _reader(name: str, kind: str) -> Callable:
    original = getattr(time, name)

    def seconds() -> float:
        told = _told(kind)
        return original() if told is None else told

    def nanoseconds() -> int:
        told = _told(kind)
        return original() if told is None else round(told * 1e9)

    return _named(nanoseconds if name.endswith("_ns") else seconds, original)


def _numbered(name: str) -> Callable:
    original = getattr(time, name)
    kinds = {getattr(time, clock): kind for clock, kind in NUMBERED.items() if hasattr(time, clock)}

    def read(clk_id: int) -> float:
        told = _told(kinds[clk_id]) if clk_id in kinds else None
        if told is None:
            return original(clk_id)
        return round(told * 1e9) if name.endswith("_ns") else told

    return _named(read, original)


def _named(reader: Callable, original: Callable) -> Callable:
    reader.__name__ = reader.__qualname__ = original.__name__
    reader.__module__, reader.__doc__ = "time", original.__doc__
    return reader


def _telling(original: type) -> type:
    """Return a class that is `datetime.datetime` to everybody, and whose `now` is told."""

    class Meta(type):
        def __instancecheck__(cls, instance: Any) -> bool:
            return isinstance(instance, original)

        def __subclasscheck__(cls, other: type) -> bool:
            return issubclass(other, original)

    class Told(original, metaclass=Meta):
        def __repr__(self) -> str:
            return f"datetime.{super().__repr__()}"

        @classmethod
        def now(cls, tz: Any = None) -> Any:
            told = _told(WALL)
            return super().now(tz) if told is None else cls.fromtimestamp(told, tz)

        @classmethod
        def today(cls) -> Any:
            told = _told(WALL)
            return super().today() if told is None else cls.fromtimestamp(told)

        @classmethod
        def utcnow(cls) -> Any:
            told = _told(WALL)
            now = super().now if told is None else lambda tz: cls.fromtimestamp(told, tz)
            return now(dt.UTC).replace(tzinfo=None)

    Told.__name__ = Told.__qualname__ = "datetime"
    Told.__module__ = "datetime"
    return Told

"""Waits: where each task of an event loop is waiting, asked a hundred times a second from another thread.

A task that waits is on no stack: its coroutines are suspended, and a profiler of threads sees the loop's
own poll instead. But each coroutine knows which one it awaits, so a task can be asked.

It shows where to look; no verdict rests on it.

    with watch_waits() as waits:
        await page(api)
    waits.lines_of(page)
"""

import asyncio
import linecache
import sys
import sysconfig
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType
from typing import TypeVar

from kettle.probes.engines.callbacks import is_servants
from kettle.probes.engines.where import coroutine_frames, no_collection

INTERVAL = 0.01  # seconds between two looks
LEAST = 0.005  # of the whole: less is not printed
_LIBRARIES = tuple({sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")})

Key = TypeVar("Key")
Place = tuple[CodeType, int, str]  # a function's code, a line's number, the module's name


@dataclass(frozen=True)
class Wait:
    """A place that tasks stood at.

    Attributes:
        path: lines of one's own code that lead there, the outermost first: pairs of function and source.
        seconds: of all tasks together; ten tasks that stand there for a second are ten.
        looks: how often a task was seen there.
        at: the innermost function, where it is a library's, such as "acquire in asyncio/locks.py".
        running: whether the task ran there, and did not wait.
    """

    path: tuple[tuple[str, str], ...]
    seconds: float
    looks: int
    at: str = ""
    running: bool = False


class watch_waits:  # noqa: N801 (used as a verb: with watch_waits() as waits)
    """Ask each task of the running loop what it stands at, until the block ends.

    Read afterwards: waits: every Wait, the longest first. looks: how often was asked. cost: seconds of the
    processor that asking took. thread_at(): where the loop's own thread was, which is all that a profiler of
    threads can see. Tasks of the notebook's kernel and of the course's panels are left out, but for the one
    that the block is in. Raises RuntimeError where no loop runs.

    Args:
        interval: seconds between two looks.
    """

    def __init__(self, interval: float = INTERVAL) -> None:
        self.interval = interval
        self.looks, self.cost = 0, 0.0
        self._seconds: defaultdict[tuple[tuple[Place, ...], bool], float] = defaultdict(float)
        self._times: Counter[tuple] = Counter()
        self._thread_at: Counter[tuple] = Counter()

    def __enter__(self) -> "watch_waits":
        self._loop, self._first = asyncio.get_running_loop(), asyncio.current_task()
        self._thread, self._stopped = threading.get_ident(), threading.Event()
        self._asking = threading.Thread(target=self._ask, name="asks tasks what they wait for", daemon=True)
        self._asking.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stopped.set()
        self._asking.join()
        self._first = None

    @property
    def waits(self) -> list[Wait]:
        """Every place that tasks stood at, the longest first."""
        found = []
        for (places, running), seconds in _longest_first(self._seconds):
            at = "" if _is_own(places[-1]) else _named(places[-1])
            found.append(Wait(_path(places), seconds, self._times[places, running], at, running))
        return found

    @property
    def seconds(self) -> float:
        """How long all tasks together were seen."""
        return sum(self._seconds.values())

    def lines_of(self, *functions: Callable) -> dict[str, float]:
        """Return the seconds that tasks stood at each line of some functions, the longest first.

        Args:
            *functions: where the lines are looked for; what they call counts as theirs.
        """
        names = {function.__name__ for function in functions}
        lines: defaultdict[str, float] = defaultdict(float)
        for wait in self.waits:
            inner = next((step for step in reversed(wait.path) if step[0] in names), None)
            if inner is not None:
                lines[inner[1]] += wait.seconds
        return dict(_longest_first(lines))

    def thread_at(self) -> dict[str, float]:
        """Return the share of looks, 0 to 1, at which the loop's own thread was somewhere, the most first."""
        found: Counter[str] = Counter()
        for places, times in self._thread_at.items():
            own = places and _is_own(places[-1])
            found[_told(_path(places)[-1]) if own else _named(places[-1]) if places else "ended"] += times
        return {name: times / (self.looks or 1) for name, times in found.most_common()}

    def __repr__(self) -> str:
        return "\n".join([f"{self.looks} looks, {self.seconds:.2f} s of tasks", *tree_of(self.waits)])

    def _ask(self) -> None:
        before = time.perf_counter()
        while not self._stopped.wait(self.interval):
            now = time.perf_counter()
            with no_collection():
                self._look(now - before)
            before = now
        self.cost = time.thread_time()  # of this thread, which has done nothing else

    def _look(self, passed: float) -> None:
        self.looks += 1
        running = asyncio.current_task(self._loop)
        stack = tuple(_place(frame) for frame in _stack(sys._current_frames().get(self._thread)))
        self._thread_at[stack] += 1
        for task in asyncio.all_tasks(self._loop):
            if task is not self._first and is_servants(task):
                continue
            runs = task is running
            places = tuple(_place(frame) for frame in coroutine_frames(task.get_coro()))
            if runs and places:  # its inner frames are not suspended, but on the thread's stack
                begun = next((n for n, place in enumerate(stack) if place[0] is places[0][0]), 0)
                places = stack[begun:]
            if places:
                self._seconds[places, runs] += passed
                self._times[places, runs] += 1


def tree_of(waits: list[Wait]) -> list[str]:
    """Return lines of text: a flame graph of waiting, each line indented under the one that awaits it."""
    shares: defaultdict[tuple, float] = defaultdict(float)
    whole = sum(wait.seconds for wait in waits) or 1.0
    for wait in waits:
        path = (*wait.path, wait.at or ("itself at work" if wait.running else "waits here"))
        for depth in range(1, len(path) + 1):
            shares[path[:depth]] += wait.seconds / whole
    return list(_tree(shares, ()))


def _longest_first(seconds: Mapping[Key, float]) -> list[tuple[Key, float]]:
    return sorted(seconds.items(), key=lambda item: item[1], reverse=True)


def _stack(frame: FrameType | None) -> list[FrameType]:
    frames = []
    while frame is not None:
        frames.append(frame)
        frame = frame.f_back
    return frames[::-1]


def _place(frame: FrameType) -> Place:
    return frame.f_code, frame.f_lineno, frame.f_globals.get("__name__", "")


def _is_own(place: Place) -> bool:
    code, _, module = place
    return module.partition(".")[0] != "kettle" and not code.co_filename.startswith(("<frozen", *_LIBRARIES))


def _path(places: tuple[Place, ...]) -> tuple[tuple[str, str], ...]:
    path, before = [], None
    for code, line, module in places:
        # A comprehension is a function of its own until Python 3.12: the same line for a second time.
        if _is_own((code, line, module)) and (code.co_filename, line) != before:
            before = (code.co_filename, line)
            source = linecache.getline(code.co_filename, line).strip()
            path.append((code.co_name, source or f"line {line}"))
    return tuple(path)


def _named(place: Place) -> str:
    return f"{place[0].co_name} in {'/'.join(Path(place[0].co_filename).parts[-2:])}"


def _told(step: tuple[str, str]) -> str:
    return f"{step[0]}: {step[1]}"


def _tree(shares: Mapping[tuple, float], above: tuple) -> Iterator[str]:
    under = [(path, share) for path, share in _longest_first(shares) if path[:-1] == above and share >= LEAST]
    for path, share in under:
        label = path[-1] if isinstance(path[-1], str) else _told(path[-1])
        yield f"{100 * share:5.1f}%  {'  ' * len(above)}{label}"
        yield from _tree(shares, path)

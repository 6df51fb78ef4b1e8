"""The event loop: how long one step blocked it, which code did that, and what each task did when.

For example:

    with watch_loop() as loop:
        await page(api)
    loop.longest_hold, loop.held_by
"""

import asyncio
import threading
import time
from dataclasses import dataclass
from typing import Self

from kettle.probes.engines import blocking
from kettle.probes.engines.block import Block
from kettle.probes.engines.callbacks import (
    NewTasks,
    callback_of,
    is_servants,
    name_of,
    task_of,
    unwatch_steps,
    watch_steps,
)
from kettle.probes.engines.lanes import LaneKeeper
from kettle.probes.engines.sampler import Sampler
from kettle.probes.engines.timeline import GRAIN
from kettle.records import Timeline

BUDGET = 0.02  # seconds that one step may take before it is said to hold the loop
_MOST_STEPS = 300_000  # steps kept for the picture; later ones are only measured

_CPU_FRESH = 0.001  # seconds for which a reading of the CPU clock, a system call, serves the steps that begin

_clock, _cpu = time.perf_counter, time.thread_time


@dataclass(frozen=True)
class Hold:
    """One step that held the loop.

    seconds: CPU time plus the time in blocking calls; what the machine took away meanwhile is not counted.
    wall: seconds from begin to end. where, source, function: the code seen most often while it held, as
    "module:line", its text, and the function's name. task: the coroutine function or callback of the step.
    calls: the blocking calls in it.
    """

    seconds: float
    cpu: float
    wall: float
    started: float
    task: str
    function: str
    where: str
    source: str
    calls: tuple[blocking.BlockingCall, ...] = ()

    def __str__(self) -> str:
        longest = max(self.calls, key=lambda call: call.seconds, default=None)
        what = longest.call if longest and longest.seconds > self.cpu else "CPU work"
        return f"{what} in {self.function or self.task} ({self.where or 'unknown place'})"


class watch_loop(Block):  # noqa: N801 (used as a verb: with watch_loop() as loop)
    """Watch the running event loop until the block ends; `with` and `async with` both work.

    budget: seconds that a step may hold the loop before it counts as "blocked". explain: find blocking calls
    by a profile function on the loop's thread, however they were imported (slow: for checks); else by
    replacing those known in `blocking.KNOWN` (cheap: for a timed run).

    Read afterwards, in seconds:
    longest_hold: the longest time one step held the loop, by CPU time and blocking calls, 0.0 if none did.
    longest_step: the longest step of at least a millisecond, by the clock on the wall, which grows when the
    machine is busy, too.
    held_by: the code of the longest hold as text. holds: every Hold over budget, the longest first.
    blocking: every blocking call of at least a millisecond on the loop's thread, as `BlockingCall`.
    steps: how many callbacks ran. busy: seconds in steps. timeline: every task's states (a `Timeline`).

    Raises RuntimeError where no loop runs. A step is what asyncio runs between two waits (`Handle._run`).
    """

    def __init__(self, budget: float = BUDGET, *, explain: bool = False) -> None:
        self.budget, self.explain = budget, explain
        self.longest_step = self.busy = 0.0
        self.steps = 0
        self.holds: tuple[Hold, ...] = ()
        self.blocking: tuple[blocking.BlockingCall, ...] = ()

    def __enter__(self) -> Self:
        self.loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._found: list[Hold] = []
        self._kept_calls: list[blocking.BlockingCall] = []
        self._task: asyncio.Task | None = None
        self._cpu_before, self._cpu_read = 0.0, 0.0
        self._lanes = LaneKeeper()
        self._step: tuple[int, float] | None = None  # of the step that runs: number, started
        self._recorder = blocking.Recorder(self._thread, lambda: self._step is not None)
        self._records = (blocking.profiled if self.explain else blocking.patched)(self._recorder)
        self._new_tasks = NewTasks(self.loop, self._add_lane)
        self._sampler = Sampler(self._thread, lambda: self._step)
        watch_steps(self.loop, self)
        self._records.__enter__()
        self._sampler.start()
        self.started = self.ended = _clock()
        self._first = asyncio.current_task()
        if self._first is not None:
            self._add_lane(self._first)
        self._begin()
        self.loop.call_soon(_nothing)  # so that the end of the step that we are in is seen
        return self

    def __exit__(self, *error: object) -> None:
        self._records.__exit__(None, None, None)
        unwatch_steps(self.loop, self)
        self._new_tasks.stop()
        self._end(asyncio.current_task(), None)
        self._sampler.stop()
        self.ended = _clock()
        self.blocking = tuple(self._kept_calls)
        self.holds = tuple(sorted(self._found, key=lambda hold: -hold.seconds))

    @property
    def longest_hold(self) -> float:
        """The longest time that one step held the loop, in seconds."""
        return max((hold.seconds for hold in self.holds), default=0.0)

    @property
    def held_by(self) -> str:
        """The code that held the loop longest, as text; empty if nothing held it over budget."""
        return str(self.holds[0]) if self.holds else ""

    @property
    def timeline(self) -> Timeline:
        """Every task's states over time, and the loop's, folded to a millisecond."""
        return self._lanes.timeline(self.started, self.ended)

    def __repr__(self) -> str:
        held = f"held {self.longest_hold * 1000:.0f} ms by {self.held_by}" if self.holds else "never held"
        return f"watch_loop({self.steps} steps in {self.ended - self.started:.3f} s, {held})"

    # What the loop tells of its steps, kept short: this runs between all of them.

    def begin(self, handle: asyncio.Handle) -> None:
        """Note that a step begins."""
        if self._step is not None:  # the step in which the watch began
            self._end(self._first, None)
        self._task = task = task_of(handle)
        if task is not None:
            self._lanes.begins(task, _clock())
        self._begin()

    def end(self, handle: asyncio.Handle) -> None:
        """Note that a step has ended."""
        self._end(self._task, handle)

    def _begin(self) -> None:
        self.steps += 1
        started = _clock()
        if started - self._cpu_read > _CPU_FRESH:
            self._cpu_before, self._cpu_read = _cpu(), started
        self._step = (self.steps, started)

    def _end(self, task: asyncio.Task | None, handle: asyncio.Handle | None) -> None:
        if self._step is None:
            return
        ended = _clock()
        number, started = self._step
        self._step = None
        wall = ended - started
        self.busy += wall
        held = None
        if wall >= GRAIN:
            self.longest_step = max(self.longest_step, wall)
            held = self._hold(number, started, wall, _cpu() - self._cpu_before, task, handle)
            self._cpu_read = 0.0
        if self._recorder.calls:
            self._kept_calls += self._recorder.calls
            self._recorder.calls.clear()
        if number < _MOST_STEPS:
            self._lanes.keep(task, started, ended, held.where if held else None)

    def _hold(
        self,
        number: int,
        started: float,
        wall: float,
        cpu: float,
        task: asyncio.Task | None,
        handle: asyncio.Handle | None,
    ) -> Hold | None:
        """Return a Hold if the step took more than the budget, by CPU time and blocking calls; else None."""
        calls = tuple(self._recorder.calls)
        seconds = min(wall, cpu + sum(call.seconds for call in calls))
        if seconds < self.budget:
            return None
        name = name_of(task or callback_of(handle))
        function, where, text = self._sampler.commonest(number)
        if calls and max(call.seconds for call in calls) > cpu:
            longest = max(calls, key=lambda call: call.seconds)
            where, text = longest.where, longest.source
        hold = Hold(seconds, cpu, wall, started, name, function or name, where, text, calls)
        self._found.append(hold)
        return hold

    def _add_lane(self, task: asyncio.Task) -> None:
        if task is self._first or not is_servants(task):
            self._lanes.add(task, _clock())


def _nothing() -> None:
    pass

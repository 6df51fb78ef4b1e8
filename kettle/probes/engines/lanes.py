"""What each task did, noted step by step while it runs: as little as a picture needs, and cheaply."""

import asyncio
import weakref
from types import CodeType
from typing import Any

from kettle.probes.engines.callbacks import name_of, told_name
from kettle.probes.engines.timeline import GRAIN, Step, lane
from kettle.probes.engines.where import is_library, place
from kettle.records import Timeline

_ONE_RUN = 0.0002  # seconds between steps of the loop that are told as one


class LaneKeeper:
    """The lanes of a timeline in the making. Does not keep tasks alive."""

    def __init__(self) -> None:
        self.entries: list[_Entry] = []
        self.by_task: dict[int, _Entry] = {}
        self.loop_steps: list[Step] = []

    def add(self, task: asyncio.Task, created: float) -> None:
        """Begin a lane for a task; created is in seconds of the clock that `keep` gets."""
        entry = _Entry(task, created)
        self.entries.append(entry)
        self.by_task[id(task)] = entry

    def begins(self, task: asyncio.Task, now: float) -> None:
        """Note where a task has waited; only if that took long enough to be drawn."""
        entry = self.by_task.get(id(task))
        if entry is not None and now - entry.last >= GRAIN:
            entry.note_wait()

    def keep(self, task: asyncio.Task | None, started: float, ended: float, held: str | None) -> None:
        """Note a step of a task, or of a callback (None). held: None, or the place of what held the loop."""
        self._keep_loop(started, ended, held)
        entry = self.by_task.get(id(task))
        if task is None or entry is None:
            return
        steps = entry.steps
        if held is None and steps and not steps[-1][2] and started - entry.last < _ONE_RUN:
            steps[-1] = (steps[-1][0], ended, False, steps[-1][3], "")
        else:
            steps.append((started, ended, held is not None, held or entry.then, ""))
        entry.last = ended
        if task.done():
            entry.finish(ended)
            del self.by_task[id(task)]

    def _keep_loop(self, started: float, ended: float, held: str | None) -> None:
        steps = self.loop_steps
        if steps and held is None and not steps[-1][2] and started - steps[-1][1] < _ONE_RUN:
            steps[-1] = (steps[-1][0], ended, False, "", "")
        else:
            steps.append((started, ended, held is not None, held or "", ""))

    def timeline(self, started: float, ended: float) -> Timeline:
        """Return what was noted between two times, folded."""
        for entry in self.by_task.values():  # those that still wait
            entry.note_wait()
        lanes = tuple(
            lane(entry.told_name(), entry.created, entry.ended or ended, entry.steps)
            for entry in self.entries
        )
        return Timeline(lanes, lane("loop", started, ended, self.loop_steps).segments, started, ended)


class _Entry:
    """One task as it is being watched."""

    __slots__ = ("coroutine", "created", "ended", "last", "name", "steps", "task", "then")

    def __init__(self, task: asyncio.Task, created: float) -> None:
        self.task = weakref.ref(task)
        self.coroutine: Any = task.get_coro()
        self.created = created
        self.ended: float | None = None
        self.steps: list[Step] = []
        self.name, self.then, self.last = name_of(self.coroutine), "", created

    def note_wait(self) -> None:
        """Note the line in which the coroutine waits now, as what it does after its last step."""
        self.then = waits_line(self.coroutine)
        if self.steps:
            self.steps[-1] = (*self.steps[-1][:4], self.then)

    def finish(self, ended: float) -> None:
        self.name, self.ended, self.coroutine = self.told_name(), ended, None

    def told_name(self) -> str:
        """Return the name it was given, or else that of its coroutine function. Python 3.11 names it late."""
        task = self.task() if self.coroutine is not None else None
        return told_name(task) if task is not None else self.name


_places: dict[tuple[CodeType, int], str] = {}


def waits_line(coroutine: Any) -> str:
    """Return "module:line" of the innermost own line, before library code, in which a coroutine waits."""
    found = None
    while coroutine is not None:
        frame = getattr(coroutine, "cr_frame", None)
        if frame is None or (found is not None and is_library(frame.f_code.co_filename)):
            break
        found = frame
        coroutine = coroutine.cr_await
    if found is None:
        return ""
    key = (found.f_code, found.f_lineno)
    text = _places.get(key)
    if text is None:
        if len(_places) > 10_000:
            _places.clear()
        text = _places[key] = place(*key)
    return text

"""The steps of an event loop: tells of each callback that a loop runs, and of each task that is made."""

import asyncio
from asyncio import events
from collections.abc import Callable
from typing import Any, Protocol, cast

_FOREIGN = (
    "ipykernel",
    "tornado",
    "zmq",
    "jupyter_client",
    "ipywidgets",
    "comm",
    "IPython",
    "prompt_toolkit",
)
_CELL = "InteractiveShell."  # of IPython: the task in which a notebook's cell runs
_SERVANTS = ("kettle.lesson", "kettle.panels", "kettle.files", "kettle.checking")


class Watcher(Protocol):
    """What is told of the steps of a loop."""

    def begin(self, handle: asyncio.Handle) -> None:
        """Hear that a step begins."""

    def end(self, handle: asyncio.Handle) -> None:
        """Hear that it has ended."""


_watchers: dict[asyncio.AbstractEventLoop, tuple[Watcher, ...]] = {}  # loop → those who are told of its steps
_original_run = events.Handle._run  # there is no other place where each step of a loop passes


def watch_steps(loop: asyncio.AbstractEventLoop, watcher: Watcher) -> None:
    """Tell `watcher.begin(handle)` and `watcher.end(handle)` of each callback that the loop runs."""
    if not _watchers:
        events.Handle._run = _run  # type: ignore[method-assign]  # asyncio tells nobody of its steps
    _watchers[loop] = (*_watchers.get(loop, ()), watcher)


def unwatch_steps(loop: asyncio.AbstractEventLoop, watcher: Watcher) -> None:
    """Undo `watch_steps`; when nobody watches any loop, nothing of it is left."""
    left = tuple(other for other in _watchers.pop(loop, ()) if other is not watcher)
    if left:
        _watchers[loop] = left
    if not _watchers and events.Handle._run is _run:
        events.Handle._run = _original_run  # type: ignore[method-assign]  # as it was


def _run(self: Any) -> None:
    watchers = _watchers.get(asyncio.get_running_loop())
    if watchers is None:
        return _original_run(self)
    if len(watchers) == 1:  # as a rule; and this runs between all the steps of a timed run
        watcher = watchers[0]
        watcher.begin(self)
        try:
            return _original_run(self)
        finally:
            watcher.end(self)
    for watcher in watchers:
        watcher.begin(self)
    try:
        return _original_run(self)
    finally:
        for watcher in watchers:
            watcher.end(self)


class NewTasks:
    """Tells `told(task)` of each task that a loop makes, until `stop()`; keeps a task factory that is set."""

    def __init__(self, loop: asyncio.AbstractEventLoop, told: Callable[[asyncio.Task], None]) -> None:
        self.loop = loop
        self.told: Callable[[asyncio.Task], None] | None = told
        self.before = loop.get_task_factory()
        loop.set_task_factory(self.make)

    def make(self, loop: asyncio.AbstractEventLoop, coroutine: Any, **kwargs: Any) -> asyncio.Task:
        """Make a task as the factory before would have, and tell of it."""
        if self.before is None:
            task = asyncio.Task(coroutine, loop=loop, **kwargs)
        else:
            task = cast("asyncio.Task", self.before(loop, coroutine, **kwargs))  # typed as any future
        if self.told is not None:
            self.told(task)
        return task

    def stop(self) -> None:
        """Tell of no more tasks."""
        self.told = None
        if getattr(self.loop.get_task_factory(), "__self__", None) is self:
            self.loop.set_task_factory(self.before)


def is_servants(task: asyncio.Task) -> bool:
    """Tell whether a task belongs to the notebook's kernel or the course's own panels, not to the learner."""
    coroutine = task.get_coro()
    frame = getattr(coroutine, "cr_frame", None) or getattr(coroutine, "gi_frame", None)
    module = frame.f_globals.get("__name__", "") if frame is not None else ""
    return module.partition(".")[0] in _FOREIGN or module.startswith(_SERVANTS)


def task_of(handle: asyncio.Handle) -> asyncio.Task | None:
    """Return the task whose step a handle runs; None for other callbacks."""
    owner = getattr(callback_of(handle), "__self__", None)
    return owner if isinstance(owner, asyncio.Task) else None


def callback_of(handle: asyncio.Handle | None) -> Any:
    """Return what a handle will call; None where that is done, or cancelled."""
    return getattr(handle, "_callback", None)  # a handle shows it in its repr only


def is_lost(task: Any) -> bool:
    """Tell whether a task failed and nobody has asked for its exception; asking is not done here."""
    # `exception()` would be that asking, after which asyncio complains to nobody.
    return task.done() and not task.cancelled() and task._log_traceback


def told_name(task: asyncio.Task) -> str:
    """Return the name a task was given; if none, that of its coroutine function, or "the cell"."""
    given = task.get_name()
    # Python 3.13.0 calls every nameless task "None" when there is a task factory
    if given != "None" and not given.startswith("Task-"):
        return given
    name = name_of(task)
    return "the cell" if name.startswith(_CELL) else name


def name_of(callback: Any) -> str:
    """Return the name of a callback, or of the coroutine function of a task, as the source spells it."""
    if isinstance(callback, asyncio.Task):
        callback = callback.get_coro()
    callback = getattr(callback, "func", callback)  # functools.partial
    return own_name(getattr(callback, "__qualname__", None) or type(callback).__qualname__)


def own_name(qualname: str) -> str:
    """Return a function's name without the functions that it stands in: "f.<locals>.g" is told as "g"."""
    return qualname.rpartition("<locals>.")[2]

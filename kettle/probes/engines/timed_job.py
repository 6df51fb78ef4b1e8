"""One function that runs in a thread of its own: how it is run, watched, stopped, and how it ended."""

import asyncio
import ctypes
import gc
import inspect
import itertools
import sys
import threading
import time
import traceback
import weakref
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from types import CodeType
from typing import Any

from kettle.probes.engines.callbacks import is_lost
from kettle.probes.engines.where import coroutine_frames, is_cell, is_library, no_collection, place, source

PATIENCE = 0.3  # seconds between asking a late function to stop and asking less politely


class Stopped(BaseException):
    """Raised inside a function that used up its time, where Python code is running in its thread."""


@dataclass(frozen=True)
class Ended:
    """How a function ended that ran in a thread of its own.

    value, error: what it returned or raised (also SystemExit, KeyboardInterrupt); both None if `timed_out`.
    complaints: what the loop's exception handler was told, such as "Task exception was never retrieved: …".
    leftover: the names of tasks that were still alive when the function had returned.
    at, line: "module:line" where it was when its time was up, in a notebook's cell if possible; its source.
    still_running: it could not be stopped; its daemon thread goes on.
    seconds: real time until the function ended or its time was up.
    """

    value: Any = None
    error: BaseException | None = None
    timed_out: bool = False
    complaints: tuple[str, ...] = ()
    leftover: tuple[str, ...] = ()
    at: str = ""
    line: str = ""
    still_running: bool = False
    seconds: float = field(default=0.0, compare=False)


class Job:
    """A function on its way through a worker of `OwnThread`, and what is known of it.

    done: it has returned, or raised. settled: the worker is ready for the next one. forced: it was stopped by
    an exception raised in it, so nothing is sure of its thread.
    """

    def __init__(self, call: Callable[[], Any], worker: Any) -> None:
        self.call: Any = call
        self.worker = worker
        self.done, self.settled = threading.Event(), threading.Event()
        self.main: asyncio.Task | None = None
        self.value: Any = None
        self.error: BaseException | None = None
        self.complaints: list[str] = []
        self.leftover: list[str] = []
        self.tasks: list[weakref.ref[asyncio.Task]] = []
        self.before: set[asyncio.Task] = set()
        self.timed_out = self.forced = False
        self.where, self.seconds = ("", ""), 0.0
        self.started = time.perf_counter()

    # What the worker's thread does.

    def run(self) -> None:
        """Call the function, and await what it returns if that can be awaited."""
        try:
            loop = self.worker.ready()
            loop.set_exception_handler(self.complain)
            loop.set_task_factory(self.make_task)
            self.before = asyncio.all_tasks(loop)
            value = self.call()
            self.value = self.finish(loop, value) if inspect.isawaitable(value) else value
        except BaseException as error:  # noqa: BLE001 (an answer may raise SystemExit or KeyboardInterrupt too)
            self.error = error
        finally:
            self.done.set()

    def finish(self, loop: asyncio.AbstractEventLoop, awaitable: Awaitable) -> Any:
        """Run the loop until the awaitable has ended, and see which tasks then go on."""
        self.main = loop.create_task(_await(awaitable), name="main")
        try:
            self.worker.run_until_done(self.main)
            return self.main.result()
        finally:
            if not self.forced:
                self.worker.run_until_done(loop.create_task(self.look_around()))

    async def look_around(self) -> None:
        """Note which of its tasks are alive."""
        for _ in range(3):  # tasks that are just ending may end
            await asyncio.sleep(0)
        known = {self.main, self.worker.root, asyncio.current_task(), *self.before}
        self.leftover = [task.get_name() for task in asyncio.all_tasks() if task not in known]

    def make_task(self, loop: asyncio.AbstractEventLoop, coroutine: Any, **kwargs: Any) -> asyncio.Task:
        """Make a task, and remember it: the loop's task factory."""
        task = asyncio.Task(coroutine, loop=loop, **kwargs)
        self.tasks.append(weakref.ref(task))
        return task

    def complain(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Keep what the loop's exception handler is told."""
        error = context.get("exception")
        message = context.get("message", "")
        self.complaints.append(f"{message}: {error!r}" if error is not None else message)

    def listen(self) -> None:
        """Hear of the failures that nobody has retrieved; the worker is then ready for the next job."""
        task: asyncio.Task | None
        try:
            # A traceback that holds a task would keep it from complaining by itself.
            for task in filter(None, (reference() for reference in self.tasks)):
                if is_lost(task):
                    told = {"message": "Task exception was never retrieved", "exception": task.exception()}
                    self.complain(self.worker.loop, told)
            task = self.main = None
            self.before = set()
            gc.collect()  # others complain to the loop's handler as they are collected
        finally:
            self.settled.set()

    # What the thread does that waits for it.

    def wait(self, limit: float, more: Callable[[], float] | None) -> bool:
        """Wait until the function has ended or its time is up; tell whether it has ended."""
        in_time = self.done.wait(limit)
        while not in_time and more is not None and (extra := more()):
            in_time = self.done.wait(extra)
        in_time = in_time or self.done.is_set()  # it may have ended while `more` looked
        self.seconds = time.perf_counter() - self.started
        if not in_time:
            self.timed_out, self.where = True, self.place()
        return in_time

    def place(self) -> tuple[str, str]:
        """Return the place and the source of the line that the function runs or waits in."""
        try:
            with no_collection():
                spots = list(self.spots())
            spot = next((spot for spot in spots if is_cell(spot[0].co_filename)), next(iter(spots), None))
            return (place(*spot), source(*spot)) if spot else ("", "")
        except Exception:  # noqa: BLE001 (it runs on meanwhile: a place that moves away is no failure)
            return "", ""

    def spots(self) -> Iterator[tuple[CodeType, int]]:
        """Yield (code, line) of what is no library's, in the thread, then in its tasks, innermost first."""
        ident = self.worker.thread.ident
        frames = [[frame for frame, _ in traceback.walk_stack(sys._current_frames().get(ident))]]
        tasks = [self.main, *(reference() for reference in self.tasks)]
        frames += [
            list(coroutine_frames(task.get_coro()))[::-1] for task in tasks if task and not task.done()
        ]
        for frame in itertools.chain.from_iterable(frames):
            if not is_library(frame.f_code.co_filename):
                yield frame.f_code, frame.f_lineno

    def stop(self) -> None:
        """Ask the function to end: cancel its task, then raise Stopped in it, with bounded patience."""
        for ask in (self.cancel, self.interrupt, self.interrupt):
            ask()
            if self.done.wait(PATIENCE):
                return

    def cancel(self) -> None:
        """Cancel its task."""
        if (main := self.main) is not None:
            self.wake(main.cancel)

    def interrupt(self) -> None:
        """Raise Stopped in its thread."""
        self.forced = True
        _raise_in(self.worker.thread, Stopped)
        self.wake(lambda: None)  # a loop that waits for events runs no Python code to raise it in

    def wake(self, callback: Callable[[], object]) -> None:
        """Run a callback on the loop."""
        try:
            if self.worker.loop is not None:
                self.worker.loop.call_soon_threadsafe(callback)
        except RuntimeError:
            pass  # closed in the meantime: it ended by itself

    def told(self) -> Ended:
        """Tell how it ended, and let go of the learner's objects."""
        value, error = (None, None) if self.timed_out else (self.value, self.error)
        heard = tuple(self.complaints), tuple(self.leftover)
        running = self.forced and self.worker.thread.is_alive()
        told = Ended(value, error, self.timed_out, *heard, *self.where, running, self.seconds)
        self.call = self.value = self.error = None
        return told


async def _await(awaitable: Awaitable) -> Any:
    return await awaitable


def _raise_in(thread: threading.Thread, kind: type[BaseException]) -> None:
    """Raise an exception in another thread, as soon as it runs Python code again (CPython only)."""
    if thread.ident is not None:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(kind))

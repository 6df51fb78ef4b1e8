"""Run a function in a thread and an event loop of its own, with a time limit."""

import asyncio
import contextvars
import ctypes
import gc
import inspect
import itertools
import sys
import threading
import time
import traceback
import weakref
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from kettle.probes.engines.collecting import only_new_collected
from kettle.probes.engines.where import coroutine_frames, is_cell, is_library, place, source

TIDY_UP = 1.0  # seconds that leftover tasks, generators and worker threads get to end
_PATIENCE = 0.3  # seconds between asking a late function to stop and asking less politely


class Stopped(BaseException):
    """Raised inside a function that used up its time, where Python code is running in its thread."""


@dataclass(frozen=True)
class Apart:
    """How a function ended that ran apart.

    value, error: what it returned or raised (also SystemExit, KeyboardInterrupt); both None if `timed_out`.
    complaints: what the loop's exception handler was told, such as "Task exception was never retrieved: …".
    leftover: the names of tasks that were still alive when the function had returned.
    at, line: "module:line" where it was when its time was up, in a notebook's cell if possible; its source.
    still_running: it could not be stopped; its daemon thread goes on.
    seconds: real time until the function ended or its time was up.
    """

    value: object = None
    error: BaseException | None = None
    timed_out: bool = False
    complaints: tuple[str, ...] = ()
    leftover: tuple[str, ...] = ()
    at: str = ""
    line: str = ""
    still_running: bool = False
    seconds: float = field(default=0.0, compare=False)


def run_apart(
    function, *args, limit=20.0, more=None, loop=None, loop_factory=asyncio.new_event_loop, **kwargs
):
    """Run a function, or a coroutine function, in a fresh thread, with a fresh event loop or the given one.

    A plain function is called while no loop runs, so it may use `asyncio.run`; if it returns an awaitable,
    that is awaited. Context variables are not inherited. When `limit` (seconds) is up the task is cancelled,
    then `Stopped` is raised inside the thread; code that resists both is left behind in a daemon thread.
    Never raises what the function raised: see `Apart.error`. An interrupt of the caller stops the function.

    `more()`, if given, is asked each time that the limit is up how many seconds more it may be; 0 ends it.

    A given `loop` (of `open_apart`) stays the caller's: what the function leaves in it, such as a client that
    is made once, goes on with the next function that runs in it, until `close_apart`. One whose function
    `timed_out` is lost.
    """
    job = _Job(lambda: function(*args, **kwargs), loop, loop_factory)
    with only_new_collected():
        job.thread.start()
        try:
            in_time = job.done.wait(limit)
            while not in_time and more is not None and (extra := more()):
                in_time = job.done.wait(extra)
            in_time = in_time or job.done.is_set()  # it may have ended while `more` looked
        except BaseException:
            job.stop()
            raise
        seconds = time.perf_counter() - job.started
        where = ("", "") if in_time else job.where()
        if in_time:
            job.thread.join(4 * TIDY_UP)
        else:
            job.stop()
    return job.told(in_time, where, seconds)


def open_apart():
    """Make an event loop for functions that run apart one after another: see `run_apart`."""
    loop = _ready(asyncio.new_event_loop())
    loop.stays = loop.create_task(_stay(), name="stays")  # kept here: nothing else would keep it
    loop.stays.add_done_callback(_ends_with_its_loop)
    return loop


async def _stay():
    await asyncio.get_running_loop().create_future()


def _ends_with_its_loop(task):
    """Do nothing: AnyIO ends its processes with the task called back by run_until_complete, or by uvloop."""


_ends_with_its_loop.__module__ = "uvloop.loop"


def close_apart(loop):
    """Cancel what was left in a loop that functions ran apart in, end its worker threads, and close it."""

    def call():
        asyncio.set_event_loop(loop)
        try:
            loop.run_until_complete(_cancel_all(loop))
        finally:
            _end_workers(loop)
            asyncio.set_event_loop(None)
            loop.close()

    run_apart(call)


class _Job:
    """The thread, its loop, and what is known of them."""

    def __init__(self, call, loop, loop_factory):
        self.call, self.loop, self.loop_factory = call, loop, loop_factory
        self.lent = loop is not None
        self.before = asyncio.all_tasks(loop) if self.lent else set()
        self.done = threading.Event()
        self.main = self.value = self.error = None
        self.complaints, self.leftover, self.tasks = [], [], []
        self.abandoned = False
        self.started = time.perf_counter()
        self.thread = threading.Thread(
            target=contextvars.Context().run, args=(self.body,), name="kettle apart", daemon=True
        )

    def body(self):
        try:
            if not self.lent:
                self.loop = _ready(self.loop_factory())
            self.loop.set_exception_handler(self.complain)
            self.loop.set_task_factory(self.make_task)
            asyncio.set_event_loop(self.loop)
            try:
                self.run()
            finally:
                self.done.set()
                self.tidy()
        except Stopped:
            pass
        finally:
            self.done.set()

    def run(self):
        try:
            value = self.call()
            if inspect.isawaitable(value):
                value = self.finish(value)
            self.value = value
        except BaseException as error:  # noqa: BLE001 (an answer may raise SystemExit or KeyboardInterrupt too)
            self.error = error

    def finish(self, awaitable):
        """Run the loop until the awaitable has ended, and see which tasks then go on."""
        self.main = self.loop.create_task(_await(awaitable), name="main")
        try:
            if not self.lent:
                return self.loop.run_until_complete(self.main)
            ended = self.loop.create_future()  # so that the loop does not seem to end with this task
            self.main.add_done_callback(ended.set_result)
            return self.loop.run_until_complete(ended).result()
        finally:
            if not self.abandoned:
                self.loop.run_until_complete(self.look_around())

    async def look_around(self):
        for _ in range(3):  # tasks that are just ending may end
            await asyncio.sleep(0)
        known = {self.main, asyncio.current_task(), *self.before}
        self.leftover = [task.get_name() for task in asyncio.all_tasks() if task not in known]

    def tidy(self):
        loop = self.loop
        try:
            if not (self.lent or loop.is_closed()):
                loop.run_until_complete(_cancel_all(loop))
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 (told, not raised)
            self.complaints.append(f"while tidying up: {error!r}")
        finally:
            if not self.lent:
                _end_workers(loop)
            self.hear_silent_tasks()
            asyncio.set_event_loop(None)
            if not (self.lent or loop.is_running()):
                loop.close()
            self.main, self.before = None, set()
            if not self.abandoned:
                gc.collect()  # the loop's handler hears of exceptions that nobody retrieved

    def make_task(self, loop, coroutine, **kwargs):
        task = asyncio.Task(coroutine, loop=loop, **kwargs)
        self.tasks.append(weakref.ref(task))
        return task

    def complain(self, loop, context):
        error = context.get("exception")
        message = context.get("message", "")
        self.complaints.append(f"{message}: {error!r}" if error is not None else message)

    def hear_silent_tasks(self):
        """Ask the tasks themselves: a traceback that holds a task would keep it from complaining."""
        for reference in self.tasks:
            task = reference()
            if task is not None and task.done() and not task.cancelled() and task._log_traceback:
                self.complain(
                    self.loop,
                    {"message": "Task exception was never retrieved", "exception": task.exception()},
                )

    def where(self):
        """Return the place and the source of the line that the function runs or waits in."""
        try:
            spots = list(self.spots())
            spot = next((spot for spot in spots if is_cell(spot[0].co_filename)), (spots or [None])[0])
            return (place(*spot), source(*spot)) if spot else ("", "")
        except Exception:  # noqa: BLE001 (it runs on meanwhile: a place that moves away is no failure)
            return "", ""

    def spots(self):
        """Yield (code, line) of what is no library's, in the thread, then in its tasks, innermost first."""
        frames = [[frame for frame, _ in traceback.walk_stack(sys._current_frames().get(self.thread.ident))]]
        tasks = [self.main, *(reference() for reference in self.tasks)]
        frames += [
            list(coroutine_frames(task.get_coro()))[::-1] for task in tasks if task and not task.done()
        ]
        for frame in itertools.chain.from_iterable(frames):
            if not is_library(frame.f_code.co_filename):
                yield frame.f_code, frame.f_lineno

    def stop(self):
        """Ask the thread to end: cancel its main task, then raise Stopped in it, with bounded patience."""
        for ask in (self.cancel, self.interrupt, self.interrupt):
            ask()
            if self.done.wait(_PATIENCE):
                self.thread.join(3 * TIDY_UP)
            if not self.thread.is_alive():
                return

    def cancel(self):
        if self.main is not None:
            self.wake(self.main.cancel)

    def interrupt(self):
        self.abandoned = True
        _raise_in(self.thread, Stopped)
        self.wake(lambda: None)  # a loop that waits for events runs no Python code to raise it in

    def wake(self, callback):
        try:
            if self.loop is not None:
                self.loop.call_soon_threadsafe(callback)
        except RuntimeError:
            pass  # closed in the meantime: it ended by itself

    def told(self, in_time, where, seconds):
        kept = (self.value, self.error) if in_time else (None, None)
        running = self.thread.is_alive()
        heard = tuple(self.complaints), tuple(self.leftover)
        told = Apart(*kept, not in_time, *heard, *where, running, seconds)
        self.call = self.value = self.error = None  # nobody else keeps the learner's objects alive
        return told


async def _await(awaitable):
    return await awaitable


async def _cancel_all(loop):
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=TIDY_UP)
    await asyncio.wait([asyncio.ensure_future(loop.shutdown_asyncgens())], timeout=TIDY_UP)


def _ready(loop):
    loop.set_default_executor(ThreadPoolExecutor(thread_name_prefix="asyncio"))
    return loop


def _end_workers(loop):
    """Shut a loop's own executor down; wait only a moment for work that will not end."""
    workers = loop._default_executor
    closing = threading.Thread(target=workers.shutdown, kwargs={"cancel_futures": True}, daemon=True)
    closing.start()
    closing.join(TIDY_UP / 2)


def _raise_in(thread, kind):
    """Raise an exception in another thread, as soon as it runs Python code again (CPython only)."""
    if thread.ident is not None:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(kind))

"""What an outcome's own code makes meanwhile: tasks, sessions that nobody closes, timers."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from kettle.probes.engines.where import is_cell

PATIENT = 10.0  # seconds: a client whose patience is longer was not told to hurry
HURRY = 100  # times as fast run the timers of impatient code, so that nobody has to wait for it
ORPHANS = 1.0  # seconds that tasks get to end which a failure left behind


def on_loop() -> bool:
    """Tell whether an event loop runs in this thread."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


@contextmanager
def watching() -> Iterator[None]:
    """Let outcomes in the block know of the tasks and the sessions that their own code makes."""
    if not on_loop():
        yield
        return
    loop: Any = asyncio.get_running_loop()
    factory, handler = loop.get_task_factory(), loop.get_exception_handler()

    def make(loop: asyncio.AbstractEventLoop, coroutine: Any, **options: Any) -> asyncio.Task:
        task: asyncio.Task = (
            factory(loop, coroutine, **options) if factory else asyncio.Task(coroutine, loop=loop, **options)
        )
        if (mine := MINE.get(None)) is not None:
            mine.tasks.append(task)
        return task

    def complain(loop: asyncio.AbstractEventLoop, context: dict) -> None:
        mine = MINE.get(None)
        if mine is not None and str(context.get("message", "")).startswith("Unclosed client session"):
            mine.unclosed += 1
        elif handler:
            handler(loop, context)
        else:
            loop.default_exception_handler(context)

    def call_at(when: float, callback: Callable, *args: Any, **options: Any) -> asyncio.TimerHandle:
        mine = MINE.get(None)
        if mine is not None and mine.hurried and _set_by_the_learner(when - loop.time()):
            when = loop.time() + (when - loop.time()) / HURRY
        return timer(when, callback, *args, **options)

    timer = loop.call_at
    loop.call_at = call_at
    loop.set_task_factory(make)
    loop.set_exception_handler(complain)
    try:
        yield
    finally:
        loop.call_at = timer
        loop.set_task_factory(factory)
        loop.set_exception_handler(handler)


@contextmanager
def apart() -> Iterator[None]:
    """Let what is begun in the block belong to no answer: a service's own tasks live as long as it does."""
    token = MINE.set(Made())
    try:
        yield
    finally:
        MINE.reset(token)


def _set_by_the_learner(seconds: float) -> bool:
    """Whether a timer is set by a cell's own code, through asyncio or not; or is a client's short patience.

    Nobody has a short one by default: aiohttp gives a connection 30 s, and a call 300.
    """
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "asyncio":
        frame = frame.f_back
    if frame is None:
        return False
    client = frame.f_globals.get("__name__", "").partition(".")[0] == "aiohttp"
    return is_cell(frame.f_code.co_filename) or (client and 0 < seconds <= PATIENT)


@dataclass
class Made:
    """What one outcome's code has made: tasks, sessions that nobody closed; and how fast its timers run."""

    tasks: list[asyncio.Task] = field(default_factory=list)
    unclosed: int = 0
    hurried: bool = False


MINE: ContextVar[Made] = ContextVar("MINE")  # a task inherits it from whoever makes it


async def settled(tasks: list[asyncio.Task], failed: bool) -> int:
    """Wait for what is just ending and count what is not; after a failure, wait for all of it."""
    for _ in range(20):
        if all(task.done() for task in tasks):
            break
        await asyncio.sleep(0)
    left = sum(not task.done() for task in tasks)
    if failed and left:
        # Orphans are another lesson's subject; here they must only not outlive their world.
        await asyncio.wait(tasks, timeout=ORPHANS)
    for task in tasks:
        if failed and task.done() and not task.cancelled():
            task.exception()
    return 0 if failed else left

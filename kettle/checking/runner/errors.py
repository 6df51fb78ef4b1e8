"""Errors of the learner's code, in a sentence: what it was, where, and what the popular ones mean."""

from __future__ import annotations

import linecache
import re
import traceback
from collections.abc import Iterable
from typing import TypeVar

from kettle.probes.engines.where import is_cell

Error = TypeVar("Error", BaseException, BaseException | None)
MORE = " (Background on this error at:"  # what SQLAlchemy adds: an address, cut off where a message is long
LONG = 160  # characters of a message that is shown
# What libraries leave behind, and no learner: the last is of asyncpg's `connect` that was cancelled.
LIBRARIES_OWN = ("nclosed", "CancelledError(", "unexpected connection_lost() call")

_BY_NAME = (
    "A worker finds its function by module and name: is it one of a module, or is it made in a cell "
    "or inside another function?"
)

# What a beginner meets, by the exception's name and its message; the sentence says what is behind it.
SLIPS = (
    (
        "TypeError",  # until Python 3.13, and from 3.14 on
        r"(?:object |')(\w+)(?: can't be used in 'await' expression|' object can't be awaited)",
        (
            "A plain function was awaited: its work was done, on the loop's thread, before `await` saw what "
            "it returned ({0}). Awaiting a result does not make the call asynchronous."
        ),
    ),
    (
        "TypeError",
        r"An asyncio.Future, a coroutine or an awaitable is required",
        (
            "`gather` was given something that is no coroutine: a list stands in it without its star "
            "(`gather(*calls)`), or a call was awaited inside the brackets."
        ),
    ),
    (
        "TypeError",
        r"unhashable type: '(list|dict)'",
        "`gather` was given a {0}, or a {0} is a key: calls go into `gather` one by one, `gather(*calls)`.",
    ),
    (
        "TypeError",
        r"a coroutine was expected, got <?([\w.]+)",
        "`create_task` wants a coroutine and got {0}: was the call awaited, or made by a plain function?",
    ),
    (
        "TypeError",
        r"'(?:Response|dict|list|bytes|str|NoneType)' object is not callable",
        (
            "`to_thread` and `run_in_executor` want the function and its arguments apart, `to_thread(f, x)`. "
            "In `to_thread(f(x))` the call is made first, on the loop's thread, and its result is handed on."
        ),
    ),
    (
        "TypeError",
        r"the first argument must be callable",
        "`run_in_executor` wants the function and its arguments apart: `run_in_executor(pool, f, x)`.",
    ),
    (
        "TypeError",
        r"'coroutine' object is not (subscriptable|iterable)",
        "A coroutine was used as if it were its result: an async call starts nothing until it is awaited.",
    ),
    (
        "AttributeError",
        r"'coroutine' object has no attribute",
        "A coroutine was used as if it were its result: an async call starts nothing until it is awaited.",
    ),
    (
        "RuntimeError",
        r"cannot reuse already awaited coroutine",
        "A coroutine can be awaited once: what is remembered has to be its result, or a task.",
    ),
    (
        "AttributeError",
        r"module 'asyncio' has no attribute 'run_in_executor'",
        (
            "It is a method of the loop: `asyncio.get_running_loop().run_in_executor(pool, f, x)`, or "
            "`asyncio.to_thread(f, x)`."
        ),
    ),
    (
        "RuntimeError",
        r"asyncio.run\(\) cannot be called from a running event loop",
        "A loop runs already, and your code is called by it: `await` the coroutine instead.",
    ),
    (
        "RuntimeError",
        r"(?:This event loop is already running|Cannot run the event loop while another loop is running)",
        "A loop runs already, and your code is called by it: `await` the coroutine instead.",
    ),
    (
        "RuntimeError",
        r"(?:is bound to|attached to) a different (?:event )?loop",
        "A lock, a queue or a client of one event loop is used in another: make it where it is used.",
    ),
    (
        "RuntimeError",
        r"no running event loop|There is no current event loop",
        (
            "This line ran in a thread that has no event loop, or before one ran: what belongs to asyncio, "
            "clients too, is made and called by asynchronous code on the loop's own thread."
        ),
    ),
    (
        "RuntimeError",
        r"Timeout context manager should be used inside a task|Event loop is closed",
        "A client belongs to the event loop that it was made in: make it where it is used.",
    ),
    (
        "TypeError",
        r"'(?:async_)?generator' object does not support the (?:asynchronous )?context manager",
        "`@asynccontextmanager` makes a context manager of a function that yields: is it still there?",
    ),
    (
        "TypeError",
        r"'coroutine' object does not support the (?:asynchronous )?context manager",
        "A coroutine is no context manager: await it, or give the client's own call to `async with`.",
    ),
    ("AttributeError", r"Can't (?:pickle|get) local object", _BY_NAME),
    ("TypeError", r"cannot pickle", _BY_NAME),
    ("NotShareableError", r"not shareable", _BY_NAME),  # by a pool of interpreters, from Python 3.14 on
    ("PicklingError", r"Can't pickle", _BY_NAME),
    ("BrokenProcessPool", r"terminated abruptly", _BY_NAME),
    (
        "RuntimeError",
        r"cannot schedule new futures after shutdown",
        "The pool was closed before the work came: does what uses it stand inside its `with`?",
    ),
    ("ValueError", r"Pool not running", "The pool was closed before the work came: use it in its `with`."),
    (
        "RuntimeError",
        r"[Ss]ession is closed",
        "The session was closed before the last call had its answer: await all calls inside its `with`.",
    ),
)


def alone(error: Error) -> Error:
    """Return what is in a group of one, however deep: a TaskGroup raises a single failure as a group, too."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


def leaves(error: BaseException) -> list[BaseException]:
    """List an error, or all that a group of errors holds, however deep."""
    if isinstance(error, BaseExceptionGroup):
        return [leaf for each in error.exceptions for leaf in leaves(each)]
    return [error]


def sentence(error: BaseException) -> str:
    """Return the first line of an error's message, as a sentence."""
    text = _message(error) or "no message"
    return text if text.endswith((".", "?", "!", "…")) else f"{text}."


def _message(error: BaseException) -> str:
    text = (str(error).strip().splitlines() or [""])[0].partition(MORE)[0]
    return text if len(text) <= LONG or isinstance(error, AssertionError) else f"{text[:LONG]}…"


def told(error: BaseException) -> str:
    """Say what an error is, where in the learner's cells it happened, and what is behind a popular one."""
    error = alone(error)
    if isinstance(error, BaseExceptionGroup):
        found = leaves(error)
        return f"{len(found)} errors; one of them: {told(next(filter(slip, found), found[0]))}"
    parts = (f"{type(error).__name__}: {sentence(error)}", where(error), slip(error))
    return " ".join(part for part in parts if part)


def raised(error: BaseException | None) -> str:
    """Return an error as Python shows it, and the line of the learner's that raised it; "" where none did."""
    error = alone(error)
    if isinstance(error, BaseExceptionGroup):
        error = next(filter(frames, leaves(error)), error)
    if error is None or not (found := frames(error)):
        return ""
    frame, message = found[-1], _message(error)
    named = f"{type(error).__name__}: {message}" if message else type(error).__name__
    within = "" if frame.name == "<module>" else f"{frame.name}(), "
    return f"{named}\n  in {within}line {frame.lineno} of the cell: {_source(frame)}"


def named(error: BaseException) -> str:
    """Return an error's name and what is behind a popular one; all of it where `raised` shows nothing."""
    error = alone(error)
    if isinstance(error, BaseExceptionGroup) or not raised(error):
        return told(error)
    return " ".join(filter(None, (f"{type(error).__name__}.", slip(error))))


def slip(error: BaseException) -> str:
    """Say what a popular slip means; empty for any other error."""
    for name, message, meaning in SLIPS:
        if type(error).__name__ == name and (found := re.search(message, str(error))):
            return meaning.format(*found.groups())
    return ""


def unheard(complaints: Iterable[str]) -> str:
    """Say what failed where nobody heard of it; empty where nothing did.

    Args:
        complaints: of the event loop.
    """
    lost = [line for line in complaints if not any(own in line for own in LIBRARIES_OWN)]
    if not lost:
        return ""
    if lost[0].startswith("Task was destroyed but it is pending"):
        return "A task was still waiting when nothing could wake it any more. Who awaits it, or cancels it?"
    return f"Something failed in the background and nobody was told: {lost[0]}"


def frames(error: BaseException) -> list[traceback.FrameSummary]:
    """List the frames of an error's traceback that lie in the learner's cells."""
    return [frame for frame in traceback.extract_tb(error.__traceback__) if is_cell(frame.filename)]


def where(error: BaseException) -> str:
    """Say where in the learner's cells an error happened; empty where it did not."""
    if not (found := frames(error)):
        return ""
    return f"It happened in `{found[-1].name}`, at the line `{_source(found[-1])}`."


def _source(frame: traceback.FrameSummary) -> str:
    return (frame.line or linecache.getline(frame.filename, frame.lineno or 0)).strip()

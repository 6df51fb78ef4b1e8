"""Ends: how a call of the learner's came to its end, with what error, how late, and what of it ran on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from kettle.checking.causes.virtually import moving
from kettle.checking.equivalence import Told
from kettle.checking.equivalence.sentences import short
from kettle.checking.runner.errors import leaves, told
from kettle.checking.words import many
from kettle.probes.leftovers import tasks_of_cells

INSTANT = 1e-6  # seconds: no more than the clock's own rounding
NAMED = 4  # calls in a sentence
TURNS = 30  # of the loop, in which what has been cancelled ends


@dataclass(frozen=True)
class End:
    """How a call ended.

    value, error: what it returned, or raised; `CancelledError` is an error here like any other. late: seconds
    on the loop's clock from when it was cancelled to its end. running: tasks of its own that still run.
    """

    value: Any = None
    error: BaseException | None = None
    late: float = 0.0
    running: int = 0

    def has(self, kind: type[BaseException] | tuple[type[BaseException], ...]) -> bool:
        """Tell whether it raised an error of a kind, alone or in a group."""
        return self.error is not None and any(isinstance(leaf, kind) for leaf in leaves(self.error))


async def end_of(call: Awaitable, stands_still: Callable[[], str], at: float | None = None) -> End:
    """Let a call come to its end, in a task of its own; best in virtual time, where it costs nothing.

    Tasks that it leaves behind are counted and cancelled.

    Args:
        call: a coroutine.
        stands_still: says why it does not end, where nothing can wake it any more.
        at: seconds after which it is cancelled; None: it is not.

    Raises:
        Told: it does not end.
    """
    before, clock = tasks_of_cells(), asyncio.get_running_loop().time
    task, began = asyncio.ensure_future(call), clock()
    if at is not None:
        await asyncio.wait([task], timeout=at)
        task.cancel()
    try:
        await moving(asyncio.wait([task]), stands_still)
        ended = clock()
        for _ in range(TURNS):
            await asyncio.sleep(0)
        running = tasks_of_cells() - before - {task}
    finally:
        for each in {task} | (tasks_of_cells() - before):
            each.cancel()
    error = asyncio.CancelledError() if task.cancelled() else task.exception()
    late = 0.0 if at is None else ended - began - at
    return End(None if error else task.result(), error, late, len(running))


def judge_cancelled(end: End, noun: str) -> None:
    """Raise where cancellation was swallowed, taken for a failure or for data, or was late.

    Args:
        end: of a call that was cancelled, or to a part of which that happened.
        noun: what was called, such as "page".

    Raises:
        Told: with what became of it.
    """
    if end.error is None:
        parts = end.value.items() if isinstance(end.value, dict) else ()
        passed = [name for name, value in parts if isinstance(value, BaseException)]
        raise Told(
            f"`{passed[0]}` of the {noun} holds a CancelledError: it is no `Exception`, and passed for data."
            if passed
            else f"CancelledError has to reach the caller, and the {noun} returns {short(end.value)} "
            "as if nothing had been cancelled."
        )
    if not end.has(asyncio.CancelledError):
        raise Told(f"CancelledError has to reach the caller, and the {noun} ends with {told(end.error)}")
    if end.late > INSTANT:
        raise Told(f"the {noun} ends only {1000 * end.late:,.0f} ms later. Who waits, when nobody wants it?")


def judge_raised(end: End, kind: type | tuple[type, ...], noun: str, hidden: str) -> None:
    """Raise where an error did not reach the caller, alone or in a group.

    Args:
        end: of a call that ought to have raised it.
        kind: of the error; several kinds stand for the error of the call that failed.
        noun: what there ought not to be, such as "page".
        hidden: what to say where there is one.

    Raises:
        Told: with what came instead.
    """
    if end.error is None:
        raise Told(f"there is a {noun}, {short(end.value)}: {hidden}")
    if not end.has(kind):
        what = "the error of that call" if isinstance(kind, tuple) else f"the {kind.__name__}"
        raise Told(f"{what} has to reach the caller, who gets {told(end.error)}")


def judge_running(end: End, noun: str, calls: list[str]) -> None:
    """Raise where something of a call runs on after its end.

    Args:
        end: of the call.
        noun: what was called, such as "page".
        calls: the names of those that the other side is still busy with.

    Raises:
        Told: with how much of it runs on.
    """
    number = len(calls) or end.running
    if number:
        names = ", ".join(sorted(calls)[:NAMED]) + (", …" if len(calls) > NAMED else "")
        what = f"{many(number, 'call')} of it ({names})" if calls else f"{many(number, 'task')} of it"
        on = "runs on" if number == 1 else "run on"
        raise Told(f"the {noun} has ended, and {what} {on}. Who stops that, or waits for it?")

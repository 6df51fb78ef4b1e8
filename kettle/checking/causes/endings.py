"""How a call came to its end in virtual time: with what, when, and what of it runs on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
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
    on the loop's clock from when it was cancelled to its end. running: tasks of its own that still run. took:
    seconds from its start to its end.
    """

    value: Any = None
    error: BaseException | None = None
    late: float = 0.0
    running: int = 0
    took: float = 0.0

    def has(self, kind: Any) -> bool:
        """Tell whether it raised an error of a kind, alone or in a group."""
        return self.error is not None and any(isinstance(leaf, kind) for leaf in leaves(self.error))


async def end_of(call: Awaitable, at: float | None = None) -> End:
    """Let a call come to its end, in a task of its own; tasks that it leaves behind are counted and cancelled.

    Args:
        call: a coroutine.
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
        await moving(asyncio.wait([task]), lambda: "your code waits for something that never comes.")
        ended = clock()
        for _ in range(TURNS):
            await asyncio.sleep(0)
        running = tasks_of_cells() - before - {task}
    finally:
        for each in {task} | (tasks_of_cells() - before):
            each.cancel()
    error = asyncio.CancelledError() if task.cancelled() else task.exception()
    late = 0.0 if at is None else ended - began - at
    return End(None if error else task.result(), error, late, len(running), ended - began)


def judge_end(end: End, raises: Any, noun: str, hidden: str) -> None:
    """Raise where an error, or a cancellation, did not reach the caller.

    Args:
        end: of a call.
        raises: the kind of error that has to come, alone or in a group.
        noun: what there should not be, such as "page".
        hidden: what to say where there is one.

    Raises:
        Told: with what came instead.
    """
    name = raises.__name__ if isinstance(raises, type) else "the error of that call"
    if end.error is None:
        raise Told(f"expected {name} to reach the caller; your code returns {short(end.value)}. {hidden}")
    if not end.has(raises):
        raise Told(f"expected {name} to reach the caller; your code raised {told(end.error)}")
    if end.late > INSTANT:
        raise Told(
            f"the {noun} ends only {1000 * end.late:,.0f} ms after it was cancelled. Let it end at once."
        )


def judge_running(end: End, noun: str, calls: list[str]) -> None:
    """Raise where something of a call runs on after its end.

    Args:
        end: of the call.
        noun: what was called, such as "page".
        calls: the names of those that the other side is still busy with.

    Raises:
        Told: with how much of it runs on.
    """
    if number := len(calls) or end.running:
        names = f" ({', '.join(sorted(calls)[:NAMED])}{', …' if len(calls) > NAMED else ''})" if calls else ""
        what = f"{many(number, 'call' if calls else 'task')} of it{names}"
        raise Told(
            f"the {noun} has ended, but {what} {'runs' if number == 1 else 'run'} on. Cancel what still runs, "
            "or wait for it: a TaskGroup does."
        )

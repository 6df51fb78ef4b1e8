"""How a piece of work ends that has a deadline: with what, when, and whether it lets itself be cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine
from dataclasses import dataclass
from typing import Any

from kettle.checking.equivalence import Told
from kettle.checking.equivalence.sentences import short
from kettle.checking.runner.errors import told
from kettle.checking.runner.patience import hanging

SOON = 1e-6  # seconds of virtual time: all turns of the loop that need no clock


@dataclass(frozen=True)
class Ended:
    """What came of it, `value` or `error`, and after how many seconds of the loop's clock."""

    value: Any
    error: Exception | None
    took: float


async def end_of(answer: Awaitable) -> Ended:
    """Await an answer, and tell how it ended.

    Args:
        answer: to be awaited.

    Raises:
        Told: as the answer itself does, for what never ends.
    """
    clock = asyncio.get_running_loop().time
    started = clock()
    try:
        value = await answer
    except Told:
        raise
    except Exception as error:  # noqa: BLE001 - it is judged
        return Ended(None, error, clock() - started)
    return Ended(value, None, clock() - started)


async def leaves_at_once(answer: Coroutine, after: float, said: str) -> None:
    """Cancel an answer while it is waited for, in virtual time: it has to end at once, as cancelled.

    Args:
        answer: what somebody waits for.
        after: seconds, then that somebody goes.
        said: begins the sentence of what is wrong.

    Raises:
        AssertionError: it ends otherwise, or goes on.
    """
    task = asyncio.create_task(answer)
    await asyncio.sleep(after)
    task.cancel()
    await asyncio.wait({task}, timeout=SOON)
    assert task.done(), f"{said} goes on: the cancellation is swallowed. Which `except` takes it?"
    if task.cancelled():
        return
    error = task.exception()
    how = f"returns {short(task.result())}" if error is None else f"stops with {told(error)}"
    raise AssertionError(
        f"{said} {how.rstrip('.')}. Whoever cancels it relies on CancelledError: which `except` takes it?"
    )


def keeps(
    ended: Ended, budget: float, said: str, name: str, why: str, right: type | tuple = TimeoutError
) -> None:
    """Raise AssertionError where a piece of work ended late, or otherwise than by an error of the right kind.

    Args:
        ended: how it ended.
        budget: in seconds.
        said: begins the sentences: "With a budget of 2 s and …, ".
        name: of the function.
        why: what a learner is told where it is late.
        right: kinds of error.
    """
    assert ended.took <= 1.02 * budget, f"{said}`{name}` ended after {ended.took:,.2f} s: {why}".strip()
    assert ended.error is not None, (
        f"{said}`{name}` returned {short(ended.value)}: whoever reads it takes it for an answer. "
        "How is a caller to tell an error from data?"
    )
    assert not isinstance(ended.error, ExceptionGroup), (
        f"{said}`{name}` stops with a group of errors, which `except TimeoutError` lets through. Why a group?"
    )
    assert isinstance(ended.error, right), (
        f"{said}`{name}` stops with {told(ended.error)} Its callers rely on TimeoutError."
    )


def stopped(said: str, never: str, endless: str = "") -> str:
    """Say why nothing came of an answer that `moving` gave up: it was cancelled, by the clock or by itself.

    Args:
        said: begins the sentence.
        never: ends it where it waits for what never comes.
        endless: the path that is asked for again and again.
    """
    if endless:
        return f"{said}`{endless}` is asked for again and again, and no end is in sight. How often is enough?"
    if getattr(asyncio.get_running_loop(), "hung", ""):
        return f"{said}{never}"
    return (
        f"{said}your code stops with CancelledError, as if whoever waits had gone. Its callers rely on "
        "TimeoutError: what turns the one into the other?"
    )


async def really_end(visits: dict[asyncio.Task, str], patience: float, said: str) -> None:
    """Wait in real time until all tasks have ended, with TimeoutError; those that have not are cancelled.

    Args:
        visits: the tasks, and what each of them waits for.
        patience: in seconds; more where the machine gives this process too little.
        said: begins the sentences: "With real servers, a budget of 2 s and {}, `f`".

    Raises:
        AssertionError: one has not ended, or otherwise.
        Undecided: the machine is too busy to tell.
    """
    try:
        waiting = await hanging(visits, patience, "whether a budget is kept with real servers")
    finally:
        for visit in visits:
            visit.cancel()
    for visit, does in visits.items():
        begins = said.format(does)
        assert visit not in waiting, f"{begins} did not end within {patience:g} s."
        error = visit.exception()
        how = f"returned {short(visit.result())}." if error is None else f"stopped with {told(error)}"
        assert isinstance(error, TimeoutError), f"{begins} {how}"

"""Checks in virtual time: waits cost nothing, and what stands still is told at once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

from kettle.checking.checks import Undecided
from kettle.checking.equivalence import Told
from kettle.checking.runner.patience import Patience
from kettle.probes.virtual_time import VirtualRun, VirtualShop, run_virtual

HORIZON = 100_000.0  # virtual seconds
BLOCKED = (
    "Look for what blocks the event loop: a lock of `threading`, `time.sleep`, or a loop that never awaits."
)


def virtually(body: Callable[..., Awaitable], *args: Any, limit: float = 5.0) -> Any:
    """Run the body of a check in virtual time; return what it returns and raise what it raises.

    Args:
        body: a coroutine function, in which `same` can be awaited as in any other check.
        *args: what it is called with.
        limit: real seconds on a machine that has nothing else to do; paid by code that blocks the loop.

    Raises:
        AssertionError: it waits for what never comes, or blocks the loop.
        Undecided: the machine is too busy to tell.
    """
    patience = Patience(limit)
    run = run_virtual(body, *args, horizon=HORIZON, limit=limit, more=patience.more, blocking=False)
    return outcome(run, patience)


def outcome(run: VirtualRun, patience: Patience) -> Any:
    """Return what the body of a check returned in virtual time, and raise as `virtually` does."""
    if run.error is not None:
        raise run.error
    if run.hung and patience.starved:
        raise Undecided(f"{run.hung} This machine is too busy to tell.")
    assert not run.hung, f"{run.hung} {BLOCKED}"
    return run.value


async def moving(answer: Awaitable, stands_still: Callable[[], str]) -> Any:
    """Await an answer in virtual time; where nothing can wake it any more, say so.

    Args:
        answer: to be awaited by the task that `virtually` made.
        stands_still: returns the sentence, which follows "When …, ".

    Raises:
        Told: it stands still, or somebody cancelled it because it would go on for ever.
    """
    try:
        return await answer
    except asyncio.CancelledError:
        raise Told(stands_still()) from None


@asynccontextmanager
async def counted_shop(seed: int, most: int, **session: Any) -> AsyncIterator[SimpleNamespace]:
    """A world for `same`: a shop in virtual time, and a session without a limit that counts what it sends.

    It is `w.shop` and `w.api`. `w.sent` counts by path; `w.endless` is the path that was asked for `most`
    times, upon which `w.moving(answer, stands_still)` gives up. What comes from a path in `w.wrong` is an
    error of that kind; calls of a path in `w.statuses` fail with these, in turn.

    Args:
        seed: of the shop.
        most: calls of one path that are let pass.
        **session: options of the aiohttp.ClientSession.
    """
    import aiohttp

    w = SimpleNamespace(shop=VirtualShop(seed), sent=Counter(), wrong={}, statuses={}, endless="")

    async def sends(session: Any, context: Any, params: Any) -> None:
        w.sent[params.url.path] += 1
        if turns := w.statuses.get(params.url.path):
            w.shop.break_calls(params.url.path, status=turns.pop(0))
        if w.sent[params.url.path] == most:
            w.endless = params.url.path
            w.main.cancel()

    async def answered(session: Any, context: Any, params: Any) -> None:
        if params.url.path in w.wrong:
            raise w.wrong[params.url.path]("something goes wrong with this answer")

    def watched(answer: Awaitable, stands_still: Callable[[], str]) -> Awaitable:
        w.main = asyncio.current_task()
        return moving(answer, stands_still)

    w.moving = watched
    trace = aiohttp.TraceConfig()
    trace.on_request_start.append(sends)
    trace.on_request_end.append(answered)
    options = {"connector": aiohttp.TCPConnector(limit=0), "trace_configs": [trace], **session}
    async with w.shop.session(**options) as w.api:
        yield w

"""Tasks whose calls are answered in one moment, and one of which is cancelled while it asks the database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import Any

import aiohttp

from kettle.checking.runner.patience import WHO_WAITS, hanging

_TURNS = 50  # of the loop, in which a task that is cancelled and waits for nothing ends
_whose: ContextVar[asyncio.Task | None] = ContextVar("whose", default=None)


@asynccontextmanager
async def one_stopped(
    shop: Any, engine: Any, begin: Callable[[Any], list], patience: float
) -> AsyncIterator[tuple[asyncio.Task | None, list[asyncio.Task]]]:
    """Answer the calls of all tasks in one moment, and cancel that one whose statement is the first then.

    Give it, None where no statement came, and the others, which have ended, if they ever do. In the block its
    statement still stands where it stood, unless the task waits for it to end.

    Args:
        shop: the practice shop.
        engine: the AsyncEngine that they ask; it knows its database already.
        begin: given a session of the shop, returns coroutines, each of which makes one call.
        patience: seconds, on a machine that has nothing else to do; paid by tasks that do not end.

    Raises:
        Undecided: the machine is too busy to tell.
    """
    answered, all_answered, number = asyncio.Event(), asyncio.Event(), 0
    trace = aiohttp.TraceConfig()

    @trace.on_request_end.append
    async def meet(_: object, __: object, call: aiohttp.TraceRequestEndParams) -> None:
        nonlocal number
        await call.response.read()  # so that nothing is left to wait for
        number += 1
        if number == len(tasks):
            all_answered.set()
        await answered.wait()

    async with shop.session(trace_configs=[trace]) as api:
        tasks = [asyncio.ensure_future(_known(each)) for each in begin(api)]
        there = asyncio.ensure_future(all_answered.wait())
        try:
            await hanging([there], patience, WHO_WAITS)
            with _first_held(engine) as (first, let_go):
                answered.set()
                await asyncio.wait([first, *tasks], timeout=patience, return_when=asyncio.FIRST_COMPLETED)
                stopped = first.result() if first.done() and first.result() in tasks else None
                if stopped is not None:
                    await _cancelled(stopped)
                if stopped is None or not stopped.done():
                    let_go()
                await hanging(tasks, patience, WHO_WAITS)
                yield stopped, [task for task in tasks if task is not stopped]
        finally:
            for task in (there, *tasks):
                task.cancel()
            await asyncio.gather(there, *tasks, return_exceptions=True)


@contextmanager
def _first_held(engine: Any) -> Iterator[tuple[asyncio.Future, Callable[[], None]]]:
    """Hold the first statement that begins; give whose it is, and what lets it go."""
    from sqlalchemy import event
    from sqlalchemy.util import await_only

    loop = asyncio.get_running_loop()
    first, held = loop.create_future(), loop.create_future()

    def hold(*_: Any) -> None:
        if not first.done():
            first.set_result(_whose.get())
            await_only(held)

    def let_go() -> None:
        if not held.done():
            held.set_result(None)

    event.listen(engine.sync_engine, "do_execute", hold)
    try:
        yield first, let_go
    finally:
        event.remove(engine.sync_engine, "do_execute", hold)
        let_go()


async def _known(work: Any) -> Any:
    _whose.set(asyncio.current_task())  # also for the tasks that this one makes
    return await work


async def _cancelled(task: asyncio.Task) -> None:
    task.cancel()
    for _ in range(_TURNS):
        await asyncio.sleep(0)

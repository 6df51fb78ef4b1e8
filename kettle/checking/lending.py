"""What an engine's pool lends: how many at once, while the shop holds calls, and after a cancellation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from typing import Any

from kettle.checking.runner.patience import WHO_WAITS, patient

_TURNS = 50  # of the loop, in which whoever may open a connection begins to
_BEAT = 0.004  # seconds between two looks at the shop


async def lends_at_once(engine: Any, most: int) -> int:
    """Return how many connections an AsyncEngine would open for those who ask at once; disposes of it.

    No clock decides: whoever may have a connection begins to open it within his first turns of the loop,
    and whoever may not waits for one that is given back. Beyond the first, none is opened to its end, so
    that it costs little, and nobody refuses, however many there are.

    Args:
        engine: an AsyncEngine of which nothing is lent out.
        most: how many ask.

    Raises:
        Exception: what it raises for the very first that asks.
    """
    from sqlalchemy import event
    from sqlalchemy.util import await_only

    opening = []

    def note(*_: Any) -> None:
        opening.append(asyncio.get_running_loop().create_future())
        await_only(opening[-1])  # until its task is cancelled

    async with engine.connect():  # also what an engine asks of a database that it meets for the first time
        pass
    kept = engine.pool.checkedin() if hasattr(engine.pool, "checkedin") else 0
    event.listen(engine.sync_engine, "do_connect", note)
    asking = [asyncio.ensure_future(engine.connect().start()) for _ in range(most)]
    try:
        for _ in range(_TURNS):
            await asyncio.sleep(0)
        return min(most, kept + len(opening))
    finally:
        event.remove(engine.sync_engine, "do_connect", note)
        for each in asking:
            each.cancel()
        for each in asking:
            with suppress(asyncio.CancelledError, Exception):
                await (await each).close()
        await engine.dispose()


async def all_back(lent: Any, seconds: float = 1.0) -> bool:
    """Tell whether nothing is lent out, now or soon: a broken connection is thrown away by a task of its own.

    Args:
        lent: of `watch_checkouts`.
        seconds: until "soon" is over, on a machine that has nothing else to do; paid by what does not come.

    Raises:
        Undecided: the machine is too busy to tell.
    """
    if await _back(lent, seconds):
        return True
    with patient(seconds, WHO_WAITS) as more:
        while longer := await more():
            if await _back(lent, longer):
                break
    return not lent.now


async def _back(lent: Any, seconds: float) -> bool:
    until = asyncio.get_running_loop().time() + seconds
    while lent.now and asyncio.get_running_loop().time() < until:  # noqa: ASYNC110 (nobody tells when)
        await asyncio.sleep(_BEAT)
    return not lent.now


@asynccontextmanager
async def held_at(
    shop: Any, route: str, begin: Callable[[Any], list], number: int, patience: float
) -> AsyncIterator[tuple[int, list[asyncio.Task]]]:
    """Hold the calls of a route until `number` of them are there; give how many are, and the tasks.

    In the block they are held still. After it they are let go, or cancelled where not all of them came, and
    the tasks are awaited, whatever becomes of them.

    Args:
        shop: the practice shop.
        route: whose calls are held.
        begin: given a session of the shop, returns coroutines.
        number: of calls that ought to be there together.
        patience: seconds, on a machine that has nothing else to do; paid by calls that do not come.

    Raises:
        Undecided: the machine is too busy to tell.
    """
    shop.set(route, hang="first byte", latency=0.0)  # once they are let go, nothing is left to wait for
    try:
        async with shop.session() as api, shop.traffic() as traffic:
            tasks = [asyncio.ensure_future(each) for each in begin(api)]
            there = 0
            try:
                there = await _arrived(traffic, number, tasks, patience)
                yield there, tasks
            finally:
                shop.set(route, hang=None)
                for task in tasks if there < number else ():
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
    finally:
        shop.set(route, hang=None)


async def _arrived(traffic: Any, number: int, tasks: list[asyncio.Task], seconds: float) -> int:
    """Return how many calls have come, once all have, or a task has ended without its call, or none comes."""
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(1) as looks, patient(seconds, WHO_WAITS) as more:
        until = loop.time() + seconds
        while True:
            # In a thread that is not the loop's own: the code may need all of those.
            there = await loop.run_in_executor(looks, getattr, traffic, "peak_in_flight")
            if there >= number or any(task.done() for task in tasks):
                return there
            if loop.time() > until:
                longer = await more()
                if not longer:
                    return there
                until = loop.time() + longer
            await asyncio.sleep(_BEAT)

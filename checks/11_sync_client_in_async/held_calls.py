"""Calls that the practice shop holds until enough are in flight and the event loop has shown life meanwhile.

No clock decides: a loop that is held can never send the call that is waited for, however fast the machine is,
and one that is free sends it sooner or later, however slow.
"""

import asyncio
import http.client
import secrets
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from kettle.probes.calls import count_calls
from kettle.probes.loop import watch_loop
from kettle.probes.workers import watch_workers
from kettle.shop import Request, Shop
from kettle.shop.meeting import RendezvousWindow

Ask = Callable[[], Awaitable]

PATIENCE = 3.0  # seconds; paid by wrong answers only
TOGETHER = 4  # calls that must be in flight at once: the smallest default pool of to_thread has 5 threads
TURNS = 30  # that the loop takes while calls are held, 5 ms each: time for what waits there to show

_BEAT = 0.005  # seconds between two looks at the shop
_WITNESS = "tax"  # the route of the loop's own call; its path is drawn, so that no code can send it instead
_MOST = 0.1  # seconds that a busy machine may let the loop's own thread wait for a lock
_SHORT = 0.02  # seconds: blocking calls that are shorter in all explain nothing


@dataclass(frozen=True)
class HeldCalls:
    """What the shop saw of some code while it held its calls.

    met: enough calls were in flight together, and the loop, alive, sent one of its own meanwhile. together:
    the most in flight at once. lived: the loop came round while the first of them was held, also if not met.
    value, error: what the code returned or raised. waited: what slept on the loop's own thread, or waited
    there for long while a call was under way; "" if nothing did.
    """

    met: bool
    together: int
    lived: bool
    value: Any = None
    error: Exception | None = None
    waited: str = ""


async def hold_calls(
    ask: Ask,
    shop: Shop,
    route: str,
    together: int,
    *,
    meanwhile: Ask | None = None,
    turns: int = 0,
    patience: float = 3.0,
) -> HeldCalls:
    """Await `ask()` while the shop holds its calls; return a `HeldCalls`. Raises nothing that `ask` raises.

    shop: a kettle.shop.Shop. route: the name of the route whose calls are held. together: how many must be in
    flight at once. meanwhile: a coroutine function that the loop must get done while they are held, before
    they are let go. turns: of the loop, of 5 ms each, for which they are held after that, so that what waits
    there can show. patience: seconds without progress after which the shop lets all calls go; paid by code
    that overlaps nothing, or blocks the loop.
    """
    beats: list[float] = []
    value, failed = None, None
    routes = (route,) * together + (_WITNESS,)
    path = f"/tax/{secrets.token_hex(8)}"
    asker = ThreadPoolExecutor(1)  # not the loop's own pool: the code may need all of its threads
    async with (
        shop.session() as api,
        shop.traffic() as traffic,
        shop.rendezvous(routes=routes, patience=patience) as meeting,
    ):
        witness = asyncio.create_task(_show_life(api, path, meeting, together, meanwhile, turns, asker))
        pulse = asyncio.create_task(_beat(beats))
        try:
            with watch_loop(explain=True) as loop:
                value = await ask()
        except Exception as error:  # noqa: BLE001 (told, not raised)
            failed = error
        finally:
            for task in (witness, pulse):
                task.cancel()
                with suppress(asyncio.CancelledError, Exception):
                    await task
    asker.shutdown()
    calls = [(call.started, call.ended or float("inf")) for call in traffic.of(route)]
    together = max((sum(other[0] <= call[0] < other[1] for other in calls) for call in calls), default=0)
    lived = any(started < beat < ended for started, ended in calls[:1] for beat in beats)
    witnessed = any(
        started <= call.started <= ended
        for call in traffic.of(_WITNESS)
        if call.path == path
        for started, ended in calls
    )
    what = waited(loop, traffic.of(route))
    return HeldCalls(meeting.met and witnessed, together, lived, value, failed, what)


async def _show_life(
    api: Any,
    path: str,
    meeting: RendezvousWindow,
    together: int,
    meanwhile: Ask | None,
    turns: int,
    asker: ThreadPoolExecutor,
) -> None:
    loop = asyncio.get_running_loop()
    while await loop.run_in_executor(asker, getattr, meeting, "most_together") < together:  # noqa: ASYNC110 (the shop tells only when asked)
        await asyncio.sleep(_BEAT)
    if meanwhile is not None:
        await meanwhile()
    for _ in range(turns):
        await asyncio.sleep(_BEAT)
    async with api.get(path) as response:
        await response.read()


async def _beat(beats: list[float]) -> None:
    while True:
        beats.append(time.perf_counter())
        await asyncio.sleep(_BEAT)


@dataclass(frozen=True)
class Why:
    """What waited on the loop's thread: it explains a verdict, and decides none.

    call, source: the blocking call that took longest in all, and the line that made it; empty if there was
    none. function, task: where that line stands, and whose step it was. jobs: pieces of work that executors
    ran. one_job: whether there was only one, and it took most of the time. yields: calls of
    `asyncio.sleep(0)`.
    """

    call: str = ""
    source: str = ""
    function: str = ""
    task: str = ""
    jobs: int = 0
    one_job: bool = False
    yields: int = 0

    @property
    def own_task(self) -> bool:
        """Whether it was a step of a task that the code made for it."""
        return self.task not in (*_NOBODYS, "")

    def __str__(self) -> str:
        line = f"`{self.source}`" if self.source else "something"
        return f"{line} ({self.call})" if self.call else line


_RESULTS = ("Future.result", "Future.exception", "AsyncResult.get", "concurrent.futures.wait")
_THREADS = ("Thread.join", "Lock.acquire", "Event.wait", "Queue.get", "ThreadPoolExecutor.shutdown")
_NOBODYS = ("main", "_await")  # steps of the task that runs a check


def blame(why: Why, say: Callable) -> str:
    """Say that a call blocks the loop, and that what was tried around it does not change that.

    why: of `explain`. say: of the lesson's contract.
    """
    if why.call in _RESULTS + _THREADS:
        return say("joined", why=why)
    if why.yields:
        return say("turn_first", why=why)
    if why.own_task and why.task != why.function and why.function.isidentifier():
        return say("wrapped", why=why, function=why.function)
    return say("blocks", why=why)


def why_not(seen: HeldCalls, number: int, together: int, why: Why, say: Callable) -> str:
    """Say why `together` of `number` calls did not meet, of what was `seen` and explained."""
    if (not seen.lived and seen.together > 1) or seen.together >= together:
        return say("blocked_together", n=seen.together, of=number, why=why)
    if not seen.lived:
        return blame(why, say)
    if seen.together > 1:
        return say("few", n=seen.together, of=number)
    return say("one_thread" if why.one_job else "in_turn", of=number)


async def held(ask: Ask, shop: Shop, *, turns: int = TURNS, meanwhile: Ask | None = None) -> HeldCalls:
    """Hold the calls for stock that `ask()` makes; raise what it raises, unless no call was answered.

    turns, meanwhile: as for `hold_calls`.
    """
    shop.set(latency=0.01)
    seen = await hold_calls(ask, shop, "stock", TOGETHER, meanwhile=meanwhile, turns=turns, patience=PATIENCE)
    if (
        (seen.met or not seen.together)
        and seen.error
        and not isinstance(seen.error, http.client.HTTPException)
    ):
        raise seen.error
    shop.set(latency=0.13, hang=None)  # for what may have to be explained
    return seen


def waited(loop: watch_loop, calls: Iterable[Request]) -> str:
    """Tell what waited on the loop's own thread: `time.sleep`, or something for long; "" if nothing did.

    What is waited for after the last answer counts for nothing: on a busy machine threads end late.

    loop: of `watch_loop(explain=True)`. calls: kettle.shop's requests, that the shop saw meanwhile.
    """
    first = min((call.started for call in calls), default=0.0)
    last = max((call.ended for call in calls), default=0.0)
    seconds: defaultdict[tuple[str, str], float] = defaultdict(float)
    for call in loop.blocking:
        if call.call in (*_RESULTS, *_THREADS, "time.sleep") or call.call.startswith("socket."):
            under_way = min(call.started + call.seconds, last) - max(call.started, first)
            seconds[call.call, call.source] += max(under_way, 0.0)
    for (what, source), took in sorted(seconds.items(), key=lambda item: item[1], reverse=True):
        if what == "time.sleep" or took > _MOST:
            return f"`{source}` ({what})"
    return ""


async def explain(ask: Ask) -> Why:
    """Await `ask()` and return a `Why`. Raises nothing that `ask` raises."""
    with (
        watch_loop(explain=True) as loop,  # first: it knows functions as they are before others wrap them
        watch_workers() as workers,
        count_calls("asyncio.tasks:sleep") as sleeps,
        suppress(Exception),
    ):
        await ask()
    # asyncio looks names up in its own pool
    jobs = [work for work in workers.ran if work.name != "getaddrinfo"]
    one_job = len(jobs) == 1 and jobs[0].seconds > (loop.ended - loop.started) / 2
    yields = sum(slept["delay"] == 0 for slept in sleeps.arguments)
    seconds: defaultdict[tuple[str, str, str], float] = defaultdict(float)
    for blocked in loop.blocking:
        seconds[blocked.call, blocked.source, blocked.function] += blocked.seconds
    (call, source, function), most = max(seconds.items(), key=lambda item: item[1], default=(("",) * 3, 0.0))
    if most < _SHORT:
        first = next(iter(loop.holds), None)
        call, source, function = ("", first.source, first.function) if first else ("", "", "")
    hold = next((h for h in loop.holds if source in (h.source, *(c.source for c in h.calls))), None)
    task = hold.task if hold else ""
    return Why(call, source, function, task, len(jobs), one_job, yields)

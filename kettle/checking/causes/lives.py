"""Situations for a service that lives: it ends, starts again, lives beside another one, or in another loop.

A world of these is made by `service_world`. The notebook defines `App`, `lifespan(app)`, and the function
under test, which takes the app first. An app can be a key.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from typing import Any

from kettle.checking.causes.serving import serving
from kettle.checking.equivalence import Situation, Told
from kettle.probes.handles import handles
from kettle.probes.leftovers import tasks_of_cells

ASKED = "its own server was asked"
MIXED = "One app is answered by what belongs to the other one: what do they share?"
PATIENCE = 1.0  # seconds in which connections may still close; paid by wrong answers only
NOTICE = 0.02  # seconds in which a client may notice that the other side has closed a connection
IN_VAIN = 6.0  # seconds until a request that comes after failures is given up; paid by wrong answers only
TURNS = 3  # of the loop, in which the end of a service begins


class Ended(Exception):
    """What ends a service by force."""


HOW = (
    ("has ended", None),
    ("was ended by an exception", Ended()),
    ("was cancelled", asyncio.CancelledError()),
)
"""How a service ends, in the words of a message, and by what."""


def service_world(make: Callable[[], AbstractAsyncContextManager], app: Callable) -> Callable:
    """Return a world in which services can live.

    Args:
        make: makes what gives the world itself: something with `server`, or a `shop`, that can `drop_idle()`.
        app: given the world, and whether it is for another server, returns an app and a window on the traffic
            of its server; `world.stack` closes what it opens.
    """

    @asynccontextmanager
    async def world() -> AsyncIterator[Any]:
        async with make() as w, AsyncExitStack() as w.stack, AsyncExitStack() as w.lives:
            w.server, w.windows = getattr(w, "shop", None) or w.server, {}
            w.app = made
            yield w

    def made(w: Any, other: bool = False) -> Any:
        made, window = app(w, other)
        w.windows[made] = window
        return made

    return world


def living(f: Callable, w: Any, app: Any = None, **options: Any) -> AbstractAsyncContextManager[Callable]:
    """Let an app of the world live, with the lifespan that belongs to `f`; see `serving`."""
    return serving(w.names["lifespan"], f, w.app(w) if app is None else app, **options)


def in_one_life(*requests: Any) -> Callable:
    """Return a situation's call: requests in turn, in a life of their own."""

    async def call(f: Callable, w: Any) -> Any:
        async with living(f, w) as ask:
            return await _in_turn(requests, ask)

    return call


def while_it_lives(*requests: Any) -> Callable:
    """Return a situation's call: requests in turn, in a life that goes on to the situation's next call."""

    async def call(f: Callable, w: Any) -> Any:
        if not hasattr(w, "ask"):
            w.ask = await w.lives.enter_async_context(living(f, w))
        return await _in_turn(requests, w.ask)

    return call


async def _in_turn(requests: Iterable[Any], ask: Callable) -> Any:
    told = [await ask(*arguments(each)) for each in requests]
    return told if len(told) > 1 else told[0]


def after_a_failure(failing: Any, request: Any, times: int = 1) -> Callable:
    """Return a situation's call: one request fails, or so many at once, and the next one counts."""

    async def call(f: Callable, w: Any) -> Any:
        async with living(f, w) as ask:
            calls = [ask(*arguments(failing)) for _ in range(times)]
            await _answered(asyncio.gather(*calls, return_exceptions=True))
            return await _answered(ask(*arguments(request)))

    return call


async def _answered(waiting: Awaitable) -> Any:
    try:
        async with asyncio.timeout(IN_VAIN) as clock:
            return await waiting
    except TimeoutError:
        if not clock.expired():
            raise
        raise Told("some wait in vain. What do those that failed not give back?") from None


def lives(request: Any, *, crowd: int, why: dict[str, Any]) -> tuple[Situation, ...]:
    """Return situations in which a service ends, starts again, or lives beside another one.

    Args:
        request: what the function is asked in them, besides its app; a tuple stands for several arguments.
        crowd: how many requests come at once in each event loop, more than are served at a time.
        why: the lesson's words on differences.
    """
    mixed = {**why, "answer": MIXED, ASKED: MIXED}

    def with_request(call: Callable, **more: Any) -> Callable:
        return partial(call, request=arguments(request), **more)

    two = with_request(_two)
    return (
        Situation("idle connections were closed by the other side", with_request(_idle), why=why),
        Situation("an app is started again when it has ended", with_request(_again), why=why),
        Situation("two apps live at once, and the first one ends", partial(two, other=True), why=mixed),
        Situation("two apps live at once, and the second ends", partial(two, other=True, first=1), why=mixed),
        Situation("two apps with one server live, and one ends", partial(two, other=False), why=mixed),
        Situation(
            "an app starts while another one with its server ends", with_request(_meanwhile), why=mixed
        ),
        Situation(
            "apps live one after another, each in an event loop of its own",
            with_request(_loops, crowd=crowd),
            why=why,
        ),
        Situation("an exception ends the service", with_request(_ended, error=Ended()), why=why),
        Situation("the service is cancelled", with_request(_ended, error=asyncio.CancelledError()), why=why),
    )


async def _idle(f: Callable, w: Any, request: tuple) -> Any:
    async with living(f, w) as ask:
        told = [await ask(*request)]
        w.server.drop_idle()
        await asyncio.sleep(NOTICE)
        return [*told, await ask(*request)]


async def _again(f: Callable, w: Any, request: tuple) -> Any:
    app, told = w.app(w), []
    for _ in range(2):
        async with living(f, w, app) as ask:
            told.append(await ask(*request))
    return told


async def _two(f: Callable, w: Any, request: tuple, other: bool, first: int = 0) -> Any:
    async def asked(app: Any, ask: Callable) -> dict[str, Any]:
        before = len(w.windows[app].requests)
        answer = await ask(*request)
        return {"answer": answer, ASKED: len(w.windows[app].requests) > before}

    apps = [w.app(w), w.app(w, other=other)]
    places = [living(f, w, app) for app in apps]
    async with AsyncExitStack() as left:
        asks = [await place.__aenter__() for place in places]
        left.push_async_exit(places[1 - first])
        told = [await asked(*each) for each in zip(apps, asks, strict=True)]
        await places[first].__aexit__(None, None, None)
        return [*told, await asked(apps[1 - first], asks[1 - first])]


async def _meanwhile(f: Callable, w: Any, request: tuple) -> Any:
    ending = living(f, w)
    told = [await (await ending.__aenter__())(*request)]
    end = asyncio.create_task(ending.__aexit__(None, None, None))
    for _ in range(TURNS):
        await asyncio.sleep(0)
    try:
        async with living(f, w) as ask:
            await end
            return [*told, {"answer": await ask(*request)}]
    finally:
        await end


async def _loops(f: Callable, w: Any, request: tuple, crowd: int) -> Any:
    async def crowded() -> Any:
        async with living(f, w) as ask:
            await asyncio.gather(*(ask(*request) for _ in range(crowd)))
            return await ask(*request)

    told = [await asyncio.to_thread(lambda: asyncio.run(crowded())) for _ in range(2)]
    async with living(f, w) as ask:
        return [*told, await ask(*request)]


async def _ended(f: Callable, w: Any, request: tuple, error: BaseException) -> Any:
    try:
        async with living(f, w, error=error) as ask:
            told = await ask(*request)
    except type(error):
        return told
    if isinstance(error, Ended):
        raise Told("the exception does not come out of `lifespan`: a failure that nobody sees.")
    raise Told("the CancelledError does not come out of `lifespan`: what stands behind it goes on as before.")


async def some(requests: Iterable[Any], ask: Callable) -> None:
    """Make requests at once, and the first one again after them."""
    requests = [arguments(each) for each in requests]
    await asyncio.gather(*(ask(*each) for each in requests))
    await ask(*requests[0])


async def ends_clean(serve: Callable, app: Callable, use: Callable) -> None:
    """Raise AssertionError, with a sentence, where something of a service stays open when it has ended.

    Args:
        serve: `serving`, but for the app.
        app: makes an app, which may outlive its service, with all that was kept on it.
        use: given what makes a request, makes some.
    """
    for how, error in HOW:
        clients, tasks, kept = open_clients(), tasks_of_cells(), app()
        async with handles(patience=PATIENCE) as found:
            with suppress(Ended, asyncio.CancelledError):
                async with serve(kept, error=error) as ask:
                    await use(ask)
        left, running = len(found.connections), len(tasks_of_cells() - tasks)
        assert not left, (
            f"When the service {how}, {_number(left, 'connection')} of it stay open. Who closes them?"
        )
        assert not found.warnings, (
            f"When the service {how}, Python complains: {found.warnings[0][:90]}. Who closes it, and when?"
        )
        assert open_clients() <= clients, f"When the service {how}, a client of it is open. Who closes it?"
        assert not running, (
            f"When the service {how}, {_number(running, 'task')} of it still run{'s' * (running == 1)}."
        )


def open_clients() -> int:
    """Count the sessions of aiohttp and clients of httpx that nobody has closed."""
    gc.collect()
    found = [each for each in gc.get_objects() if type(each).__name__ in ("ClientSession", "AsyncClient")]
    return sum(not getattr(each, "closed", getattr(each, "is_closed", True)) for each in found)


def _number(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def arguments(request: Any) -> tuple:
    """Return the arguments that a request stands for."""
    return request if isinstance(request, tuple) else (request,)

"""Services that live: what the lesson's checks and the exercise's share. A notebook defines `App` and `lifespan`."""

import asyncio
import gc
from contextlib import AsyncExitStack, asynccontextmanager

from kettle.checking.causes.serving import HOW, Ended, serving
from kettle.checking.equivalence import Told
from kettle.probes.handles import handles
from kettle.probes.leftovers import tasks_of_cells

IN_TURN, TOGETHER = 8, 4  # requests one after another, and how many have to be in flight together
PATIENCE = 2.0  # seconds; paid by wrong answers only
IN_VAIN = 6.0  # seconds until a request that comes after failures is given up; paid by wrong answers only


def living(f, w):
    """Let an app of the world live, with the lifespan that belongs to `f`."""
    address = (w.server.url, w.server.prefix) if hasattr(w, "server") else (w.shop.url,)
    return serving(w.names["lifespan"], f, w.names["App"](*address))


async def one_after_another(f, w, *requests):
    """Make requests in a life of their own."""
    async with living(f, w) as ask:
        return [await ask(*each) for each in requests]


async def at_once(f, w, *requests):
    """Make requests at once, in a life of their own."""
    async with living(f, w) as ask:
        return await asyncio.gather(*(ask(*each) for each in requests))


async def while_it_lives(f, w, request):
    """Make a request in a life that goes on to the case's next call."""
    if not hasattr(w, "ask"):
        w.life = AsyncExitStack()
        w.stack.push_async_callback(w.life.aclose)
        w.ask = await w.life.enter_async_context(living(f, w))
    return await w.ask(*request)


async def after_failures(f, w, failing, request, times, say):
    """Let requests fail at once; the next one counts."""
    async with living(f, w) as ask:
        try:
            async with asyncio.timeout(IN_VAIN):
                await asyncio.gather(*(ask(*failing) for _ in range(times)), return_exceptions=True)
                return await ask(*request)
        except TimeoutError:
            raise Told(say("in_vain")) from None


async def started_again(f, w, request):
    """Start an app again when it has ended."""
    address = (w.server.url, w.server.prefix) if hasattr(w, "server") else (w.shop.url,)
    app, told = w.names["App"](*address), []
    for _ in range(2):
        async with serving(w.names["lifespan"], f, app) as ask:
            told.append(await ask(*request))
    return told


def why_of(error, say):
    """Say what an exception of the learner's code means here."""
    if "Session is closed" in str(error) or "client has been closed" in str(error):
        return say("closed")
    return say("context") if isinstance(error, LookupError) and "ContextVar" in str(error) else ""


def judge_sharing(connections, made, say):
    """Raise AssertionError where requests in turn did not share one connection."""
    if connections > 1:
        why = "made" if made >= IN_TURN else "apart"
        raise AssertionError(say("in_turn", n=connections, of=IN_TURN, why=say(why, n=made)))


async def ends_clean(lifespan, function, app, requests, say):
    """Raise AssertionError where something of a service stays open when it has ended, or its end is swallowed.

    Args:
        app: makes an app, which may outlive its service, with all that was kept on it.
        requests: are made at once.
    """
    for how, error in HOW:
        clients, tasks, kept, came = open_clients(), tasks_of_cells(), app(), error is None
        async with handles(patience=PATIENCE) as found:
            try:
                async with serving(lifespan, function, kept, error=error) as ask:
                    await asyncio.gather(*(ask(*each) for each in requests))
            except (Ended, asyncio.CancelledError):
                came = True
        assert came, say("swallowed", how=how)
        assert not found.connections, say("connections", how=how, n=len(found.connections))
        assert not found.warnings, say("warning", how=how, warning=found.warnings[0][:90])
        assert open_clients() <= clients, say("client", how=how)
        running = len(tasks_of_cells() - tasks)
        assert not running, say("tasks", how=how, n=running)


def open_clients():
    """Count the sessions of aiohttp and clients of httpx that nobody has closed."""
    gc.collect()
    found = [each for each in gc.get_objects() if type(each).__name__ in ("ClientSession", "AsyncClient")]
    return sum(not getattr(each, "closed", getattr(each, "is_closed", True)) for each in found)


def stacked(make):
    """Return a world with a `stack` that closes what the cases open."""

    @asynccontextmanager
    async def world():
        async with make() as w, AsyncExitStack() as w.stack:
            yield w

    return world

"""Services that live: what the lesson's checks and the exercise's share. A notebook defines `App` and `lifespan`."""

import asyncio
import time
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

from kettle.checking import Undecided
from kettle.checking.equivalence import Told
from kettle.checking.runner.errors import named, sentence
from kettle.lessons.serving import HOW, Ended, serving
from kettle.probes.handles import handles

IN_TURN, TOGETHER = 8, 4  # calls one after another, and how many have to be in flight together
PATIENCE = 2.0  # seconds; paid by wrong answers only
STUCK = 6.0  # seconds; likewise
IDLE = 10.0  # seconds: clients close a connection that has been idle for a little longer by themselves


def with_service(world):
    """Return a kind of world in which a service may live, from a case's first call to its end."""

    def make(**given):
        opened = world.make(**given)

        @asynccontextmanager
        async def living():
            async with opened() as w, AsyncExitStack() as w.lives:
                w.ask = None
                yield w

        return living

    return replace(world, make=make)


async def started(f, w, *address):
    """Return what makes a call of the world's service."""
    if w.ask is None:
        service = serving(w.names["lifespan"], f, w.names["App"](*address))
        w.ask = await w.lives.enter_async_context(service)
    return w.ask


async def after_failures(say, ask, failing, right, number):
    """Make calls that fail, so many at once, with a right one beside them, and again; then one more."""
    try:
        async with asyncio.timeout(STUCK):
            for _ in range(2):
                calls = [ask(*failing) for _ in range(number)]
                *_, beside = await asyncio.gather(*calls, ask(*right), return_exceptions=True)
            told = [beside, *await asyncio.gather(ask(*right), return_exceptions=True)]
    except TimeoutError:
        raise Told(say("stuck")) from None
    for each in told:
        if isinstance(each, BaseException):
            raise Told(say("disturbed", error=named(each)))
    return told


async def judge_connections(say, serve, call, server, rendezvous, at_once, most, overlap):
    """Raise AssertionError where calls in turn need more than one connection, or those at once too many or few.

    Args:
        serve: lets a service live; gives what makes a call of it.
        call: returns the arguments of a call.
        rendezvous: at the server, of as many calls as have to be in flight together.
        at_once: calls. most: connections that they may use. overlap: whether they have to overlap.
    """
    async with serve() as ask, server.traffic() as traffic:
        for _ in range(IN_TURN):
            await ask(*call())
    assert traffic.connections <= 1, say("in_turn", n=traffic.connections, of=IN_TURN)
    # A service that has just started: while the pool of httpx has connections, it opens fewer.
    async with serve() as ask, server.traffic() as busy, rendezvous as meeting:
        told = await asyncio.gather(*(ask(*call()) for _ in range(at_once)), return_exceptions=True)
    errors = [each for each in told if isinstance(each, BaseException)]
    assert not errors, say("failed", n=len(errors), of=at_once, error=named(errors[0]))
    assert meeting.met or not overlap, say("alone", n=meeting.most_together, wanted=TOGETHER)
    assert busy.connections <= most, say("too_many", n=busy.connections, of=at_once, most=most)
    return say("shared", in_turn=IN_TURN, at_once=at_once, n=busy.connections)


async def judge_end(say, serve, *calls):
    """Raise AssertionError where a service that ends leaves something open, or swallows what ends it, or cannot start again."""
    for how, error in HOW:
        came, begun = error is None, time.monotonic()
        async with handles(patience=PATIENCE) as found:
            try:
                async with serve(error=error) as ask:
                    told = await asyncio.gather(*(ask(*each) for each in calls), return_exceptions=True)
            except (Ended, asyncio.CancelledError):
                came = True
        errors = [each for each in told if isinstance(each, BaseException)]
        assert not errors, say("again", error=errors and f"{type(errors[0]).__name__}: {sentence(errors[0])}")
        assert came, say("swallowed", how=how)
        assert not found.connections, say("connections", how=how, n=len(found.connections))
        if time.monotonic() - begun > IDLE:
            raise Undecided(
                "This machine is too busy to tell whether a connection was closed, or was idle for long."
            )

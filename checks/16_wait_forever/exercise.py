"""The order page: each query has a timeout, and the wait for a connection has none."""

import asyncio
from contextlib import asynccontextmanager
from functools import partial
from types import SimpleNamespace

from kettle.checking import Case, Contract
from kettle.checking.causes.endings import end_of, judge_end
from kettle.checking.causes.told_time import told_time
from kettle.checking.equivalence import Told
from kettle.checking.equivalence.sentences import short
from kettle.checking.runner.errors import alone, told
from kettle.checking.words import many
from kettle.checking.worlds import World

from .world import PagePool

BUDGET = 4.0  # seconds
INEXACT = 1.01  # times the budget
LEFT = asyncio.CancelledError


def database(rng):
    """Return what makes a pool of two connections."""

    @asynccontextmanager
    async def world():
        yield SimpleNamespace(pool=PagePool(2))

    return world


async def page(order_page, w, order=1234, budget=BUDGET):
    """Ask for one page, which comes or does not; nothing of it is left behind."""
    end = await end_of(order_page(w.pool, order, budget))
    if isinstance(end.error, TimeoutError):
        raise end.error
    judge_left(w, end)
    if end.error:
        raise as_it_is(end.error)
    return end.value


async def two_pages(order_page, w):
    """Ask for two pages at once, which take two seconds each."""
    w.pool.seconds = {"buyer": 1.0, "lines": 1.0}
    pages = asyncio.gather(*(order_page(w.pool, order, BUDGET) for order in (1234, 77)))
    end = await end_of(pages)
    if end.took > INEXACT * 2:
        raise Told(exercise.say("in_turn", took=end.took))
    judge_left(w, end)
    if end.error:
        raise as_it_is(end.error)
    return end.value


async def too_late(order_page, w, why, budget=BUDGET):
    """Ask for a page that cannot be had within the budget, and judge when and how that ends."""
    end = await end_of(order_page(w.pool, 1234, budget))
    if end.took > INEXACT * budget:
        raise Told(exercise.say("late", took=end.took, budget=budget, why=exercise.say(why)))
    if end.error is None:
        raise Told(exercise.say("no_error", found=short(end.value)))
    if not isinstance(as_it_is(end.error), TimeoutError):
        raise Told(exercise.say("other_error", error=told(end.error)))
    judge_left(w, end)


async def visitor_leaves(order_page, w):
    """Cancel a page after a moment."""
    end = await end_of(order_page(w.pool, 1234, BUDGET), at=0.1)
    judge_end(end, LEFT, "page", exercise.say("swallowed"))
    judge_left(w, end)


def judge_left(w, end):
    """Raise where a page that has ended still waits for a connection, or keeps one."""
    if w.pool.waiting:
        raise Told(exercise.say("queues"))
    if end.running:
        raise Told(exercise.say("runs_on"))
    if w.pool.lost:
        raise Told(exercise.say("lost", connections=many(w.pool.lost, "connection")))


def as_it_is(error):
    """Return an error that a caller can catch by its type; raise where it cannot."""
    if isinstance(error, BaseExceptionGroup):
        raise Told(exercise.say("group", error=type(alone(error)).__name__))
    if isinstance(error, LEFT):
        raise Told(exercise.say("cancelled"))
    return error


def takes(lent=0.0, **seconds):
    """Let the pool's connections be lent, and queries take their time."""

    def prepare(w):
        w.pool.seconds.update(seconds)
        if lent:
            w.pool.lend_all(lent)

    return prepare


def never(why, budget=BUDGET, **seconds):
    """Return a case in which the page cannot be had in time."""
    call = partial(too_late, why=why, budget=budget)
    return Case(call=call, prepare=takes(**seconds), truth=lambda w: None, observe=False)


def in_time(**seconds):
    """Return a case in which the page can be had in time."""
    return Case(prepare=takes(**seconds), why={"error": early})


def early(error):
    """Say what is wrong where there is no page though it can be had in time."""
    return exercise.say("early") if isinstance(alone(error), TimeoutError) else ""


def used_otherwise(found):
    """Say how the pool was used otherwise."""
    if "shared" in found.path:
        return exercise.say("shared")
    return exercise.say("asked", part=found.path[-1], n=found.given or 0)


exercise = Contract(
    "order_page",
    world=World(("rng",), database, run=told_time),
    call=page,
    observe=lambda w: {"asked": dict(w.pool.asked), "shared": w.pool.shared},
    why={"seen": used_otherwise},
    cases={
        "a page is asked for": Case(),
        "an order changes between two visits": Case(between=lambda w: w.pool.revise()),
        "two pages are asked for at once": Case(call=two_pages),
        "a query fails": Case(prepare=lambda w: w.pool.failing.add("lines"), raises=LookupError),
    },
)
exercise.further(
    "within_its_budget",
    {
        "all connections are lent": never("queue", lent=1000.0),
        "each query takes seven tenths of the budget": never("sum", buyer=2.8, lines=2.8),
        "the budget is 0.3 s, and all connections are lent": never("number", 0.3, lent=1000.0),
    },
)
exercise.further(
    "as_long_as_the_budget",
    {
        "a connection is free after seven tenths of the budget": in_time(lent=2.8),
        "one query takes eight tenths of the budget": in_time(buyer=3.2),
    },
)
exercise.further(
    "a_visitor_may_leave",
    {
        "the visitor leaves while all connections are lent": Case(
            call=visitor_leaves, prepare=takes(lent=1000.0), truth=lambda w: None, observe=False
        ),
        "the visitor leaves during a query": Case(
            call=visitor_leaves, prepare=takes(buyer=3.0), truth=lambda w: None, observe=False
        ),
    },
)

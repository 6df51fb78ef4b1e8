"""The order page: each query has a timeout, and the wait for a connection has none."""

import asyncio
from contextlib import asynccontextmanager
from functools import partial
from types import SimpleNamespace

from kettle.checking import Case, Contract
from kettle.checking.causes.endings import end_of, judge_end
from kettle.checking.causes.told_time import told_time
from kettle.checking.equivalence import Told
from kettle.checking.words import many
from kettle.checking.worlds import World

from .budget import BUDGET, INEXACT, catchable, in_time, judge_late, judged
from .world import PagePool


@asynccontextmanager
async def two_connections():
    """Make a world that is a pool of two connections."""
    yield SimpleNamespace(pool=PagePool(2))


async def page(order_page, w, order=1234, budget=BUDGET):
    """Ask for one page, which comes or does not; nothing of it is left behind."""
    return answer_of(w, await end_of(order_page(w.pool, order, budget)))


async def two_pages(order_page, w):
    """Ask for two pages at once, which take two seconds each."""
    w.pool.seconds = {"buyer": 1.0, "lines": 1.0}
    pages = asyncio.gather(*(order_page(w.pool, order, BUDGET) for order in (1234, 77)))
    end = await end_of(pages)
    if end.took > INEXACT * 2:
        raise Told(exercise.say("in_turn", took=end.took))
    return answer_of(w, end)


async def too_late(order_page, w, why, budget=BUDGET):
    """Ask for a page that cannot be had within the budget, and judge when and how that ends."""
    end = await end_of(order_page(w.pool, 1234, budget))
    judge_late(exercise, end, budget, why, TimeoutError)
    judge_left(w, end)


async def visitor_leaves(order_page, w):
    """Cancel a page after a moment."""
    end = await end_of(order_page(w.pool, 1234, BUDGET), at=0.1)
    judge_end(end, asyncio.CancelledError, "page", exercise.say("swallowed"))
    judge_left(w, end)


def answer_of(w, end):
    """Return the page, or raise its error; nothing of it is left behind."""
    if isinstance(end.error, TimeoutError):
        raise end.error
    judge_left(w, end)
    if end.error:
        raise catchable(exercise, end.error)
    return end.value


def judge_left(w, end):
    """Raise where a page that has ended still waits for a connection, or keeps one."""
    if w.pool.waiting:
        raise Told(exercise.say("queues"))
    if end.running:
        raise Told(exercise.say("runs_on"))
    if w.pool.lost:
        raise Told(exercise.say("lost", connections=many(w.pool.lost, "connection")))


def lent(w):
    """Let all connections be lent, for good."""
    w.pool.lend_all()


def slow(**seconds):
    """Let queries take their time."""
    return lambda w: w.pool.seconds.update(seconds)


def never(why, prepare, budget=BUDGET):
    """Return a case in which the page cannot be had in time."""
    return judged(partial(too_late, why=why, budget=budget), prepare)


def used_otherwise(found):
    """Say how the pool was used otherwise."""
    if "shared" in found.path:
        return exercise.say("shared")
    return exercise.say("asked", part=found.path[-1], n=found.given or 0)


exercise = Contract(
    "order_page",
    world=World((), lambda: two_connections, run=told_time),
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
        "all connections are lent": never("queue", lent),
        "each query takes seven tenths of the budget": never("sum", slow(buyer=2.8, lines=2.8)),
        "the budget is 0.3 s, and all connections are lent": never("number", lent, budget=0.3),
    },
)
exercise.further(
    "as_long_as_the_budget",
    {
        "a connection is free after seven tenths of the budget": in_time(
            exercise, lambda w: w.pool.lend_all(2.8)
        ),
        "one query takes eight tenths of the budget": in_time(exercise, slow(buyer=3.2)),
    },
)
exercise.further(
    "a_visitor_may_leave",
    {
        "the visitor leaves while all connections are lent": judged(visitor_leaves, lent),
        "the visitor leaves during a query": judged(visitor_leaves, slow(buyer=3.0)),
    },
)

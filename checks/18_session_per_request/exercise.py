"""The baskets: each click makes a client of its own, whose connection is greeted first."""

import asyncio
from contextlib import asynccontextmanager
from functools import partial
from types import SimpleNamespace

import redis

from kettle.checking import Case, Contract
from kettle.checking.runner.servers import redis_for_check
from kettle.checking.worlds import World
from kettle.lessons.serving import serving
from kettle.shop.data import Data

from .world import PATIENCE, TOGETHER, after_failures, judge_connections, judge_end, started, with_service

AT_ONCE, MOST = 100, 10  # clicks, connections; as the exercise says


@asynccontextmanager
async def server():
    """Open a Redis server, or a room of its own on one."""
    with redis_for_check() as server:
        yield SimpleNamespace(url=server.url, prefix=server.prefix)


def draw(rng, _):
    """Draw three customers and two products."""
    return {"customers": rng.sample(Data.customers, 3), "skus": rng.sample(Data.products, 2)}


async def click(add, w, *places):
    """Let drawn customers put the first product into their baskets, all at once."""
    ask = await started(add, w, w.url, w.prefix)
    return await asyncio.gather(*(ask(w.customers[place], w.skus[0]) for place in places))


async def many_fail(add, w):
    """Let many clicks of the second customer fail, beside those of the first."""
    ask = await started(add, w, w.url, w.prefix)
    first, second, _ = w.customers
    return await after_failures(exercise.say, ask, (second, w.skus[0]), (first, w.skus[0]), MOST - 1)


def changed(w):
    """Put something else into the first customer's basket."""
    with redis.Redis.from_url(w.url) as store:
        store.hincrby(f"{w.prefix}basket:{w.customers[0]}", w.skus[1], 4)


def spoiled(w):
    """Let each click of the second customer fail."""
    with redis.Redis.from_url(w.url) as store:
        store.set(f"{w.prefix}basket:{w.customers[1]}", "no basket")


exercise = Contract(
    "add",
    world=with_service(World(("rng",), lambda rng: server, draw)),
    call=click,
    cases={
        "a customer clicks": Case(0),
        "customers click at once": Case(0, 1, 2),
        "a basket changes between two clicks": Case(0, between=changed),
        "a click fails": Case(1, prepare=spoiled),
        "many clicks fail beside another one": Case(call=many_fail, prepare=spoiled),
    },
)


@exercise.cause
async def clicks_share_connections(add, lifespan, App, redis_server, rng, equivalence):  # noqa: N803
    """Count connections for clicks in turn, and for many at once."""
    return await judge_connections(
        exercise.say,
        serve=lambda: serving(lifespan, add, App(redis_server.url, redis_server.prefix)),
        call=lambda: (rng.choice(Data.customers), "KC-0001"),
        server=redis_server,
        rendezvous=redis_server.rendezvous(TOGETHER, patience=PATIENCE),
        at_once=AT_ONCE,
        most=MOST,
        overlap=equivalence.compares("overlap"),
    )


@exercise.cause
async def nothing_stays_open(add, lifespan, App, redis_server):  # noqa: N803
    """End a service in three ways; it is the same app, so it starts again, too."""
    app = App(redis_server.url, redis_server.prefix)
    clicks = [(customer, "KC-0001") for customer in Data.customers[:3]]
    await judge_end(exercise.say, partial(serving, lifespan, add, app), *clicks)

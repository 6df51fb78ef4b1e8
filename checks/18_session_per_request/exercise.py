"""The baskets: each click makes a client of its own, whose connection is greeted first."""

import asyncio
from contextlib import asynccontextmanager
from functools import partial
from types import SimpleNamespace

import redis

from kettle.checking import Case, Contract
from kettle.checking.causes.serving import serving
from kettle.checking.runner.servers import redis_for_check
from kettle.checking.worlds import World
from kettle.probes.calls import count_calls
from kettle.shop.data import Data

from .world import (
    IN_TURN,
    PATIENCE,
    TOGETHER,
    after_failures,
    at_once,
    ends_clean,
    judge_sharing,
    one_after_another,
    stacked,
    started_again,
    while_it_lives,
    why_of,
)

CLICKS, PLACES = 100, 10  # at once; connections


@asynccontextmanager
async def server():
    """Open a Redis server, or a room of its own on one."""
    with redis_for_check() as server, server.traffic() as traffic:
        yield SimpleNamespace(server=server, traffic=traffic)


def draw(rng, _):
    """Draw two customers and two products."""
    (ada, esi), (tea, jam) = rng.sample(Data.customers, 2), rng.sample(Data.products, 2)
    return {"ada": ada, "esi": esi, "tea": tea, "jam": jam}


def clicking(how, *clicks):
    """Return what makes clicks, each "customer product" by their names."""
    return lambda f, w: how(f, w, *(click(w, each) for each in clicks))


def click(w, named):
    """Return the arguments of a click."""
    return tuple(getattr(w, name) for name in named.split())


def behind(w):
    """Open a client of one's own."""
    return redis.Redis.from_url(w.server.url, decode_responses=True)


def put(w):
    """Put something into the basket, as somebody else may."""
    with behind(w) as store:
        store.hincrby(f"{w.server.prefix}basket:{w.ada}", w.jam, 4)


def spoil(w):
    """Let each click of the second customer fail."""
    with behind(w) as store:
        store.set(f"{w.server.prefix}basket:{w.esi}", "no basket")


def afterwards(times):
    """Return what makes a click after some that failed."""
    return lambda f, w: after_failures(f, w, click(w, "esi tea"), click(w, "ada tea"), times, exercise.say)


async def many(f, w):
    """Click at once, then look at both baskets; in which order the clicks come is open."""
    await at_once(f, w, *(click(w, each) for each in ("ada tea", "ada tea", "esi tea", "ada jam")))
    return await one_after_another(f, w, click(w, "ada jam"), click(w, "esi jam"))


def why(error):
    """Say what an exception of the learner's code means here."""
    return why_of(error, exercise.say)


exercise = Contract(
    "add",
    world=World(("rng",), lambda rng: stacked(server), draw),
    call=clicking(one_after_another, "ada tea", "esi tea", "ada jam", "ada tea"),
    again=False,
    why={"error": why},
    cases={
        "several clicks come in": Case(),
        "somebody else puts something in between two clicks": Case(
            call=clicking(while_it_lives, "ada tea"), between=put
        ),
        "a click is made again": Case(call=clicking(while_it_lives, "ada tea"), again=True),
        "clicks come in at once": Case(call=many),
        "a click fails": Case(call=clicking(one_after_another, "esi tea"), prepare=spoil),
        "a click comes after one that failed": Case(call=afterwards(1), prepare=spoil),
        "a click comes after many that failed": Case(call=afterwards(PLACES + 1), prepare=spoil),
        "the service is started again when it has ended": Case(call=clicking(started_again, "ada tea")),
    },
)


@exercise.cause
async def clicks_share_connections(add, lifespan, App, redis_server, rng):  # noqa: N803
    """Count connections for clicks in turn, then for many at once; each of them adds one."""
    customer, sku = rng.choice(Data.customers), rng.choice(Data.products)
    async with serving(lifespan, add, App(redis_server.url, redis_server.prefix)) as ask:
        with count_calls("redis.asyncio.client:Redis.__init__") as made:
            async with redis_server.traffic() as traffic:
                for _ in range(IN_TURN):
                    await ask(customer, sku)
            clients = made.count
        judge_sharing(traffic.connections, clients, exercise.say)
        async with (
            redis_server.traffic() as busy,
            redis_server.rendezvous(TOGETHER, patience=PATIENCE) as meeting,
        ):
            told = await asyncio.gather(*(ask(customer, sku) for _ in range(CLICKS)), return_exceptions=True)
        errors = [type(each).__name__ for each in told if isinstance(each, BaseException)]
        last = await ask(customer, sku)
    if errors:
        why = "no_place" if errors[0] == "MaxConnectionsError" else "broken"
        raise AssertionError(
            exercise.say("failed", n=len(errors), of=CLICKS, name=errors[0], why=exercise.say(why))
        )
    assert meeting.met, exercise.say("alone", n=meeting.most_together, wanted=TOGETHER)
    assert busy.connections <= PLACES, exercise.say("too_many", n=busy.connections, of=CLICKS, most=PLACES)
    expected = IN_TURN + CLICKS + 1
    assert int(last.get(sku, 0)) == expected, exercise.say("count", n=last.get(sku, 0), expected=expected)
    return exercise.say("shared", in_turn=IN_TURN, at_once=CLICKS, n=busy.connections)


@exercise.cause
async def nothing_stays_open(add, lifespan, App, redis_server, rng):  # noqa: N803
    """End a service in three ways."""
    app = partial(App, redis_server.url, redis_server.prefix)
    clicks = [(customer, "KC-0001") for customer in rng.sample(Data.customers, 3)]
    await ends_clean(lifespan, add, app, clicks, exercise.say)

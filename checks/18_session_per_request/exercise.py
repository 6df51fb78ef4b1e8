"""A session for each request: every call pays for a connection of its own, and for its handshake."""

import asyncio
from contextlib import asynccontextmanager
from functools import partial
from types import SimpleNamespace

import redis

from kettle.checking import words_of
from kettle.checking.causes.lives import (
    MIXED,
    after_a_failure,
    ends_clean,
    in_one_life,
    lives,
    living,
    service_world,
    some,
    while_it_lives,
)
from kettle.checking.causes.serving import serving
from kettle.checking.equivalence import Situation
from kettle.checking.runner.servers import redis_for_check
from kettle.probes.calls import count_calls
from kettle.shop.data import Data

from .world import AFTER, IN_TURN, PATIENCE, TOGETHER, WHY, _alone, _apart

EXERCISE_MISTAKE = words_of(__file__).exercise.mistake

CLICKS, PLACES = 110, 10


async def check_same_baskets(add, same, rng):
    """Whoever clicks gets the basket that the merged code gave, also at once, and when a click fails."""
    ada, esi = rng.sample(Data.customers, 2)
    tea, jam = rng.sample(Data.products, 2)

    def put(w):
        with _behind(w) as store:
            store.hincrby(f"{w.server.prefix}basket:{ada}", jam, 4)

    def spoil(w):
        with _behind(w) as store:
            store.set(f"{w.server.prefix}basket:{esi}", "no basket")

    async def at_once(f, w):
        async with living(f, w) as ask:
            await asyncio.gather(*(ask(*each) for each in [(ada, tea), (ada, tea), (esi, tea), (ada, jam)]))
            return [await ask(ada, jam), await ask(esi, jam)]

    many_fail = after_a_failure((esi, tea), (ada, tea), PLACES + 1)
    situations = (
        Situation("several clicks come in", in_one_life((ada, tea), (esi, tea), (ada, jam), (ada, tea))),
        Situation("somebody else puts something in between two clicks", while_it_lives((ada, tea)), between=put),
        Situation("a click is made again", while_it_lives((ada, tea)), again=True),
        Situation("clicks come in at once", at_once),
        Situation("a click fails", in_one_life((esi, tea)), spoil),
        Situation("a click comes after one that failed", after_a_failure((esi, tea), (ada, tea)), spoil),
        Situation("a click comes after many that failed", many_fail, spoil, why=AFTER),
    )  # fmt: skip
    await same(add, _servers(), situations, why=WHY)


async def check_clicks_share_connections(add, same, redis_server, rng):
    """Clicks share connections: one is enough in turn, and few are at once."""
    customer, sku = rng.choice(Data.customers), rng.choice(Data.products)
    app = same.names["App"](redis_server.url, redis_server.prefix)
    async with serving(same.names["lifespan"], add, app) as ask:
        with count_calls("redis.asyncio.client:Redis.__init__") as made:
            async with redis_server.traffic() as traffic:
                for _ in range(IN_TURN):
                    await ask(customer, sku)
            clients = made.count
        commands = f"{len(traffic.requests)} commands were sent for {IN_TURN} clicks. "
        apart = _apart("click", traffic.connections, clients, "client", EXERCISE_MISTAKE)
        assert traffic.connections <= 1, commands + apart
        async with (
            redis_server.traffic() as busy,
            redis_server.rendezvous(TOGETHER, patience=PATIENCE) as meeting,
        ):
            told = await asyncio.gather(*(ask(customer, sku) for _ in range(CLICKS)), return_exceptions=True)
        errors = [each for each in told if isinstance(each, BaseException)]
        last = await ask(customer, sku)
    _judge_failed(errors)
    assert meeting.met or not same.compares("overlap"), _alone("click", meeting.most_together)
    assert busy.connections <= PLACES, (
        f"{CLICKS} clicks at once went over {busy.connections} connections, and {PLACES} are allowed. What holds the others back?"
    )
    missing = IN_TURN + CLICKS + 1 - int(last.get(sku, 0))
    assert not missing, (
        f"After {CLICKS} clicks at once, the basket's count is off by {missing}: each click adds one."
    )
    return f"{IN_TURN} clicks in turn went over one connection, {CLICKS} at once over {busy.connections}, and each added one."


async def check_every_life(add, same, rng):
    """A service works in every life that it may have: again, beside another one, in another event loop."""
    click = (rng.choice(Data.customers), rng.choice(Data.products))

    async def prefixes(f, w):
        apps = [w.app(w), w.app(w)]
        apps[1].prefix += "another:"
        async with living(f, w, apps[0]) as ask, living(f, w, apps[1]) as ask_the_other:
            return {"answer": [await each(*click) for each in (ask, ask_the_other, ask)]}

    two = Situation("two apps with one server live, with a prefix each", prefixes, why={"answer": MIXED})
    await same(add, _servers(), (two, *lives(click, crowd=PLACES + 2, why=WHY)))


async def check_nothing_stays_open(add, same, redis_server, rng):
    """When a service ends, nothing of it stays open."""
    ask = partial(some, [(customer, "KC-0001") for customer in rng.sample(Data.customers, 3)])
    app = partial(same.names["App"], redis_server.url, redis_server.prefix)
    await ends_clean(partial(serving, same.names["lifespan"], add), app, ask)


def _judge_failed(errors):
    if not errors:
        return
    name = type(errors[0]).__name__
    more = {
        "MaxConnectionsError": "all places of the pool were taken, and a `ConnectionPool` does not wait for one",
        "ConnectionError": "its connection was closed under it, or it found none in time",
    }.get(name, str(errors[0])[:100])
    raise AssertionError(f"Of {CLICKS} clicks at once, {len(errors)} failed with {name}: {more}.")


def _servers():
    @asynccontextmanager
    async def make():
        with redis_for_check() as server, server.traffic() as traffic:
            yield SimpleNamespace(server=server, traffic=traffic)

    def app(w, other):
        server = w.stack.enter_context(redis_for_check()) if other else w.server
        window = w.stack.enter_context(server.traffic()) if other else w.traffic
        return w.names["App"](server.url, server.prefix), window

    return service_world(make, app)


def _behind(w):
    return redis.Redis.from_url(w.server.url, decode_responses=True)

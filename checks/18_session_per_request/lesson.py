"""A session for each request: every call opens a connection of its own and pays for its handshake."""

import asyncio
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from functools import partial

from kettle.checking import Case, Contract
from kettle.checking.causes.serving import serving
from kettle.checking.equivalence import Told, asked, asked_otherwise, fails, shop_world
from kettle.checking.worlds import World
from kettle.probes.calls import count_calls
from kettle.shop import Shop
from kettle.shop.data import Data

from .world import (
    IN_TURN,
    PATIENCE,
    TOGETHER,
    after_failures,
    at_once,
    ends_clean,
    judge_sharing,
    living,
    one_after_another,
    stacked,
    started_again,
    while_it_lives,
    why_of,
)

AT_ONCE, MOST = 60, 20  # look-ups, connections
SESSIONS = "aiohttp.client:ClientSession.__init__", "httpx._client:AsyncClient.__init__"
NOWHERE = ("XX",)  # no such country: the office answers 404


def draw(rng, _):
    """Draw three countries."""
    return {"countries": rng.sample(Data.countries, 3)}


def asking(how, *places):
    """Return what makes requests for the countries in these places."""
    return lambda f, w: how(f, w, *((w.countries[place],) for place in places))


def failing(**options):
    """Return what lets the office fail at its first call."""
    return lambda w: fails(f"/tax/{w.countries[0]}", **options)(w)


def raised(w):
    """Raise a rate."""
    w.shop.answer_with(f"/tax/{w.countries[0]}", answer={"country": w.countries[0], "percent": 3})


def afterwards(times):
    """Return what makes a request after some that failed."""
    return lambda f, w: after_failures(f, w, NOWHERE, (w.countries[0],), times, lesson.say)


async def beside_a_failure(f, w):
    """Let one look-up be refused while another one waits for its answer."""
    w.shop.set("tax", max_in_flight=1, hang="first byte")
    async with living(f, w) as ask:
        calls = {asyncio.create_task(ask(w.countries[0])) for _ in range(2)}
        await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)  # one of them was refused
        w.shop.set("tax", max_in_flight=None, hang=None)
        told = await asyncio.gather(*calls, return_exceptions=True)
    answers = [each for each in told if not isinstance(each, Exception)]
    if not answers:
        raise Told(lesson.say("beside"))
    return answers


def why(error):
    """Say what an exception of the learner's code means here."""
    return why_of(error, lesson.say)


lesson = Contract(
    "tax_of",
    world=World(("rng",), lambda rng: stacked(shop_world(rng, latency=0.0, watched=True)), draw),
    call=asking(one_after_another, 0, 1, 0),
    observe=asked,
    again=False,
    why={"seen": asked_otherwise, "error": why},
    cases={
        "several countries are looked up": Case(),
        "a rate changes between two look-ups": Case(call=asking(while_it_lives, 0), between=raised),
        "countries are looked up at once": Case(call=asking(at_once, 0, 1, 2, 0)),
        "the tax office fails once": Case(prepare=failing(calls=(1,)), observe=False),
        "its connections break": Case(prepare=failing(status=None), observe=False),
        "there is no such country": Case(call=lambda f, w: one_after_another(f, w, NOWHERE), observe=False),
        "a look-up comes after one that failed": Case(call=afterwards(1), observe=False),
        "a look-up comes after many that failed": Case(call=afterwards(MOST + 1), observe=False),
        "the service is started again when it has ended": Case(call=asking(started_again, 0)),
    },
)
lesson.further(
    "beside_a_failure",
    {"one look-up fails while another one is in flight": Case(call=beside_a_failure, observe=False)},
)


@lesson.cause
async def look_ups_share_connections(tax_of, lifespan, App, shop, rng):  # noqa: N803
    """Count connections for look-ups in turn, then for many at once in a service that has just started."""
    shop.set("tax", latency=0.0)
    async with serving(lifespan, tax_of, App(shop.url)) as ask:
        with ExitStack() as stack:
            made = [stack.enter_context(count_calls(each)) for each in SESSIONS]
            async with shop.traffic() as traffic:
                for country in rng.choices(Data.countries, k=IN_TURN):
                    await ask(country)
            sessions = sum(calls.count for calls in made)
    judge_sharing(traffic.connections, sessions, lesson.say)
    async with (
        serving(lifespan, tax_of, App(shop.url)) as ask,
        shop.traffic() as busy,
        shop.rendezvous(routes=("tax",) * TOGETHER, patience=PATIENCE) as meeting,
    ):
        await asyncio.gather(*(ask(country) for country in rng.choices(Data.countries, k=AT_ONCE)))
    assert meeting.met, lesson.say("alone", n=meeting.most_together, wanted=TOGETHER)
    assert busy.connections <= MOST, lesson.say("too_many", n=busy.connections, of=AT_ONCE, most=MOST)
    return lesson.say("shared", in_turn=IN_TURN, at_once=AT_ONCE, n=busy.connections)


@lesson.cause
async def nothing_stays_open(tax_of, lifespan, App, shop, rng):  # noqa: N803
    """End a service in three ways."""
    shop.set("tax", latency=0.0)
    requests = [(country,) for country in rng.sample(Data.countries, 3)]
    await ends_clean(lifespan, tax_of, partial(App, shop.url), requests, lesson.say)


@lesson.faster
@asynccontextmanager
async def a_look_up(App):  # noqa: N803
    """Look up one country; each version has its service, with a third of the usual handshake."""
    with Shop(handshake=0.01) as shop:
        async with AsyncExitStack() as lives:
            asks = {}

            async def look_up(version):
                if version not in asks:
                    service = serving(version.__globals__["lifespan"], version, App(shop.url))
                    asks[version] = await lives.enter_async_context(service)
                return await asks[version]("DE")

            yield look_up

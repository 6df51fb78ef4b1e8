"""A session for each request: every look-up opens a connection of its own and pays for its handshake."""

import asyncio
import re
from functools import partial

from kettle.checking import Case, Contract, worlds
from kettle.checking.equivalence import asked, asked_otherwise
from kettle.lessons.serving import serving
from kettle.shop.data import Data

from .world import PATIENCE, TOGETHER, after_failures, judge_connections, judge_end, started, with_service

AT_ONCE, MOST = 60, 20  # look-ups, connections; as the notebook says


def draw(rng, _):
    """Draw three countries."""
    return {"countries": rng.sample(Data.countries, 3)}


async def look_up(tax_of, w, *places):
    """Look up drawn countries, all at once."""
    ask = await started(tax_of, w, w.url)
    return await asyncio.gather(*(ask(w.countries[place]) for place in places))


async def nowhere(tax_of, w):
    """Look up a country that does not exist."""
    return await (await started(tax_of, w, w.url))("XX")


async def often_nowhere(tax_of, w):
    """Look up such a country on all connections, while another look-up waits for one."""
    ask = await started(tax_of, w, w.url)
    return await after_failures(lesson.say, ask, ("XX",), (w.countries[0],), MOST)


def changed(w):
    """Change a rate."""
    w.shop.answer_with(f"/tax/{w.countries[0]}", answer={"country": w.countries[0], "percent": 3})


def why(error):
    """Say what an exception of the learner's code means here."""
    if re.search("is closed|been closed", str(error)):
        return lesson.say("closed")
    return lesson.say("context") if isinstance(error, LookupError) and "ContextVar" in str(error) else ""


lesson = Contract(
    "tax_of",
    world=with_service(worlds.shop(draw, latency=0.0)),
    call=look_up,
    observe=asked,
    again=False,
    why={"error": why, "seen": asked_otherwise},
    cases={
        "a country is looked up": Case(0),
        "a rate changes between two look-ups": Case(0, between=changed),
        "countries are looked up at once": Case(0, 1, 2, 0),
        "there is no such country": Case(call=nowhere),
        "many look-ups fail beside another one": Case(call=often_nowhere),
    },
)


@lesson.cause
async def look_ups_share_connections(tax_of, lifespan, App, shop, rng, equivalence):  # noqa: N803
    """Count connections for look-ups in turn, and for many at once."""
    shop.set("tax", latency=0.0)
    return await judge_connections(
        lesson.say,
        serve=lambda: serving(lifespan, tax_of, App(shop.url)),
        call=lambda: (rng.choice(Data.countries),),
        server=shop,
        rendezvous=shop.rendezvous(routes=("tax",) * TOGETHER, patience=PATIENCE),
        at_once=AT_ONCE,
        most=MOST,
        overlap=equivalence.compares("overlap"),
    )


@lesson.cause
async def nothing_stays_open(tax_of, lifespan, App, shop):  # noqa: N803
    """End a service in three ways; it is the same app, so it starts again, too."""
    shop.set("tax", latency=0.0)
    await judge_end(lesson.say, partial(serving, lifespan, tax_of, App(shop.url)), ("DE",), ("FR",), ("DE",))

"""Ten thousand at once: everything starts at once, and the other side or a default decides what happens."""

from contextlib import asynccontextmanager

import aiohttp

from kettle.checking import Case, Contract
from kettle.checking.causes.virtually import counted_shop, virtually
from kettle.checking.equivalence import Told, asked_otherwise, fails, revised
from kettle.checking.runner.errors import leaves
from kettle.checking.worlds import World
from kettle.shop.data import Data

from .bounded import why_too_few, why_too_many
from .gates import watch_gates
from .places import use_of

SUPPLIER, LONG = 7, 200.0  # seconds
ENDLESS = 8  # calls for one item in one night: it goes on like that


def path(item):
    """Return where an item is asked for."""
    return f"/suppliers/{SUPPLIER}/items/{item}"


@asynccontextmanager
async def supplier(seed, pace=1.0, shuffle=40.0):
    """Open a supplier in virtual time, all of whose times are multiplied by `pace`."""
    async with counted_shop(seed, most=ENDLESS) as w:
        w.shop.set("catalogue", latency=pace, shuffle=shuffle * pace, late_body=20.0 * pace)
        yield w


def suppliers(rng):
    """Return what makes a supplier."""
    seed = rng.randrange(1 << 30)
    return lambda: supplier(seed)


def draw(rng, _):
    """Draw the items of a night."""
    return {"items": rng.sample(Data.items[1:], 10)}


async def night(reindex, w, items=lambda w: w.items, limit=3):
    """Run a night; each item has to be asked for, through the session that is given."""
    items, before = items(w), w.sent.total()
    index = await w.moving(reindex(w.api, list(items), limit), lambda: stands_still(w, items))
    if items and w.sent.total() == before:
        raise Told(lesson.say("not_sent"))
    if {call.path for call in w.shop.calls} - w.sent.keys():
        raise Told(lesson.say("other_client"))
    if never := sum(path(item) not in w.sent for item in items):
        failed = sum(call.status != 200 for call in w.shop.calls)
        raise Told(
            lesson.say("left_out" if failed else "forgotten", n=never, items=len(items), failed=failed)
        )
    return index


def stands_still(w, items):
    """Say why a night does not end."""
    if w.endless:
        return lesson.say("endless", item=w.endless.rpartition("/")[2], n=ENDLESS)
    asked = {call.path for call in w.shop.calls}
    left = sum(path(item) not in asked for item in items)
    if not left:
        return lesson.say("waits", items=len(items))
    failed = sum(call.status != 200 for call in w.shop.calls)
    return lesson.say("no_place", asked=len(asked), failed=failed, left=left)


def stopped(error):
    """Say what an error means for the night."""
    return (
        lesson.say("stopped") if any(isinstance(leaf, aiohttp.ClientError) for leaf in leaves(error)) else ""
    )


def changed(found):
    """Say what a night has left behind otherwise."""
    return lesson.say("session", limit=found.given) if "limit" in found.path else asked_otherwise(found)


def five(**options):
    """Return what lets five of the ten items fail."""
    return lambda w: fails(*map(path, w.items[:5]), **options)(w)


def one(place, error):
    """Return what lets the answer for one item be of no use."""
    return lambda w: w.wrong.update({path(w.items[place]): error})


lesson = Contract(
    "reindex",
    world=World(("rng",), suppliers, draw, run=virtually),
    call=night,
    noun="item",
    observe=lambda w: {"asked": dict(w.sent), "limit": w.api.connector.limit},
    why={"seen": changed, "error": stopped, "missing": "missing"},
    cases={
        "ten items are asked for": Case(),
        "the supplier's answers change between two nights": Case(between=revised),
        "there are no items": Case(lambda w: []),
        "five of ten calls are refused": Case(prepare=five(status=429)),
        "a connection breaks": Case(prepare=lambda w: fails(path(w.items[0]), status=None)(w)),
        "the last answer cannot be read": Case(prepare=one(-1, ValueError), raises=ValueError, observe=False),
        "a call takes too long": Case(prepare=one(4, TimeoutError), raises=TimeoutError, observe=False),
    },
)


async def look(reindex, rng, limit, pace=1.0, shuffle=40.0, rounds=4):
    """Run a night in which one item fails, one takes long, and so do two neighbours near the end."""
    items = rng.sample(Data.items, rounds * limit + 6)
    async with supplier(rng.randrange(1 << 30), pace, shuffle) as w:
        w.shop.break_calls(path(items[1]), status=429)
        for place in (3, -3, -2):
            w.shop.slow_down(path(items[place]), seconds=LONG * pace)
        with watch_gates() as gates:
            await w.moving(reindex(w.api, list(items), limit), lambda: stands_still(w, items))
        spans = [(call.started, call.ended) for call in w.shop.calls if call.ended is not None]
    return use_of(spans, limit, len(items)), gates


@lesson.cause
def as_many_as_the_limit(reindex, rng):
    """Judge nights of several limits, the last two with answers that are quick, or come together."""
    kinds = (rng.randint(8, 12),), (rng.randint(3, 5),), (1, 0.002), (3, 1.0, 0.0, 10)
    for kind in kinds:
        use, gates = virtually(look, reindex, rng, *kind)
        judge(lesson, use, gates, "`limit`")
    return lesson.say("kept")


def judge(contract, use, gates, number):
    """Raise AssertionError where there was too much at once, or a place stood empty."""
    said = contract.say("with", n=use.places)
    if use.most > use.places:
        too_many = contract.say("too_many", most=use.most, wanted=use.wanted, limit=use.places)
        raise AssertionError(said + too_many + why_too_many(contract, use, gates, number))
    assert use.full, said + why_too_few(contract, use)

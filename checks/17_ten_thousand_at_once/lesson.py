"""Ten thousand at once: everything starts at once, and the other side or a default decides what happens."""

import aiohttp

from kettle.checking import Case, Contract
from kettle.checking.causes.virtually import virtually
from kettle.checking.equivalence import Told, asked_otherwise, revised
from kettle.checking.runner.errors import leaves
from kettle.checking.worlds import World
from kettle.shop.data import Data

from .bounded import why_too_few, why_too_many
from .gates import watch_gates
from .places import use_of
from .world import ENDLESS, path, supplier, suppliers

LONG = 200.0  # virtual seconds


def draw(rng, _):
    """Draw the items of a night."""
    return {"items": rng.sample(Data.items[1:], 10)}


async def night(reindex, w, items=lambda w: w.items, limit=3):
    """Run a night; each item has to be asked for, through the session that is given."""
    items, before = items(w), w.sent.total()
    index = await w.moving(reindex(w.api, list(items), limit), lambda: stands_still(w, items))
    if items and w.sent.total() == before:
        raise Told(lesson.say("not_sent"))
    if left := never_asked(w, items):
        failed = failed_calls(w)
        raise Told(lesson.say("left_out" if failed else "forgotten", n=left, items=len(items), failed=failed))
    return index


def stands_still(w, items):
    """Say why a night does not end."""
    if w.endless:
        return lesson.say("endless", item=w.endless.rpartition("/")[2], n=ENDLESS)
    if left := never_asked(w, items):
        return lesson.say("no_place", asked=len(w.sent), failed=failed_calls(w), left=left)
    return lesson.say("waits", items=len(items))


def never_asked(w, items):
    """Count the items that were not asked for."""
    return sum(path(item) not in w.sent for item in items)


def failed_calls(w):
    """Count the calls that the supplier did not answer with an item."""
    return sum(call.status != 200 for call in w.shop.calls)


def stopped(error):
    """Say what an error means for the night."""
    failed_call = any(isinstance(leaf, aiohttp.ClientError) for leaf in leaves(error))
    return lesson.say("stopped") if failed_call else ""


def changed(found):
    """Say what a night has left behind otherwise."""
    return lesson.say("session", limit=found.given) if "limit" in found.path else asked_otherwise(found)


def breaks(number, status):
    """Return what lets the calls for the first items fail."""
    return lambda w: w.shop.break_calls(*map(path, w.items[:number]), status=status)


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
        "five of ten calls are refused": Case(prepare=breaks(5, status=429)),
        "a connection breaks": Case(prepare=breaks(1, status=None)),
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
    for kind in ((rng.randint(8, 12),), (rng.randint(3, 5),), (1, 0.002), (3, 1.0, 0.0, 10)):
        use, gates = virtually(look, reindex, rng, *kind)
        said = lesson.say("with", n=use.places)
        if use.most > use.places:
            said += lesson.say("too_many", most=use.most, wanted=use.wanted, limit=use.places)
            raise AssertionError(said + why_too_many(lesson, use, gates, "`limit`"))
        assert use.full, said + why_too_few(lesson, use)
    return lesson.say("kept")

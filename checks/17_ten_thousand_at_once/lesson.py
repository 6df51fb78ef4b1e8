"""Ten thousand at once: everything starts at once, and the other side or a default decides what happens."""

import inspect
import sys
from contextlib import asynccontextmanager

import aiohttp

from kettle.checking import words_of
from kettle.checking.bounded import too_few, why_open
from kettle.checking.causes.virtually import counted_shop, virtually
from kettle.checking.equivalence import Situation, Told, fails, revised
from kettle.checking.runner.errors import leaves
from kettle.probes.gates import watch_gates
from kettle.probes.places import use_of
from kettle.shop.data import Data

MISTAKE = words_of(__file__).lesson.mistake

SUPPLIER, ROUTE, LONG = 7, "catalogue", 200.0


ONCE = (
    "Each item is asked for once a night, also if its call fails; the next night asks again for what is None"
)


NOT_SENT = (
    "nothing was sent through `api`, the session that was given: another client, or an earlier night's index?"
)


OTHER_CLIENT = (
    "calls came to the supplier that did not go through `api`, the session that was given. Whose are they?"
)


ONE_MORE = "what lets so many in, a number that is larger than the limit, or one more who fetches?"


DEEP, SHALLOW = 200, 150  # items of one night, and calls within calls that it may take


ENDLESS = 8  # calls for one item in one night: it goes on like that


def check_same_index(reindex, same, rng):
    """The index holds what the merged code gave, also when items fail."""
    known = rng.sample(Data.items[1:], 10)
    few, failing, many = known[:2], known[2:7], rng.sample(Data.items, DEEP)
    seed = rng.randrange(1 << 30)

    def night(items, limit=3):
        async def call(f, w):
            before = w.sent.total()
            index = await w.moving(f(w.api, list(items), limit), lambda: _stands_still(w, items))
            _asked_for_all(w, items, before)
            return index

        return call

    def goes_wrong(item, error):
        return lambda w: w.wrong.update({_path(item): error})

    async def deep(f, w):
        usual = sys.getrecursionlimit()
        sys.setrecursionlimit(len(inspect.stack(0)) + SHALLOW)
        try:
            return await night(many, 1)(f, w)
        finally:
            sys.setrecursionlimit(usual)

    paths = [_path(item) for item in failing]
    situations = (
        Situation("ten items are asked for", night(known), seen=_seen),
        Situation("the supplier's answers change between two nights", night(known), between=revised),
        Situation("the same items are asked for again", night(known), again=True),
        Situation("there are no items", night([]), seen=_seen),
        Situation("there are two items and five places", night(few, 5), seen=_seen),
        Situation("an item is named twice", night([*few, few[0]])),
        Situation("the supplier does not have five of ten items", night(known), fails(*paths, status=404), seen=_seen),
        Situation("five of ten calls are refused", night(known), fails(*paths, status=429), seen=_seen),
        Situation("a connection breaks", night(known), fails(paths[0], status=None), seen=_seen),
        Situation("an item's number is 0", night([known[0], 0, *known[1:3]])),
        Situation("the last answer cannot be read", night(known), goes_wrong(known[-1], ValueError), raises=ValueError),
        Situation("a call takes too long", night(known), goes_wrong(known[4], TimeoutError), raises=TimeoutError),
        Situation(f"there are {DEEP} items, and places for one", deep, _answers_at_once),
    )  # fmt: skip
    why = {
        "seen": _asked_otherwise,
        "error": _why_it_stops,
        "missing": "One that fails belongs there as None.",
    }
    virtually(lambda: same(reindex, lambda: _supplier(seed), situations, noun="item", why=why))


def check_as_many_as_the_limit(reindex, rng):
    """While there is work, as many calls are in flight as the limit says, and never one more."""
    looks = [virtually(_look, reindex, rng, limit) for limit in (rng.randint(3, 5), rng.randint(8, 12))]
    (first, _), (second, _) = looks
    assert not 1 < first.most == second.most, (
        f"With a limit of {first.places} and with one of {second.places}, at most {first.most} calls were in flight "
        "at once: that number does not come from the `limit` of the run. Where does it come from?"
    )
    for use, gates in looks:
        _judge(use, gates)
    _judge(*virtually(_look, reindex, rng, 1, 0.002))  # who only looks now and then is late here
    # several places become free in one instant, and there are many more items than places
    _judge(*virtually(_look, reindex, rng, 3, 1.0, 0.0, 10))
    return (
        f"With limits of {first.places} and {second.places}, {first.most} and {second.most} calls were in flight "
        "at once for as long as there was work."
    )


def _judge(use, gates):
    said, all_ = f"With a limit of {use.places}, ", use.most >= use.wanted
    assert use.most <= use.places, f"{said}{use.most} of {use.wanted} calls were in flight at once: " + (
        why_open(gates, use.places, use.wanted)
        or (f"{MISTAKE}. Where would a call wait?" if all_ else ONE_MORE)
    )
    assert use.full and not use.filling, said + too_few(use, "call", "in flight", "been asked for")


async def interest_refusals(as_merged, reindex, shop, rng):
    """What a supplier that refuses has to say."""
    allowed = 8
    shop.set(ROUTE, latency=0.01, max_in_flight=allowed)
    items = rng.sample(shop.data.items, 150)
    refused = []
    for version in (as_merged, reindex):
        async with shop.session(connector=aiohttp.TCPConnector(limit=0)) as api:
            index = await version(api, list(items), allowed)
        refused.append(sum(record is None for record in index.values()))
    return (
        f"Of {len(items)} calls to a supplier that takes {allowed} at once, {refused[0]} were refused as merged, "
        f"and {refused[1]} are now."
    )


async def _look(reindex, rng, limit, pace=1.0, shuffle=40.0, rounds=4):
    """Run a night after a short one of another limit.

    Three items fail at its beginning, the next takes long, and so do two neighbours near its end: who took
    several items at once sits on one of them.

    pace: factor of all the supplier's times. shuffle: seconds by which they differ. rounds: items for a place.
    """
    items = [10_001, 10_002, 10_003, *rng.sample(Data.items, rounds * limit + 3)]
    async with _supplier(rng.randrange(1 << 30), pace, shuffle) as w:
        await w.moving(
            reindex(w.api, items[-2:], limit + 9), lambda: f"With two items, {_stands_still(w, items)}"
        )
        w.shop.break_calls(_path(items[1]), status=429)
        for place in (3, -3, -2):
            w.shop.slow_down(_path(items[place]), seconds=LONG * pace)
        with watch_gates() as gates:
            night = reindex(w.api, list(items), limit)
            await w.moving(night, lambda: f"With a limit of {limit}, {_stands_still(w, items)}")
        spans = [(call.started, call.ended) for call in w.shop.calls[2:] if call.ended is not None]
    return use_of(spans, limit, len(items)), gates


@asynccontextmanager
async def _supplier(seed, pace=1.0, shuffle=40.0):
    async with counted_shop(seed, most=ENDLESS) as w:
        w.shop.set("catalogue", latency=pace, shuffle=shuffle * pace, late_body=20.0 * pace)
        yield w


def _path(item):
    return f"/suppliers/{SUPPLIER}/items/{item}"


def _answers_at_once(w):
    w.shop.set("catalogue", latency=0.001, shuffle=0.0, late_body=0.0)


def _seen(w):
    return {"asked": dict(w.sent), "limit": w.api.connector.limit}


def _asked_for_all(w, items, before):
    """Raise where items were not asked for through the session that was given."""
    if items and w.sent.total() == before:
        raise Told(NOT_SENT)
    if {call.path for call in w.shop.calls} - w.sent.keys():
        raise Told(OTHER_CLIENT)
    if never := sum(_path(item) not in w.sent for item in items):
        failed = sum(call.status != 200 for call in w.shop.calls)
        why = (
            f", and {failed} calls failed. What else does a failed call stop?"
            if failed
            else ". Which are left out?"
        )
        raise Told(f"{never} of {len(items)} items never were asked for{why}")


def _asked_otherwise(found):
    if "limit" in found.path:
        return (
            f"the session's connector has a limit of {found.given} now, and had {found.expected} (0 is none): "
            "the session is the caller's, who may have other calls for it."
        )
    item, times = (
        found.path[-1].rpartition("/")[2],
        {"missing": "not at all", "extra": "though nobody wants it"},
    )
    how = times.get(found.kind) or f"{found.given} times"
    return f"item {item} is asked for {how}. {ONCE}."


def _why_it_stops(error):
    """Say what an error means for the night."""
    if any(isinstance(leaf, RecursionError) for leaf in leaves(error)):
        return "Each item is asked for from within the one before it: how deep is that for ten thousand?"
    of_client = any(isinstance(leaf, aiohttp.ClientError) for leaf in leaves(error))
    return "One failed call costs the whole night: which failures are caught, and where?" if of_client else ""


def _stands_still(w, items):
    if w.endless:
        return f"item {w.endless.rpartition('/')[2]} was asked for {ENDLESS} times, and no end is in sight. {ONCE}."
    asked = {call.path for call in w.shop.calls}
    failed = sum(call.status != 200 for call in w.shop.calls)
    left = sum(_path(item) not in asked for item in items)
    if not asked:
        return "everything stands still before the first call. What is waited for?"
    if not left:
        return (
            f"all {len(items)} items were asked for and answered, {failed} of them with a failure, and then "
            "everything stands still. What is waited for, and who is to wake it?"
        )
    return (
        f"everything stands still: {len(asked)} items were asked for, {failed} of them failed, and {left} were never "
        f"asked for. When a call {'fails' if failed else 'has ended'}, what gives its place to the next one?"
    )

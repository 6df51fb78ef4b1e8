"""Ten thousand at once: everything starts at once, and the other side or a default decides what happens."""

import inspect
import sys
from contextlib import asynccontextmanager, nullcontext

import aiohttp

from kettle.checking import DOES_NOT_HOLD, PARTLY, Claim, Question
from kettle.checking.bounded import too_few, why_open
from kettle.checking.errors import leaves
from kettle.checking.pool import WatchedPool
from kettle.checking.same import Situation, Told, fails, revised
from kettle.checking.virtually import counted_shop, moving, virtually
from kettle.probes.gates import watch_gates
from kettle.probes.places import use_of
from kettle.shop.data import Data

MISTAKE = "nothing made any of them wait for its turn"
EXERCISE_MISTAKE = "nothing held any of them back"
GONE = "The flood is gone: as many calls are in flight as the supplier takes, and the others wait for their turn."
EXERCISE_GONE = "The crowd at the pool is gone: all its connections are in use, and nobody waits for one."

HINTS = (
    "Look at the picture: which of the two curves stops at the number that the supplier takes? What does `limit` do?",
    "A limit on calls has to be one thing that all calls share, and each call has to hold its place in it "
    "from before it is sent until it has been answered or has failed.",
    "`gate = asyncio.Semaphore(limit)` once, and `async with gate:` around each `fetch`, inside the function that "
    "`gather` is given many times. Or: `limit` workers that share one iterator over the items.",
    "`waiting = iter(items)`, then `async def work(): …  for item in waiting: …` with the try and the except "
    "inside the loop, and `await asyncio.gather(*(work() for _ in range(limit)))`.",
)

EXERCISE_HINTS = (
    "Look at the picture: how many tasks are at the pool, and how many connections has it?",
    "The pool limits connections, not those who want one. Whoever waits at the pool has a clock running; "
    "whoever has not asked yet has none.",
    "`asyncio.Semaphore(pool.size)` around each letter, inside the function that the group's tasks run. "
    "Or `pool.size` workers that share one iterator; their letters then want to be put in order.",
    "`gate = asyncio.Semaphore(pool.size)`, then `async def one(customer): …  async with gate: return await "
    "letter(pool, customer)`, and in the group `group.create_task(one(customer))`.",
)

RECALL = (
    Question(
        "`async with gate: await asyncio.gather(*calls)` with `gate = asyncio.Semaphore(20)`. How many calls are "
        "in flight at once?",
        ("At most 20", "All of them", "One"),
        1,
        "The gate is passed once, by the gather. To count calls it has to stand inside each of them.",
    ),
    Question(
        "A semaphore of 50 stands inside each of 10,000 calls that `gather` is given. How many tasks are alive?",
        ("50", "10,000", "51"),
        1,
        "All tasks are made at once, and most of them wait at the gate. Fifty workers with one iterator make fifty.",
    ),
    Question(
        "A default aiohttp session is given 1,000 calls to one host at once. How many connections does it open?",
        ("1,000", "100", "1"),
        1,
        "Its connector has a limit of 100 by default; the other calls queue inside it.",
    ),
)

GUESS = Question(
    "`asyncio.gather` is given 10,000 calls of an API. How many of them does it start at once?",
    ("As many as there are processors", "100", "All of them"),
    2,
    "gather has no limit. This lesson is about who sets one, if the code does not.",
)

CLAIMS = (
    Claim(
        name="connections",
        said="`gather` of 10,000 calls opens 10,000 connections.",
        truth=PARTLY,
        why="Only where the client has no limit. A default session of aiohttp stops at 100, and one of httpx "
        "at 100, too; the other calls queue inside it, and their timeouts run.",
        ids=("S4.2",),
    ),
    Claim(
        name="overload",
        said="It runs out of descriptors or of memory, or it overloads the server.",
        truth=PARTLY,
        why="Each of them can happen, and the first one met decides. Here the supplier refuses long before "
        "anything runs out.",
        ids=("S4.3",),
    ),
    Claim(
        name="semaphore",
        said="`Semaphore(50)` solves it.",
        truth=PARTLY,
        why="It bounds the calls, if it stands inside each of them. The tasks are all built at once still, and "
        "held until the end. Workers bound both.",
        ids=("S4.4",),
    ),
    Claim(
        name="ranges",
        said="20 to 100 at once for HTTP, 5 to 20 for a database, hundreds locally.",
        truth=DOES_NOT_HOLD,
        why="Nobody has shown where these numbers come from. Take the other side's limit, the size of your pool, "
        "or the bend that you have measured.",
        ids=("S4.5",),
    ),
)

EXCUSED = {"overlap": "one run a night; a second one that waits for it keeps to the supplier's limit"}
EXERCISE_EXCUSED = {"overlap": "one job an evening; a second one that waits for it keeps to the pool's size"}

SUPPLIER, ROUTE, LONG = 7, "catalogue", 200.0
SIZE = 3  # connections of the pool
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
TWICE = "Who asks more than once, or for something else?"
DEEP, SHALLOW = 200, 150  # items of one night, and calls within calls that it may take
ENDLESS = 8  # calls for one item in one night: it goes on like that


# --- the lesson: a supplier in virtual time, so that slow answers cost nothing


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


# --- the exercise: a pool that has a limit, and those who wait at it


def check_exercise_same_letters(letters, same, rng):
    """The same letters are written, in the customers' order."""
    customers = rng.sample(range(1000, 100_000), 8)
    one, nobody, last = customers[0], customers[3], customers[-1]

    def evening(customers):
        async def call(f, w):
            written = await moving(f(w, list(customers)), lambda: _nobody_moves(w, customers))
            if customers and not w.asked:
                raise Told("nobody asks the pool that is given for a connection. Whose is used?")
            return written

        return call

    def situation(when, customers=customers, **more):
        return Situation(when, evening(customers), ordered_keys=True, **more)

    def rename(w):
        w.greeting = "dear customer"

    situations = (
        situation("there are eight letters and three connections", seen=_seen_by_pool),
        situation("customers' names change between two evenings", between=rename),
        situation("the same letters are written again", again=True),
        situation("there are no letters", []),
        situation("there is one letter", [one], seen=_seen_by_pool),
        situation("a customer is named twice", [*customers, one]),
        situation("a customer's number is 0", [one, 0, nobody]),
        situation(
            "the last name cannot be had", prepare=lambda w: w.nameless.add(last), raises=ConnectionError
        ),
        situation(
            "a name cannot be had once", prepare=lambda w: w.nameless_once.add(nobody), raises=ConnectionError
        ),
    )
    why = {"seen": _used_otherwise}
    virtually(
        lambda: same(letters, lambda: nullcontext(WatchedPool(SIZE)), situations, noun="customer", why=why)
    )


def check_exercise_nobody_waits(letters, rng):
    """While there are letters, all connections are in use, and nobody waits at the pool."""
    sizes = rng.randint(3, 5), rng.randint(8, 12)
    looks = [virtually(_look_at_pool, letters, rng, size) for size in sizes]
    # who only looks now and then is late here; the size is that of an earlier loop, whose gate is of no use
    looks.append(virtually(_look_at_pool, letters, rng, SIZE, 0.002))
    at_once = [use.most + pool.most_waiting for use, _, pool in looks]
    assert not 1 < at_once[0] == at_once[1], (
        f"With {sizes[0]} connections and with {sizes[1]}, at most {at_once[0]} letters were under way at once: "
        "that number does not come from the `pool.size` of the run. Where does it come from?"
    )
    for (use, gates, pool), most in zip(looks, at_once, strict=True):
        assert not pool.shared, (
            f"A connection was asked while it was still answering, {pool.shared} times: it answers one query at a "
            "time. Who lends it to several letters?"
        )
        waited = "1 task waited" if pool.most_waiting == 1 else f"{pool.most_waiting} tasks waited"
        assert not pool.most_waiting, f"{waited} at the pool at once, for its {use.places} connections: " + (
            why_open(gates, use.places, use.wanted)
            or (f"all {most} were there together, and {EXERCISE_MISTAKE}." if most >= use.wanted else "")
            or (
                f"it was asked {pool.takes} times for {use.wanted} letters. {TWICE}"
                if pool.takes > use.wanted
                else ""
            )
            or "how many letters may be under way at once?"
        )
        assert use.full and not use.filling, f"With {use.places} connections, " + too_few(
            use, "letter", "under way", "been begun"
        )
    return f"With {sizes[0]} and with {sizes[1]} connections, all were in use and nobody waited at the pool."


# --- the supplier and the pool


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


async def _look_at_pool(letters, rng, size, pace=1.0):
    customers = rng.sample(range(1000, 100_000), 4 * size + 3)
    pool = WatchedPool(size, slow=customers[:1], pace=pace)
    with watch_gates() as gates:
        evening = letters(pool, list(customers))
        await moving(evening, lambda: f"With {size} connections, {_nobody_moves(pool, customers)}")
    return use_of(pool.spans, size, len(customers)), gates, pool


# --- what is said


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


def _seen_by_pool(w):
    return {"asked": dict(w.asked), "size": w.size, "patience": w.patience, "_free": w.looked_into}


def _used_otherwise(found):
    if "_free" in found.path:
        return (
            f"`pool._free` is looked at {found.given} times: the underscore says that it is the pool's own, which "
            "may keep its connections otherwise tomorrow. What does `pool.size` tell?"
        )
    if "asked" not in found.path:
        return (
            f"`pool.{found.path[-1]}` is {found.given} and was {found.expected}: the pool is not yours to change, "
            "and no number in it makes a connection."
        )
    times = {"missing": "not at all"}.get(found.kind) or f"{found.given} times"
    return f"the name of customer {found.path[-1]} is asked for {times}: once is enough."


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


def _nobody_moves(pool, customers):
    if pool.all_lent and pool.waiting:
        return (
            f"everything stands still: all {pool.size} connections are lent, and {pool.waiting} more are waited for. "
            "Who has one, and wants another?"
        )
    if not pool.asked:
        return "everything stands still before the first letter. What is waited for?"
    return (
        f"everything stands still after {pool.served} of {len(customers)} letters. "
        "When a letter is written, what gives its place to the next one?"
    )

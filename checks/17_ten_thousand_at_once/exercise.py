"""Ten thousand at once: everything is started together, and the other side or a default decides what happens."""

from contextlib import nullcontext

from kettle.checking import words_of
from kettle.checking.bounded import too_few, why_open
from kettle.checking.causes.virtually import moving, virtually
from kettle.checking.equivalence import Situation, Told
from kettle.checking.pool import WatchedPool
from kettle.probes.gates import watch_gates
from kettle.probes.places import use_of

EXERCISE_MISTAKE = words_of(__file__).exercise.mistake

SIZE = 3  # connections of the pool


TWICE = "Who asks more than once, or for something else?"


def check_same_letters(letters, same, rng):
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


def check_nobody_waits(letters, rng):
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


async def _look_at_pool(letters, rng, size, pace=1.0):
    customers = rng.sample(range(1000, 100_000), 4 * size + 3)
    pool = WatchedPool(size, slow=customers[:1], pace=pace)
    with watch_gates() as gates:
        evening = letters(pool, list(customers))
        await moving(evening, lambda: f"With {size} connections, {_nobody_moves(pool, customers)}")
    return use_of(pool.spans, size, len(customers)), gates, pool


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

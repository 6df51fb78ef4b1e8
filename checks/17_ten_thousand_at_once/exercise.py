"""The evening letters: a pool has a limit, and nothing limits those who come to it."""

from dataclasses import replace

from kettle.checking import Case, Contract
from kettle.checking.causes.virtually import moving, virtually
from kettle.checking.worlds import World

from .bounded import why_too_few, why_too_many
from .gates import watch_gates
from .places import use_of
from .pool import WatchedPool, pools


async def evening(letters, pool, customers=lambda pool: pool.customers):
    """Write the letters of an evening."""
    customers = customers(pool)
    return await moving(letters(pool, list(customers)), lambda: nobody_moves(pool, customers))


def nobody_moves(pool, customers):
    """Say why an evening does not end."""
    if pool.all_lent and pool.waiting:
        return exercise.say("all_lent", size=pool.size, waiting=pool.waiting)
    return exercise.say("stands_still", served=pool.served, letters=len(customers))


def used_otherwise(found):
    """Say how the pool was used otherwise."""
    if "asked" not in found.path:
        return exercise.say("pool", part=found.path[-1])
    return exercise.say("times", customer=found.path[-1], n=found.given or 0)


exercise = Contract(
    "letters",
    world=World(("rng",), pools, run=virtually),
    call=evening,
    noun="customer",
    observe=lambda pool: {"asked": dict(pool.asked), "size": pool.size, "patience": pool.patience},
    why={"seen": used_otherwise},
    cases={
        "there are eight letters and three connections": Case(ordered_keys=True),
        "customers' names change between two evenings": Case(between=WatchedPool.rename),
        "there are no letters": Case(lambda pool: []),
        "the last name cannot be had once": Case(
            prepare=lambda pool: pool.nameless.add(pool.customers[-1]), raises=ConnectionError, observe=False
        ),
    },
)


async def look(letters, rng, size, pace=1.0):
    """Write letters, the first of which takes long."""
    customers = rng.sample(range(1000, 100_000), 4 * size + 3)
    pool = WatchedPool(size, customers, slow=customers[:1], pace=pace)
    with watch_gates() as gates:
        await evening(letters, pool)
    return use_of(pool.spans, size, len(customers)), gates, pool


@exercise.cause
def nobody_waits(letters, rng):
    """Judge evenings with pools of several sizes, the last one with quick answers."""
    for kind in ((rng.randint(8, 12),), (rng.randint(4, 6),), (3, 0.0005)):
        use, gates, pool = virtually(look, letters, rng, *kind)
        said = exercise.say("with", n=use.places)
        assert not pool.shared, said + exercise.say("shared")
        if pool.most_waiting:
            came = replace(use, most=use.places + pool.most_waiting)
            why = why_too_many(exercise, came, gates, "`pool.size`")
            raise AssertionError(said + exercise.say("queue", n=pool.most_waiting) + why)
        assert use.full, said + why_too_few(exercise, use)
    return exercise.say("kept")

"""The SQL is slow: reports hold a connection while they wait for their supplier, so others wait for one."""

import asyncio

from kettle.checking import Case, Contract
from kettle.checking.causes.virtually import virtually
from kettle.checking.equivalence import Told
from kettle.checking.worlds import World
from kettle.shop.data import Data

from .world import THINKS, desks, fail, interrupted

FOREVER = 1000.0  # seconds, for what takes milliseconds
STOCK = "/suppliers/{supplier}/stock"


def draw(rng, _):
    """Draw two suppliers."""
    supplier, other = rng.sample(Data.suppliers, 2)
    return {"supplier": supplier, "other": other}


async def report(reorder, w):
    """Ask for a report; the pool has its connections back whatever comes."""
    try:
        return await reorder(w.pool, w.api, w.supplier)
    finally:
        all_back(w.pool)


async def cancelled(reorder, w):
    """Cancel a report while its statement is under way."""
    w.pool.latency = THINKS
    one = asyncio.ensure_future(reorder(w.pool, w.api, w.supplier))
    await asyncio.sleep(THINKS / 2)
    one.cancel()
    await asyncio.sleep(FOREVER)  # a statement that is shielded may run to its end
    all_back(w.pool)


def all_back(pool):
    """See that no connection is still lent."""
    if pool.in_use:
        raise Told(exercise.say("not_back"))


async def several(reorder, w):
    """Ask for three reports at once, two of them for one supplier."""
    w.shop.set("stock", latency=1.0)  # so that each is made while the others are
    made = asyncio.gather(*(reorder(w.pool, w.api, each) for each in (w.supplier, w.other, w.supplier)))
    await asyncio.wait((made,), timeout=FOREVER)
    if not made.done():
        made.cancel()
        raise Told(exercise.say("never_end", n=w.pool.in_use, size=w.pool.size))
    return await made


def sales_and_stock(w):
    """Sell something, and let the supplier have another stock."""
    w.pool.sell(w.supplier, quantity=11)
    w.shop.revise()


def used(w):
    """Return what was asked of suppliers and of the pool that was given, and the pool's size."""
    return {"calls": len(w.traffic.requests), "statements": w.pool.statements, "size": w.pool.size}


def used_otherwise(found):
    """Say what was asked too often or not at all."""
    return exercise.say(found.path[0], expected=found.expected, n=found.given)


exercise = Contract(
    "reorder",
    world=World(
        ("rng",),
        desks,
        draw,
        failed="the call for the supplier gets a {} once",
        fail=lambda w, status: fail(w, STOCK, status),
        run=virtually,
    ),
    call=report,
    observe=used,
    noun="row",
    why={"seen": used_otherwise},
    cases={
        "sales and stock change between two reports": Case(between=sales_and_stock),
        "several reports, two on one supplier, are made at once": Case(call=several),
        "the statement fails once": Case(prepare=interrupted, observe=False),
        "a report is cancelled in its statement": Case(call=cancelled, observe=False),
    },
    fails={"404": 404, "503": 503},
)


@exercise.cause
def no_connection_is_held(reorder, rng):
    """Let five suppliers think, and look how many were asked and how many connections are in use."""
    world, suppliers = desks(rng), rng.sample(Data.suppliers, 5)

    async def look():
        async with world() as w:
            w.shop.set("stock", latency=THINKS)  # until everything else is done
            reports = asyncio.gather(*(reorder(w.pool, w.api, supplier) for supplier in suppliers))
            await asyncio.wait((reports,), timeout=THINKS / 2)
            found = w.traffic.in_flight("stock"), w.pool.in_use
            await reports
            return found

    asked_now, held = virtually(look)
    assert asked_now >= 5, exercise.say("wait_for_one" if held else "wait", n=asked_now)
    assert not held, exercise.say("held", n=held)
    return exercise.say("free")

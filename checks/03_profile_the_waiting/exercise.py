"""The SQL is slow: reports hold a connection while they wait for their supplier, so others wait for one."""

import asyncio
from contextlib import asynccontextmanager
from itertools import chain, repeat

from kettle.checking import Case, Contract
from kettle.checking.causes.virtually import virtually
from kettle.checking.equivalence import Told, asked, fails, revised
from kettle.checking.worlds import World
from kettle.lessons.sales import SalesPool
from kettle.shop.data import Data

from .world import THINKS, services

FOREVER = 1000.0  # seconds, for what takes milliseconds
STOCK = "/suppliers/{supplier}/stock"


def desks(rng):
    """Return what makes a shop with a pool of two connections."""
    shops = services(rng)

    @asynccontextmanager
    async def world():
        async with shops() as w:
            w.pool = pool_of(w, 2)
            yield w

    return world


def pool_of(w, size):
    """Make a pool that answers at once."""
    return SalesPool(w.shop.data, size=size, latency=0.001)


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


async def several(reorder, w):
    """Ask for three reports at once, two of them for one supplier."""
    w.shop.set("stock", latency=1.0)  # so that each is made while the others are
    made = asyncio.gather(*(reorder(w.pool, w.api, each) for each in (w.supplier, w.other, w.supplier)))
    await asyncio.wait((made,), timeout=FOREVER)
    if not made.done():
        made.cancel()
        raise Told(exercise.say("never_end", n=w.pool.in_use, size=w.pool.size))
    return await made


def all_back(pool):
    """See that no connection is still lent."""
    if pool.in_use:
        raise Told(exercise.say("not_back"))


def interrupted(w):
    """Let the first statement fail."""
    w.pool._rows.set_progress_handler(chain((True,), repeat(False)).__next__, 1)


def fail(w, status):
    """Let the supplier's first answer be a failure."""
    fails(STOCK.format(supplier=w.supplier), calls=(1,), status=status)(w)


def used(w):
    """Return what was asked of suppliers and of the pool that was given, and the pool's size."""
    return {"calls": sum(asked(w).values()), "statements": w.pool.statements, "size": w.pool.size}


def used_otherwise(found):
    """Say what was asked too often or not at all."""
    return exercise.say(found.path[0], expected=found.expected, n=found.given)


exercise = Contract(
    "reorder",
    world=World(("rng",), desks, draw, "the call for the supplier gets a {} once", fail, virtually),
    call=report,
    observe=used,
    noun="row",
    why={"seen": used_otherwise},
    cases={
        "something is sold between two reports": Case(between=lambda w: w.pool.sell(w.supplier, quantity=11)),
        "the stock changes between two reports": Case(between=revised),
        "several reports, two on one supplier, are made at once": Case(call=several),
        "the pool has one connection": Case(
            call=several, prepare=lambda w: setattr(w, "pool", pool_of(w, 1)), observe=False
        ),
        "the statement fails once": Case(prepare=interrupted, observe=False),
        "a report is cancelled in its statement": Case(call=cancelled, observe=False),
    },
    fails={"404": 404, "503": 503},
)


@exercise.cause
def no_connection_is_held(reorder, rng):
    """Let five suppliers think, and look how many were asked and how many connections are in use."""
    world, suppliers = services(rng), rng.sample(Data.suppliers, 5)

    async def look():
        async with world() as w:
            pool = pool_of(w, 2)
            w.shop.set("stock", latency=THINKS)  # until everything else is done
            reports = asyncio.gather(*(reorder(pool, w.api, supplier) for supplier in suppliers))
            await asyncio.wait((reports,), timeout=THINKS / 2)
            found = w.traffic.in_flight("stock"), pool.in_use
            await reports
            return found

    asked_now, held = virtually(look)
    assert asked_now >= 5, exercise.say("wait_for_one" if held else "wait", n=asked_now)
    assert not held, exercise.say("held", n=held)
    return exercise.say("free")

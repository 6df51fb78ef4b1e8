"""Profile the waiting: what a page waits for is on no stack, so the tasks have to be asked."""

import asyncio
from contextlib import asynccontextmanager
from itertools import chain, repeat

from kettle.checking.causes.virtually import virtual_shop_world
from kettle.checking.equivalence import Situation, Told, asked, each_fails, revised
from kettle.shop.data import Data
from kettle.shop.sales import SalesPool

from .world import THINKS

FOR_EVER = 1000.0  # seconds, for what takes milliseconds


def check_same_report(reorder, same, rng, told_time):
    """Whoever asks for a report gets what the merged code gave, and the pool its connection."""
    shops = virtual_shop_world(rng)
    supplier, other = rng.sample(Data.suppliers, 2)

    @asynccontextmanager
    async def world():
        async with shops() as w:
            w.pool = SalesPool(w.shop.data, size=2, latency=0.001)
            yield w

    async def report(f, w):
        return await f(w.pool, w.api, supplier)

    async def failing(f, w):
        try:
            return await report(f, w)
        finally:
            _all_back(w.pool)

    async def cancelled(f, w):
        w.pool.latency = THINKS
        one = asyncio.ensure_future(report(f, w))
        await asyncio.sleep(THINKS / 2)
        one.cancel()
        await asyncio.sleep(FOR_EVER)  # a statement that is shielded may run to its end
        _all_back(w.pool)

    async def several(f, w):
        w.shop.set("stock", latency=1.0)  # so that each is made while the others are
        made = asyncio.gather(*(f(w.pool, w.api, each) for each in (supplier, other, supplier)))
        await asyncio.wait((made,), timeout=FOR_EVER)
        if not made.done():
            made.cancel()
            held = f"{w.pool.in_use} of {w.pool.size} connections are held"
            raise Told(f"the reports never end: {held}, and a report waits for one while it holds another.")
        return await made

    def sells(w):
        w.pool.sell(supplier, quantity=11)

    def nothing_sold(w):
        w.pool._rows.execute("DELETE FROM sales WHERE supplier = ?", (supplier,))

    situations = (
        Situation("a report is made", report, seen=_used),
        Situation("something is sold between two reports", report, between=sells),
        Situation("the stock changes between two reports", report, between=revised),
        Situation("a report is made again", report, again=True),
        Situation("nothing was sold", report, nothing_sold, seen=_used),
        Situation("several reports, two on one supplier, are made at once", several, seen=_used),
        Situation("the pool has one connection", several, _one_connection),
        *each_fails(failing, {"supplier": f"/suppliers/{supplier}/stock"}),
        Situation("the statement fails once", failing, _interrupted),
        Situation("a report is cancelled in its statement", cancelled),
    )
    why = {"seen": _used_otherwise}
    told_time(lambda: same(reorder, world, situations, noun="row", why=why))


def check_no_connection_is_held(reorder, rng, told_time):
    """No report holds a connection while it waits for its supplier."""
    world, suppliers = virtual_shop_world(rng), rng.sample(Data.suppliers, 5)

    async def look():
        async with world() as w:
            pool = SalesPool(w.shop.data, size=2, latency=0.001)
            w.shop.set("stock", latency=THINKS)  # the suppliers think, until everything else is done
            reports = asyncio.gather(*(reorder(pool, w.api, supplier) for supplier in suppliers))
            await asyncio.wait((reports,), timeout=THINKS / 2)
            found = w.traffic.in_flight("stock"), pool.in_use
            await reports
            return found

    asked_now, held = told_time(look)
    because = "each report held a connection while it waited for its supplier"
    assert asked_now >= 5, (
        f"With a pool of 2 connections only {asked_now} of 5 suppliers were asked at the same time: {because}, and "
        "the others waited for a connection."
        if held
        else f"Only {asked_now} of 5 suppliers were asked at the same time: the other reports wait. Look for something that only some of them may have at once."
    )
    assert not held, f"All 5 suppliers were asked, and {held} connections were still in use: {because}."
    return "All 5 suppliers were asked at the same time, and both connections of the pool were free."


def _one_connection(world):
    world.pool = SalesPool(world.shop.data, size=1, latency=0.001)


def _interrupted(world):
    world.pool._rows.set_progress_handler(chain((True,), repeat(False)).__next__, 1)


def _all_back(pool):
    if pool.in_use:
        raise Told(
            "one connection of the pool does not go back to the pool: use `async with pool.connection()`, which gives it back in any case."
        )


def _used(world):
    asked_for = sum(asked(world).values())
    return {"calls": asked_for, "statements": world.pool.statements, "size": world.pool.size}


def _used_otherwise(found):
    if found.path[0] == "size":
        return f"expected the pool to have {found.expected} connections, got {found.given}: leave its size as it is."
    to = {"calls": "to suppliers", "statements": "on the pool that it was given"}[found.path[0]]
    return f"expected {found.expected} {found.path[0]} {to}, got {found.given}."

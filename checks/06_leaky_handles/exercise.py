"""Leaky handles: what is opened for one order stays open until the night is over, and the night ends before."""

import asyncio
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from types import SimpleNamespace

import aiohttp

from kettle.checking.equivalence import (
    Situation,
    asked,
    asked_otherwise,
)
from kettle.checking.equivalence.lateness import hold_late
from kettle.checking.midway import Midway
from kettle.probes.handles import handles
from kettle.shop import Shop
from kettle.shop.data import Data

from .world import TIMES

PATIENCE = 2.0  # seconds; paid by wrong answers only


LATE = 0.1  # seconds, in beats of the client's; paid by who reads all of an answer


BIG = 1_000_000  # bytes; an answer of this size is not there as a whole before it is read


async def check_same_mirror(refresh, same, rng):
    """The mirror holds what it held, whatever is new, late or failing."""
    first, second, third = rng.sample(Data.suppliers, 3)

    def ask(*suppliers, then=None):
        async def call(f, w):
            mirror = w.mirror = w.names["Mirror"]()
            told = [await f(w.api, supplier, mirror) for supplier in suppliers]
            if then:
                then(w)
                told += [await f(w.api, supplier, mirror) for supplier in suppliers]
            return _held(mirror, told)

        return call

    def tried(spoil):
        async def call(f, w):
            mirror = w.mirror = w.names["Mirror"]()
            await f(w.api, first, mirror)
            w.shop.revise()
            spoil(w)
            with suppress(Exception):
                await f(w.api, first, mirror)
            return _held(mirror, [])

        return call

    async def at_once(f, w):
        mirror = w.mirror = w.names["Mirror"]()
        return _held(
            mirror, await asyncio.gather(*(f(w.api, each, mirror) for each in (first, second, third)))
        )

    path, page = f"/suppliers/{first}/stock", {"answer": "Back soon.", "content_type": "text/html"}
    failing = (
        ("the supplier fails", lambda w: w.shop.break_calls(path)),
        ("the connection breaks", lambda w: w.shop.break_calls(path, status=None)),
        ("the answer stops half-way", lambda w: w.shop.set("stock", cut_body=True)),
        ("the answer holds no levels", lambda w: w.shop.answer_with(path, answer={"supplier": first})),
        ("the answer is a page that is no JSON", lambda w: w.shop.answer_with(path, **page)),
    )
    seen: dict = {"seen": _client}
    situations = (
        Situation("suppliers are new", ask(first, second, third), **seen),
        Situation("nothing is new", ask(first, second, then=lambda w: None), **seen),
        Situation(
            "a supplier's stock has changed", ask(first, second, then=lambda w: w.shop.revise()), **seen
        ),
        Situation(
            "nothing is new, and the rest of an answer is late",
            ask(first, then=lambda w: hold_late(w.shop, ["stock"], LATE, point="mid body")),
        ),
        Situation("a supplier is asked twice in a round", ask(first, second, first), **seen),
        Situation("three suppliers are asked at once", at_once),
        Situation(
            "a call is given up in the middle of its answer, and others go on", _given_up(first, second)
        ),
        Situation("there is no such supplier", ask(999)),
        *(Situation(when, ask(first), spoil) for when, spoil in failing),
        *(Situation(f"{when}, and the mirror had its stock", tried(spoil)) for when, spoil in failing),
    )
    why = {
        "seen": _closed_or_asked,
        "report": "Each answer has its entry in `mirror.answers`, with its `status`, whatever it says, "
        "in the order in which they begin to come.",
        "versions": "A version without its levels: the mirror would never ask for them again.",
    }
    await same(refresh, _clients(rng), situations, why=why)


async def check_every_way_out_releases(refresh, same, rng):
    """Whichever way a call ends, its connection is given back, and by its own code."""
    supplier = rng.choice(Data.suppliers)
    ways = (
        ("nothing is new", lambda w: None),
        ("a supplier has something new", lambda w: w.mirror.versions.clear()),
        ("a supplier fails", lambda w: w.shop.break_calls(f"/suppliers/{supplier}/stock")),
    )
    async with _clients(rng, size=BIG)() as w:
        w.mirror = same.names["Mirror"]()
        await refresh(w.api, supplier, w.mirror)
        for when, spoil in ways:
            spoil(w)
            kept = []
            async with handles(patience=0.2) as found:
                for _ in range(TIMES):
                    try:
                        await refresh(w.api, supplier, w.mirror)
                    except aiohttp.ClientError as error:
                        kept.append(error)  # as whoever reports it does
            left = len(found.connections)
            assert not left, (
                f"When {when}, {left} connections are still in use after {TIMES} calls: their answers were neither read "
                "to the end nor released. Which way out goes past it?"
            )
    return f"On {len(ways)} ways out, {TIMES} calls each left no connection in use."


async def check_suppliers_overlap(refresh, same, shop, rng):
    """While one supplier is asked, so can be others."""
    mirror = same.names["Mirror"]()
    async with shop.session() as api:
        calls = [refresh(api, supplier, mirror) for supplier in rng.sample(Data.suppliers, 3)]
        meeting = await same.together(shop, ("stock",) * 3, *calls, patience=PATIENCE)
    assert meeting.met, (
        f"Of 3 suppliers asked at once, only {meeting.most_together} were in flight together. What does one wait for?"
    )


def _clients(rng, size=0):
    """Return a world with a shop and a client whose connections are closed as soon as they are free."""
    seed = rng.randrange(1 << 30)

    @asynccontextmanager
    async def world():
        with Shop(seed) as shop:
            shop.set(latency=0.0, size=size)
            midway = Midway()
            async with (
                shop.traffic() as traffic,
                shop.session(
                    trace_configs=[midway.trace],
                    connector=aiohttp.TCPConnector(force_close=True, limit=20),
                ) as api,
            ):
                yield SimpleNamespace(shop=shop, api=api, traffic=traffic, midway=midway)

    return world


def _given_up(first, second):
    """Give one call up in the middle of its answer, while another goes on and a third fails."""

    async def call(f, w):
        mirror = w.names["Mirror"]()
        await f(w.api, first, mirror)
        w.shop.revise()
        w.shop.set("stock", hang="mid body")
        one, other = [await w.midway.begun(f(w.api, each, mirror)) for each in (first, second)]
        one.cancel()
        await asyncio.wait([one], timeout=PATIENCE)
        with suppress(Exception):
            await f(w.api, 999, mirror)
        w.shop.set("stock", hang=None)
        return _held(mirror, [await other])

    return call


def _held(mirror, told):
    report = [getattr(answer, "status", None) for answer in mirror.answers]
    return {"told": list(told), "stock": mirror.stock, "versions": mirror.versions, "report": report}


def _client(w):
    return {"client": "closed" if w.api.closed else "open", "asked": asked(w), "calls": len(w.midway.calls)}


def _closed_or_asked(found):
    if found.path[0] == "client":
        return "the client is closed, and it is the caller's. Who else uses it?"
    if found.path[0] == "calls":
        return f"the caller's client makes {found.given} calls, and made {found.expected}. Whose connections are used?"
    return asked_otherwise(replace(found, path=found.path[1:]))

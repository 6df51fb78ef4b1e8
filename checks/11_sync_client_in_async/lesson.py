"""A synchronous client in async code: each call blocks the event loop until its response has arrived."""

import asyncio
import gc
import sys
from contextlib import ExitStack, suppress

from kettle.checking.equivalence import (
    Situation,
    asked,
    asked_otherwise,
    fails,
    late,
    revised,
    shop_world,
    shuffled,
)
from kettle.checking.held_calls import blame, explain, why_not
from kettle.probes.calls import count_calls
from kettle.probes.ratio import compare_async
from kettle.shop import Shop
from kettle.shop.data import Data

from .world import LATE_BODY, TOGETHER, _held

CLIENTS = ("aiohttp.client:ClientSession.__init__", "httpx._client:AsyncClient.__init__")


async def check_same_stock(stock_of, same, rng):
    """Whoever checks the stock gets what the merged code gave, whoever answers first, changes or fails."""
    one, two, three, four = rng.sample(Data.suppliers, 4)

    def check(*suppliers):
        return lambda f, w: f(w.url, list(suppliers))

    def at_once(*checks):
        return lambda f, w: asyncio.gather(*(f(w.url, list(suppliers)) for suppliers in checks))

    situations = (
        Situation("three suppliers are asked", check(one, two, three), seen=asked),
        Situation("suppliers answer in another order", check(one, two, three, four), shuffled("stock", most=0.02)),
        Situation("the stock changes between two checks", check(one, two), between=revised),
        Situation("a check is made again", check(one, two), again=True),
        Situation("a supplier is late", check(one), late(0.05, "stock"), seen=asked, impatient=True),
        Situation("there is no supplier", check()),
        Situation("a supplier is named twice", check(one, two, one, three)),
        Situation("two checks are made at once", at_once([one, two], [three]), seen=asked),
        Situation("two checks at once ask one supplier", at_once([one, two], [one]), seen=asked),
        Situation(f"supplier {two} fails once", check(one, two), fails(f"/suppliers/{two}/stock", calls=(1,))),
        Situation(f"the connection to supplier {one} breaks", check(one), fails(f"/suppliers/{one}/stock", status=None)),
    )  # fmt: skip
    world = shop_world(rng, latency=0.0, watched=True)
    await same(stock_of, world, situations, noun="supplier", why={"seen": asked_otherwise})


async def check_calls_overlap_and_the_loop_lives(stock_of, shop, rng, notes):
    """The calls are in flight together, and the event loop lives meanwhile."""
    number = rng.randint(5, 9)
    suppliers = rng.sample(shop.data.suppliers, number)

    async def ask():
        return await stock_of(shop.url, list(suppliers))

    with ExitStack() as stack:
        made = [stack.enter_context(count_calls(c)) for c in CLIENTS if c.split(".")[0] in sys.modules]
        seen = await _held(ask, shop, late_body=LATE_BODY)
        clients = sum(calls.count for calls in made)
    if not seen.met:
        raise AssertionError(why_not(seen, number, TOGETHER, await explain(ask)))
    assert not seen.waited, (
        f"With {number} calls under way, {seen.waited} waited on the event loop's own thread: nobody else is served "
        "meanwhile. What does the same without holding the loop?"
    )
    if clients >= number:
        notes.append(f"{clients} clients were made for {number} calls, and one could serve them all.")
    return (
        f"The shop held the first calls until {TOGETHER} were in flight together and the event loop had sent "
        "a call of its own; as merged, 1 was in flight and the loop stood still."
    )


async def check_two_stock_checks_at_once(stock_of, shop, rng):
    """Two stock checks at once do not wait for each other, however short."""
    one, *three = rng.sample(shop.data.suppliers, TOGETHER)

    async def ask():
        return await asyncio.gather(stock_of(shop.url, [one]), stock_of(shop.url, list(three)))

    seen = await _held(ask, shop, turns=1)
    if not seen.met:
        why = await explain(lambda: stock_of(shop.url, [one]))
        raise AssertionError(
            f"With 1 call under way, {blame(why)}"
            if why.call
            else f"Of two stock checks at once, only {seen.together} of {TOGETHER} calls were in flight together, "
            "though the event loop was free: what do the two checks share?"
        )


async def check_no_client_is_left_open(stock_of, shop, rng):
    """A check has closed its client when it answers, and also when it fails."""
    one, down = rng.sample(shop.data.suppliers, 2)
    shop.set(latency=0.0)
    shop.break_calls(f"/suppliers/{down}/stock")
    await stock_of(shop.url, [one])  # what is kept for the whole program is there from now on
    kept = _open_clients()
    await stock_of(shop.url, [one])
    assert not _open_clients(besides=kept), (
        "When a check answers, a client session that it made is still open. What closes it, and who waits for that?"
    )
    with suppress(Exception):  # in this task, so that the loop has no turn before the look
        await stock_of(shop.url, [down])
    assert not _open_clients(besides=kept), (
        "When a supplier fails, your code leaves a client session open, with its connections. Who closes it then?"
    )


async def interest_how_much_faster(as_merged, stock_of):
    """How much faster the check is here."""
    with Shop() as shop:
        shop.set("stock", latency=0.03)
        suppliers = list(shop.data.suppliers[:5])
        ratio = await compare_async(
            lambda: as_merged(shop.url, suppliers), lambda: stock_of(shop.url, suppliers)
        )
    return f"Here, with 5 suppliers that answer in a seventh of their usual time, yours is {ratio}."


def _open_clients(besides=()):
    names = (("aiohttp", "ClientSession"), ("httpx", "AsyncClient"))
    kinds = tuple(getattr(sys.modules[module], name) for module, name in names if module in sys.modules)
    found = [thing for thing in gc.get_objects() if issubclass(type(thing), kinds)]
    opened = [each for each in found if not getattr(each, "closed", getattr(each, "is_closed", True))]
    return [each for each in opened if not any(each is other for other in besides)]

"""A page whose calls are held: does it leave the loop free, and does it ask for all its parts together?"""

import asyncio
from contextlib import suppress
from unittest.mock import patch

from kettle.probes.loop import watch_loop

from .world import CUSTOMER, HELD, until

CODE = "BS1 4DJ"
AT_ONCE = 4  # pages
LENT = 2  # connections: all that there are
CALLS = ("profile", "alerts", "quote")
SHORT = 0.02  # seconds: a blocking call that is shorter explains nothing


async def judge_loop(page, larder, customers, shop, say):
    """Hold the courier's answers to some pages; raise AssertionError where the loop is held meanwhile."""

    def ask():
        return asyncio.gather(*(page(larder, each, CODE) for each in customers[:AT_ONCE]))

    routes = ("quote",) * AT_ONCE + ("health",)
    async with shop.rendezvous(routes=routes, patience=HELD) as meeting:
        asker = asyncio.ensure_future(ask())
        lived = await until(lambda: meeting.most_together, meeting) and not meeting.over
        if lived and await until(lambda: meeting.most_together >= AT_ONCE, meeting):
            await larder.get("/health")
        await asker
    if meeting.met:
        return say("lived", n=AT_ONCE)
    shop.set("quote", latency=0.05)
    held = await longest_block(ask)
    if held and not lived:
        raise AssertionError(say("held", line=held.source))
    raise AssertionError(say("in_turn", n=meeting.most_together, of=AT_ONCE))


async def longest_block(ask):
    """Return the call that blocks the loop longest while `ask()` is awaited; None if none does for long."""
    with suppress(Exception), watch_loop(explain=True) as loop:
        await ask()
    longest = max(loop.blocking, key=lambda call: call.seconds, default=None)
    return longest if longest and longest.seconds > SHORT else None


async def waits_for_the_courier(page, larder, shop):
    """Tell whether a page holds the loop while it asks the courier."""
    shop.set("quote", latency=0.03)
    held = await longest_block(lambda: page(larder, CUSTOMER, CODE))
    return held is not None and held.call.startswith("socket")


async def asked_together(page, larder, shop, database, say):
    """Return "", or a sentence on what of a page waits for what."""
    lent = [await larder.engine.connect() for _ in range(LENT)]
    routes = (*CALLS, "health")
    shop.set(latency=0.0)
    with database.wire() as wire:
        async with shop.rendezvous(routes=routes, patience=HELD) as meeting:
            asker = asyncio.ensure_future(page(larder, CUSTOMER, CODE))
            early = await until(lambda: meeting.most_together >= len(CALLS), meeting)
            first = meeting.arrived[: meeting.most_together]
            for each in lent:
                await each.close()
            if early and await until(lambda: wire.count > 0, meeting):
                await larder.get("/health")
            await asker
    if meeting.met:
        return ""
    if early:
        return say("orders_last")
    return say("waits", first=" and ".join(f"`{each}`" for each in first)) if first else say("orders_first")


def without_holding(names, name):
    """Let a page ask the courier without holding the loop, where it does so by a function of that name."""

    async def asks(larder, postcode):
        async with larder.api.get("/couriers/7/quote", params={"postcode": postcode}) as response:
            response.raise_for_status()
            return (await response.json())["price"]

    return patch.dict(names, {name: asks} if name in names else {})

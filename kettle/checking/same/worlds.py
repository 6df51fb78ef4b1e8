"""Worlds for situations: each is made anew from one seed, so that two versions meet the same one."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack, asynccontextmanager
from types import SimpleNamespace
from typing import Any

LATENCY = 0.002  # seconds; situations ask for what is late by themselves


def shop_world(
    rng: random.Random, *, latency: float = LATENCY, watched: bool = False, **session: Any
) -> Callable:
    """Return a world that is a practice shop, with a session to ask it: `w.shop`, `w.url`, `w.api`.

    Args:
        rng: draws the shop's seed, once for all worlds that are made.
        latency: of every route, in seconds.
        watched: whether the shop's traffic is collected, as `w.traffic`.
        **session: options of the aiohttp.ClientSession.
    """
    from kettle.shop import Shop

    seed = rng.randrange(1 << 30)

    @asynccontextmanager
    async def world():
        async with AsyncExitStack() as stack:
            shop = stack.enter_context(Shop(seed))
            shop.set(latency=latency)
            traffic = await stack.enter_async_context(shop.traffic()) if watched else None
            api = await stack.enter_async_context(shop.session(**session))
            yield SimpleNamespace(shop=shop, url=shop.url, api=api, traffic=traffic)

    world.seed = seed
    return world


def fails(*paths: str, calls: tuple[int, ...] = (), status: int | None = 503) -> Callable:
    """Return what lets calls of the shop fail: those of some paths, all or the first, second …

    Args:
        *paths: such as "/suppliers/7/stock".
        calls: numbers of the calls of each path that fail, from 1; none given: all of them.
        status: of the answer; None: the connection breaks instead.
    """
    return lambda world: world.shop.break_calls(*paths, calls=calls, status=status)


def late(seconds: float, *routes: str) -> Callable:
    """Return what makes some routes of the shop answer late, by so many seconds, whoever comes first."""
    return lambda world: world.shop.set(*routes, latency=seconds)


def shuffled(*routes: str, most: float = 0.04) -> Callable:
    """Return what makes answers of the shop come in another order than they were asked for.

    Args:
        *routes: whose answers.
        most: seconds by which an answer may be late.
    """
    return lambda world: world.shop.set(*routes, latency=0.0, shuffle=most)


def asked(world: Any) -> dict[str, int]:
    """Return what the shop of a watched world was asked for, and how often."""
    return dict(Counter(call.path for call in world.traffic.requests))


def asked_otherwise(found: Any) -> str:
    """Say which call is made too often, or not at all, where what was `asked` differs."""
    path, times = found.path[0], {"missing": "not at all", "extra": "although nobody did before"}
    how = times.get(found.kind) or f"{found.given} times, and was asked {found.expected} times before"
    return f"the shop is asked for `{path}` {how}.".replace(" 1 times", " once")


def revised(world: Any) -> None:
    """Let the shop answer otherwise from now on; ids stay."""
    world.shop.revise()

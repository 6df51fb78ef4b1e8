"""Where a call can hang: one route of the practice shop, in virtual time and with real servers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from kettle.checking.causes.virtually import counted_shop
from kettle.checking.runner.patience import patient
from kettle.checking.words import many
from kettle.shop import Shop
from kettle.shop.silent_port import silent_port
from kettle.shop.traffic import TrafficWindow

ENDLESS = 8  # calls of one operation
RUNS_ON = "its call is still in flight: who waited has gone, and the work goes on for nobody. Who cancels it?"
SETTLE = 50.0  # virtual seconds, after which what was left running would show


@dataclass(frozen=True)
class Hang:
    """A way in which time goes by; `does` follows "With a budget of 2 s and …".

    Args:
        does: what it is, as a noun.
        why: what a learner is asked about it.
        settings: of the route, given the budget.
        silent: whether no connection is taken up.
        lent: whether the session's only connection is lent.
        fails: whether the calls are answered, with a failure: then another may be made.
    """

    does: str
    why: str
    settings: Callable[[float], dict[str, Any]] = lambda budget: {}
    silent: bool = False
    lent: bool = False
    fails: bool = False


HANGS = (
    Hang("a courier that never answers", "", lambda b: {"hang": "first byte"}),
    Hang(
        "a courier that stops in the middle of its answer",
        "A call is over when its answer has been read. Which lines have a clock?",
        lambda b: {"hang": "mid body"},
    ),
    Hang(
        "a courier whose answer drips",
        "Each piece comes in time, and the whole does not: which clock counts the whole?",
        lambda b: {"drip": 0.4 * b},
    ),
    Hang(
        "a courier that takes up no connection",
        "To connect is a wait, too. Which clock counts it?",
        silent=True,
    ),
    Hang(
        "all connections of the session lent",
        "The call waits for a connection of its own session before it is sent. Which clock counts that?",
        lent=True,
    ),
    Hang(
        "a courier that fails after eight tenths of the budget, each time",
        "Each try has a clock of its own, and the visitor waits for their sum.",
        lambda b: {"latency": 0.8 * b, "fail": 1.0},
        fails=True,
    ),
    Hang(
        "a courier that fails shortly before the time is up",
        "When a try has failed, how much is left for the next one, and what if it is less than nothing?",
        lambda b: {"latency": b - 0.05, "fail": 1.0},
        fails=True,
    ),
)

REAL: dict[str, dict[str, Any]] = {
    "a courier that never answers": {"hang": "first byte"},
    "a courier that stops in the middle of its answer": {"hang": "mid body"},
    "a courier whose answer drips": {"drip": 0.1},
}


@asynccontextmanager
async def hanging(
    hang: Hang, route: str, budget: float, seed: int, before: Callable | None = None, visitors: int = 1
) -> AsyncIterator[SimpleNamespace]:
    """Open a shop in virtual time, one route of which hangs: a world as `counted_shop` gives it.

    `before` is given the world, and awaited before the hang begins. `w.calls()` counts the route's calls
    since then. `await w.over(said)` lets the hang be over, and sees to it that nothing of them is left.
    """
    import aiohttp

    connector = aiohttp.TCPConnector(limit=int(hang.lent), force_close=hang.silent)
    async with counted_shop(seed, ENDLESS * visitors, connector=connector) as w:
        usual = w.shop.settings[route].latency
        if before is not None:
            await before(w)
        calls_before = len(w.shop.calls)
        w.shop.set(route, **hang.settings(budget))
        w.shop.set("health", hang="mid body")
        holder = await w.api.get("/health") if hang.lent else None  # its connection stays lent
        w.shop.take_up(not hang.silent)

        def calls() -> int:
            return sum(call.route == route for call in w.shop.calls[calls_before:])

        async def over(said: str) -> None:
            await asyncio.sleep(0.001)  # what was given up is told to the other side
            running = any(call.ended is None for call in w.shop.calls if call.route == route)
            assert not running, f"{said}, and {RUNS_ON}"
            if holder is not None:
                holder.close()
            w.shop.take_up(True)
            w.shop.set(route, latency=usual, drip=0.0, fail=0.0, hang=None)
            before = calls()
            await asyncio.sleep(SETTLE)
            late = many(calls() - before, "call")
            assert calls() == before, (
                f"{said}, and {late} came to the courier afterwards: something of it still runs, for nobody. "
                "Who cancels it?"
            )

        w.calls, w.over = calls, over
        yield w


@dataclass(frozen=True)
class Real:
    """Real servers that hang at one route.

    sessions: one for each way to hang, by what it does. windows: on what the servers see that answer at all.
    """

    route: str
    sessions: dict[str, Any]
    windows: dict[str, TrafficWindow]

    async def over(self, patience: float, said: str) -> None:
        """Wait until no call is in flight any more, now that nobody waits for it.

        Args:
            patience: in seconds; more where the machine gives this process too little.
            said: begins the sentence: "With real servers and {}, `f` has ended".

        Raises:
            AssertionError: a call goes on.
            Undecided: the machine is too busy to tell.
        """
        clock = asyncio.get_running_loop().time
        with patient(patience, "whether a call has ended") as more:
            for does, window in self.windows.items():
                ends = clock() + patience
                while not all(request.finished for request in window.of(self.route)):
                    if clock() > ends:
                        seconds = await more()
                        assert seconds, f"{said.format(does)}, and {RUNS_ON}"
                        ends = clock() + seconds
                    await asyncio.sleep(0.005)


@asynccontextmanager
async def really_hanging(route: str) -> AsyncIterator[Real]:
    """Open real servers that hang at a route, in all the ways there are (to connect: where it can be)."""
    import aiohttp

    async with AsyncExitStack() as stack:
        sessions, windows = {}, {}
        for does, settings in REAL.items():
            shop = stack.enter_context(Shop())
            shop.set(route, **settings)
            sessions[does] = await stack.enter_async_context(shop.session())
            windows[does] = stack.enter_context(shop.traffic())
        shop.set("health", hang="mid body")
        lent = shop.session(connector=aiohttp.TCPConnector(limit=1))
        sessions["all connections of the session lent"] = await stack.enter_async_context(lent)
        stack.push_async_callback(_give_back, await lent.get("/health"))
        if (port := stack.enter_context(silent_port())) is not None:
            silent = aiohttp.ClientSession(f"http://127.0.0.1:{port}")
            sessions["a courier that takes up no connection"] = await stack.enter_async_context(silent)
        yield Real(route, sessions, windows)


async def _give_back(response: Any) -> None:
    response.close()

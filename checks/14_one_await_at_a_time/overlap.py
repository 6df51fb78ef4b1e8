"""Overlap: calls to the practice shop that have to be in flight together, held there until all have arrived.

A rendezvous decides, so a slow machine cannot turn a right answer into a wrong one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from kettle.checking.contract import Contract, taking
from kettle.probes.calls import count_calls
from kettle.probes.tasks import watch_tasks

PATIENCE = 2.0  # seconds; paid by wrong answers only
ONE_BY_ONE = "At most 1 call was in flight at once: each await waits for the one before it. "
GATHERED = "`gather` was given one call at a time: hand it all of them together."
TASKS = "Tasks were made, but each was awaited before the next was made: make all of them first, then await."
COROUTINES = "A coroutine starts when it is awaited: use `gather` or a `TaskGroup` to start them together."


@dataclass(frozen=True)
class Overlap:
    """The calls of one run that do not need each other are in flight together.

    Args:
        ask: given the function, the client session, the shop and the number of calls, makes one run.
        routes: of the calls that have to meet; each once.
        numbers: if given, so many calls of the one route have to meet, in a run for each number.
        name: of the title in words.toml.
    """

    ask: Callable
    routes: tuple[str, ...]
    numbers: Iterable[int] = (1,)
    name: str = "overlap"

    def check(self, contract: Contract) -> Callable:
        """Return the check."""

        async def overlap(shop: Any, **given: Any) -> str:
            shop.set(latency=0.0)  # they are held for as long as they have to be
            for number in self.numbers:
                met = await self._meet(given[contract.name], shop, number)
            return f"{met} calls were in flight together."

        return taking(overlap, contract.name, "shop")

    async def _meet(self, function: Callable, shop: Any, number: int) -> int:
        wanted = self.routes * number
        with count_calls("asyncio.tasks:gather") as gathers, watch_tasks() as tasks:
            async with (
                shop.session() as api,
                shop.traffic() as traffic,
                shop.rendezvous(routes=wanted, patience=PATIENCE) as meeting,
            ):
                await self.ask(function, api, shop, number)
                # before aiohttp closes the session with a gather of its own
                one_by_one, gathered, made = tasks.peak <= 1, gathers.count, tasks.created
        if meeting.met:
            return len(wanted)
        if one_by_one and meeting.most_together == 1:
            raise AssertionError(ONE_BY_ONE + (GATHERED if gathered else TASKS if made else COROUTINES))
        raise AssertionError(
            self._alone(traffic)
            or f"Expected {len(wanted)} calls in flight together, got {meeting.most_together}: some of them waited "
            "for others. Start all of them before you await the first."
        )

    def _alone(self, traffic: Any) -> str:
        """Name a call that is waited for alone, or that waits for the others."""
        calls = {call.route: call for call in traffic.of(*self.routes)}
        for route, call in calls.items() if len(calls) > 1 else ():
            others = [other for name, other in calls.items() if name != route]
            if all(call.ended <= other.started for other in others):
                return f"`{route}` is awaited alone, before the others are sent: they do not need its answer."
            if all(call.started >= other.ended for other in others):
                return (
                    f"`{route}` is sent after the others have been answered: it does not need their answers."
                )
        return ""


@dataclass(frozen=True)
class CallersOverlap:
    """While one caller waits, another one is served.

    Args:
        ask: given the function, the client session and the shop, makes one caller's run.
        routes: of the calls of one run that have to be in flight beside those of the other.
        noun: what a caller asks for, such as "page".
        name: of the title in words.toml.
    """

    ask: Callable
    routes: tuple[str, ...]
    noun: str
    name: str = "callers_overlap"

    def check(self, contract: Contract) -> Callable:
        """Return the check."""

        async def callers_overlap(shop: Any, equivalence: Any, **given: Any) -> str:
            shop.set(latency=0.0)
            both = self.routes * 2
            async with shop.session() as api:
                runs = [self.ask(given[contract.name], api, shop) for _ in range(2)]
                meeting = await equivalence.together(shop, both, *runs, patience=PATIENCE)
            assert meeting.met, (
                f"Two {self.noun}s were asked for at once: expected {len(both)} calls in flight together, got "
                f"{meeting.most_together}. While one {self.noun} waits, the other one stands still: look for a "
                "lock, a client that blocks, or a thread that is joined."
            )
            return f"Two {self.noun}s at once had {len(both)} calls in flight together."

        return taking(callers_overlap, contract.name, "shop", "equivalence")

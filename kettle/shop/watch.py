"""What the server watches: records of calls, windows that collect them, rendezvous that hold them."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

ROUNDS = 10
"""Rounds of the loop in which it accepts, reads and starts what is in its sockets, and hears who has gone."""
TICK = 0.01
"""Seconds, by which patience is counted: a machine that stands still for a while takes only one of them."""


@dataclass(eq=False, slots=True)
class Connection:
    """One TCP connection: its number in its tenant, when it opened, whether a request used it or does."""

    number: int
    opened: float
    used: bool = False
    busy: bool = False


@dataclass(eq=False, slots=True)
class Call:
    """One request, from the arrival of its head to the end of its answer; times by time.perf_counter()."""

    route: str
    method: str
    path: str
    connection: int
    started: float
    ended: float | None = None
    status: int | None = None
    cancelled: bool = False
    handshake: float = 0.0
    latency: float = 0.0
    seen_by: tuple[Any, ...] = ()

    def row(self) -> list[Any]:
        """Give the fields in the order of kettle.shop.traffic.Request."""
        end = (self.started, self.ended, self.status, self.connection, self.cancelled)
        return [self.route, self.method, self.path, *end, self.handshake, self.latency]


class Fresh:
    """Keeps what came in during the last few rounds of the loop, and hands it on after them.

    A client that gives a call up and makes another has closed its connection before it sends the new one. But
    the loop may read the new one first. After some rounds it has read both.
    """

    def __init__(self, hand_on: Callable[[tuple[Any, ...]], None] = lambda ripe: None) -> None:
        self.events: list[Any] = []
        self._hand_on = hand_on
        self._task: asyncio.Task[None] | None = None

    def add(self, event: Any) -> None:
        """Keep something that has just happened."""
        self.events.append(event)
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._ripen())

    async def settle(self) -> None:
        """Wait until all that is here now has been handed on."""
        for _ in range(2 * ROUNDS + 2):
            await asyncio.sleep(0)

    async def _ripen(self) -> None:
        while self.events:
            ripe = tuple(self.events)
            for _ in range(ROUNDS):
                await asyncio.sleep(0)
            del self.events[: len(ripe)]
            self._hand_on(ripe)
        self._task = None


class Window:
    """Collects the calls that start, and the connections that open, while it is open."""

    def __init__(self) -> None:
        self.began = time.perf_counter()
        self.calls: list[Call] = []
        self.opened: list[int] = []
        self._fresh = Fresh()
        self._unfinished = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def begin(self, call: Call) -> None:
        """Take in a call that starts."""
        self.calls.append(call)
        self._fresh.add(call)
        self._unfinished += 1
        self._idle.clear()

    def end(self, call: Call) -> None:
        """Note that a call has ended; one that was given up ended before what its client did next."""
        if call.cancelled:
            later = [other.started for other in self._fresh.events if other.started > call.started]
            call.ended = min([call.ended, *later])
        self._unfinished -= 1
        if not self._unfinished:
            self._idle.set()

    async def settle(self, seconds: float) -> None:
        """Wait until the calls have ended, but at most so many seconds."""
        # What a client sent before it asked for this result is in the socket already: accepting,
        # reading and starting the handler take the loop a few rounds.
        for _ in range(ROUNDS):
            await asyncio.sleep(0)
        try:
            async with asyncio.timeout(seconds):
                await self._idle.wait()
        except TimeoutError:
            pass

    def report(self) -> dict[str, Any]:
        """Tell what TrafficWindow reads."""
        rows = [call.row() for call in self.calls]
        return {"began": self.began, "closed": time.perf_counter(), "opened": self.opened, "rows": rows}


@dataclass(eq=False)
class Rendezvous:
    """Holds calls until enough are in flight together, or until patience ends; then lets all pass.

    count: so many calls of any of `routes` (none: of any route); None: one of each of `routes` (a name given
    twice: two). patience: seconds without another one that was needed. Those seconds are paid once:
    afterwards calls pass freely and are only counted.
    """

    routes: tuple[str, ...]
    count: int | None
    patience: float
    arrived: list[str] = field(default_factory=list)
    met: bool = False
    most_together: int = 0

    def __post_init__(self) -> None:
        self._fresh = Fresh(self._take)
        self._in_flight: set[Call] = set()  # and their clients still wait
        self._together: Counter[str] = Counter()
        self._need = Counter(self.routes)
        self._progress = 0
        self._left = 0  # ticks of patience
        self._open = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, call: Call) -> None:
        """Take in a call that starts; some rounds later, see whether it completes the meeting."""
        if self.routes and call.route not in self._need:
            return
        self.arrived.append(call.route)
        self._fresh.add((call, True, self._open.is_set()))

    def end(self, call: Call) -> None:
        """Note that a call has ended."""
        if self.routes and call.route not in self._need:
            return
        if call.cancelled:
            self._gone(call)  # what came in since then may be what its client did next
        else:
            self._fresh.add((call, False, True))

    async def settle(self, seconds: float) -> None:
        """Wait until it is known who was in flight together."""
        await self._fresh.settle()

    async def hold(self, call: Call) -> None:
        """Wait until calls may pass."""
        if not self.routes or call.route in self._need:
            await self._open.wait()

    def release(self) -> None:
        """Let all calls pass, now and later."""
        self._open.set()
        if self._timer:
            self._timer.cancel()

    def report(self) -> dict[str, Any]:
        """Tell what RendezvousWindow reads."""
        over = self._open.is_set()
        return {"met": self.met, "most_together": self.most_together, "arrived": self.arrived, "over": over}

    def _take(self, ripe: tuple[tuple[Call, bool, bool], ...]) -> None:
        for call, begins, open_then in ripe:
            if not begins:
                self._gone(call)
            elif not call.cancelled:
                self._in_flight.add(call)
                self._together[call.route] += 1
                self.most_together = max(self.most_together, len(self._in_flight))
                if not (open_then or self.met):
                    self._look()

    def _gone(self, call: Call) -> None:
        if call in self._in_flight:
            self._in_flight.remove(call)
            self._together[call.route] -= 1

    def _look(self) -> None:
        progress, needed = self._standing()
        if progress >= needed:
            self.met = True
            self.release()
        elif progress > self._progress:
            # Only a call that brings the meeting nearer renews patience: a client that gives up
            # and tries again, one call at a time, must not renew it for ever.
            self._progress = progress
            self._left = round(self.patience / TICK)
            if not self._timer:
                self._tick()

    def _tick(self) -> None:
        if self._left <= 0:
            self.release()
        else:
            self._left -= 1
            self._timer = asyncio.get_running_loop().call_later(TICK, self._tick)

    def _standing(self) -> tuple[int, int]:
        if self.count is not None:
            return self._together.total(), self.count
        return (self._together & self._need).total(), self._need.total()

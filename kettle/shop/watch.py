"""What the server watches: records of calls, windows that collect them, rendezvous that hold them."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass(eq=False, slots=True)
class Connection:
    """One TCP connection: its number in its tenant, when it opened, and whether a request has used it."""

    number: int
    opened: float
    used: bool = False


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


class Window:
    """Collects the calls that start, and the connections that open, while it is open."""

    def __init__(self) -> None:
        self.began = time.perf_counter()
        self.calls: list[Call] = []
        self.opened: list[int] = []
        self._unfinished = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def begin(self, call: Call) -> None:
        """Take in a call that starts."""
        self.calls.append(call)
        self._unfinished += 1
        self._idle.clear()

    def end(self, call: Call) -> None:
        """Note that a call has ended."""
        self._unfinished -= 1
        if not self._unfinished:
            self._idle.set()

    async def settle(self, seconds: float) -> None:
        """Wait until the calls have ended, but at most so many seconds."""
        # What a client sent before it asked for this result is in the socket already: accepting,
        # reading and starting the handler take the loop a few rounds.
        for _ in range(10):
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
        self._together: Counter[str] = Counter()
        self._need = Counter(self.routes)
        self._progress = 0
        self._open = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, call: Call) -> None:
        """Take in a call that starts, and see whether it completes the meeting."""
        if self.routes and call.route not in self._need:
            return
        self.arrived.append(call.route)
        self._together[call.route] += 1
        self.most_together = max(self.most_together, self._together.total())
        if not self._open.is_set():
            self._look()

    def end(self, call: Call) -> None:
        """Note that a call has ended, also by being cancelled while it was held."""
        if not self.routes or call.route in self._need:
            self._together[call.route] -= 1

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
        return {"met": self.met, "most_together": self.most_together, "arrived": self.arrived}

    def _look(self) -> None:
        progress, needed = self._standing()
        if progress >= needed:
            self.met = True
            self.release()
        elif progress > self._progress:
            # Only a call that brings the meeting nearer renews patience: a client that gives up
            # and tries again, one call at a time, must not renew it for ever.
            self._progress = progress
            if self._timer:
                self._timer.cancel()
            self._timer = asyncio.get_running_loop().call_later(self.patience, self.release)

    def _standing(self) -> tuple[int, int]:
        if self.count is not None:
            return self._together.total(), self.count
        return (self._together & self._need).total(), self._need.total()

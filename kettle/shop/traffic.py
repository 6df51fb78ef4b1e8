"""What the server saw: one Request for each call, and Traffic, which counts them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from kettle.shop.routes import named
from kettle.shop.watched import Watched

SETTLE = 0.3
"""Seconds that a closing window waits for calls still in flight."""


@dataclass(frozen=True)
class Request:
    """One request as the server saw it; times in seconds by time.perf_counter(), which processes share.

    started: its head arrived. ended: its answer was ready, or its client had gone, or (where `finished` is
    False) the window was read. status: None where there was no answer. connection: the number of its TCP
    connection, from 1. handshake: seconds of it that its new connection cost. latency: seconds of it that the
    route's settings asked for; 0 where it was refused.
    """

    route: str
    method: str
    path: str
    started: float
    ended: float
    status: int | None
    connection: int
    cancelled: bool
    handshake: float = 0.0
    latency: float = 0.0
    finished: bool = True

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.ended - self.started

    def __repr__(self) -> str:
        end = "cancelled" if self.cancelled else self.status if self.finished else "still in flight"
        return f"<{self.method} {self.path}: {end}, {self.seconds:.3f} s, connection {self.connection}>"


@dataclass(frozen=True, repr=False)
class Traffic:
    """The requests that started, and the connections that opened, while a window was open.

    requests: in the order of their start. opened: numbers of the connections opened in the window, also those
    that never sent a request. began, closed: when the window was, in seconds by time.perf_counter().
    """

    requests: tuple[Request, ...] = field(default_factory=tuple)
    opened: tuple[int, ...] = ()
    began: float = 0.0
    closed: float = 0.0

    @cached_property
    def peak_in_flight(self) -> int:
        """The most requests in flight at once."""
        return peak(self.requests)

    @cached_property
    def connections(self) -> int:
        """The number of TCP connections that opened in the window, or that its requests used."""
        return len({*self.opened, *(request.connection for request in self.requests)})

    @property
    def connections_opened(self) -> int:
        """The number of TCP connections that opened in the window."""
        return len(self.opened)

    @property
    def cancelled(self) -> int:
        """The number of requests whose client went away before the answer was ready."""
        return sum(request.cancelled for request in self.requests)

    @property
    def still_in_flight(self) -> int:
        """The number of requests without an end when the window was read."""
        return sum(not request.finished for request in self.requests)

    @property
    def by_route(self) -> dict[str, int]:
        """The number of requests by route, in the order of first use."""
        return dict(Counter(request.route for request in self.requests))

    @property
    def statuses(self) -> dict[int, int]:
        """The number of answers by status; requests without an answer are not in it."""
        return dict(Counter(request.status for request in self.requests if request.status is not None))

    def of(self, *routes: str) -> tuple[Request, ...]:
        """The requests of some routes.

        Raises ValueError where there is no such route.
        """
        wanted = named(routes)
        return tuple(request for request in self.requests if request.route in wanted)

    def peak(self, routes: Iterable[str] = ()) -> int:
        """The most requests of some routes (none: of all) in flight at once.

        Raises ValueError where there is no such route.
        """
        wanted = (routes,) if isinstance(routes, str) else tuple(routes)
        return peak(self.of(*wanted) if wanted else self.requests)

    def __repr__(self) -> str:
        parts = [
            f"{_count(len(self.requests), 'request')} over {_count(self.connections, 'connection')}",
            f"at most {self.peak_in_flight} in flight",
        ]
        parts += [f"{number} answered {status}" for status, number in self.statuses.items() if status != 200]
        parts += [f"{self.cancelled} cancelled"] if self.cancelled else []
        parts += [f"{self.still_in_flight} still in flight at the end"] if self.still_in_flight else []
        return ", ".join(parts)


def peak(requests: Iterable[Request]) -> int:
    """Count the most requests in flight at once; one that ends as another starts does not overlap it."""
    moments = sorted((time, step) for r in requests for time, step in ((r.started, 1), (r.ended, -1)))
    most = now = 0
    for _, step in moments:
        now += step
        most = max(most, now)
    return most


class TrafficWindow(Watched[Traffic]):
    """A window on the shop's traffic, for `with` and `async with`; it can be asked whatever Traffic can.

    Inside the block each question looks anew; after it, the answers stay. Windows may overlap. At its end
    the window waits up to 0.3 s for requests still in flight.
    """

    opens_with = "window"
    settle = SETTLE

    @staticmethod
    def read(report: dict[str, Any]) -> Traffic:
        """Make a Traffic of the server's report."""
        closed = report["closed"]
        requests = (_request(row, closed) for row in report["rows"])
        ordered = tuple(sorted(requests, key=lambda request: request.started))
        return Traffic(ordered, tuple(report["opened"]), report["began"], closed)


def _request(row: list[Any], closed: float) -> Request:
    *first, ended, status, connection, cancelled, handshake, latency = row
    finished = ended is not None
    route, method, path, started = first
    until = ended if finished else closed
    seen = (status, connection, cancelled, handshake, latency)
    return Request(route, method, path, started, until, *seen, finished)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"

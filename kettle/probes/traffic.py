"""What a server saw of a piece of code: requests, their overlap, their connections, the cancelled ones.

For any `kettle.shop.Shop`. Watch what happens:

    with watch(shop) as traffic:            # or: async with
        page(shop)
    traffic                                 # 3 requests over 3 connections, at most 3 in flight

Prove that calls overlap, by waiting for them instead of by luck:

    async with rendezvous(shop, routes=("profile", "orders")) as meeting:
        await page(shop)
    assert meeting.met

The server counts, so it makes no difference with which client, thread or process a request was sent.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from kettle.shop.meeting import PATIENCE, Meeting, RendezvousWindow
from kettle.shop.routes import named
from kettle.shop.traffic import Request, Traffic, TrafficWindow, peak

if TYPE_CHECKING:
    from kettle.shop import Shop

__all__ = [
    "Meeting",
    "Request",
    "Traffic",
    "by_connection",
    "in_flight",
    "peak",
    "rendezvous",
    "waited_for",
    "watch",
]


def watch(shop: "Shop") -> TrafficWindow:
    """Watch a shop's traffic in a `with` or `async with` block; the same as `shop.traffic()`.

    Windows may overlap. At its end a window waits up to 0.3 s for requests that are still in flight.
    """
    return shop.traffic()


def rendezvous(
    shop: "Shop", count: int | None = None, routes: Iterable[str] = (), *, patience: float = PATIENCE
) -> RendezvousWindow:
    """Hold a shop's calls in a block until they are in flight together; the same as `shop.rendezvous()`.

    count: calls of any of `routes` (none: of any route); without count: one of each of `routes`. patience:
    seconds without another needed call before all are let go.
    """
    return shop.rendezvous(count, routes, patience=patience)


def in_flight(requests: Iterable[Request]) -> list[tuple[float, int]]:
    """Give the number of requests in flight over time, as points (seconds, number) of a step curve.

    Seconds count from the first start; each number holds until the next point, the last one is 0. Requests
    that did not finish count until their window was read.
    """
    requests = list(requests)
    moments = sorted((time, step) for r in requests for time, step in ((r.started, 1), (r.ended, -1)))
    points, now = [], 0
    for moment, steps in groupby(moments, key=lambda moment: moment[0]):
        now += sum(step for _, step in steps)
        points.append((moment - moments[0][0], now))
    return points


def by_connection(requests: Iterable[Request]) -> dict[int, list[Request]]:
    """Sort requests by the number of the TCP connection that carried them, each in order of its start."""
    lanes: dict[int, list[Request]] = {}
    for request in sorted(requests, key=lambda request: request.started):
        lanes.setdefault(request.connection, []).append(request)
    return dict(sorted(lanes.items()))


def waited_for(traffic: Traffic, first: str, then: str) -> bool:
    """Tell whether no request of route `then` started before one of route `first` had been answered 200.

    Tells a call that depends on another from one that only happens to be sent later. Where nothing of route
    `then` was sent it is True. Raises ValueError where there is no such route.
    """
    first, then = named((first, then))
    answered = [request.ended for request in _of(traffic.requests, first) if request.status == 200]
    return all(answered and min(answered) <= request.started for request in _of(traffic.requests, then))


def _of(requests: Sequence[Request], route: str) -> list[Request]:
    return [request for request in requests if request.route == route]

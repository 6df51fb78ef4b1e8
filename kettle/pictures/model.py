"""What pictures are drawn from, beside the instruments' own records; times are seconds on one clock."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from kettle.pictures.palette import STATES


class Timed(Protocol):
    """What has a start and an end, in seconds."""

    @property
    def started(self) -> float:
        """When it started."""

    @property
    def ended(self) -> float:
        """When it ended."""


T = TypeVar("T", bound=Timed)


@dataclass(frozen=True)
class Bar:
    """One call: its label, when it started and ended (seconds), and its state, one of palette.STATES."""

    label: str
    started: float
    ended: float
    state: str = "running"
    detail: str = ""

    def __post_init__(self) -> None:
        if self.state not in STATES:
            raise ValueError(f"unknown state {self.state!r}, expected one of: {', '.join(STATES)}")

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.ended - self.started


@dataclass(frozen=True)
class Series:
    """One curve: points (x, y) in order; each value holds until the next point."""

    label: str
    points: Sequence[tuple[float, float]]


def from_traffic(traffic: Any) -> list[Bar]:
    """Turn what a server saw into bars, in the order of their start: its traffic, or the requests."""
    bars = [_request_bar(request) for request in getattr(traffic, "requests", traffic)]
    return in_order(bars)


def _request_bar(request: Any) -> Bar:
    state = "failed" if request.status is not None and request.status >= 400 else "running"
    detail = " ".join(str(part) for part in (request.method, request.path, request.status) if part)
    state = "cancelled" if request.cancelled else state
    return Bar(request.route, request.started, request.ended, state, detail)


def in_order(bars: Iterable[T]) -> list[T]:
    """Return bars in the order of their start."""
    return sorted(bars, key=lambda bar: bar.started)


def length(bars: Iterable[Timed]) -> float:
    """Return the seconds from the first start to the last end; 0 without bars."""
    bars = list(bars)
    return max((b.ended for b in bars), default=0.0) - min((b.started for b in bars), default=0.0)


def spans_of(bars: Iterable[Timed]) -> list[tuple[float, float]]:
    """Return when each of them started and ended."""
    return [(b.started, b.ended) for b in bars]


def in_flight(spans: Iterable[tuple[float, float]]) -> list[tuple[float, int]]:
    """Return (time, how many spans are open from then on); one that ends as another starts is over."""
    changes: dict[float, int] = {}
    for started, ended in spans:
        changes[started] = changes.get(started, 0) + 1
        changes[ended] = changes.get(ended, 0) - 1
    open_now, steps = 0, []
    for time in sorted(changes):
        open_now += changes[time]
        steps.append((time, open_now))
    return steps


def peak(spans: Iterable[tuple[float, float]]) -> int:
    """Return the largest number of spans open at one time; any span counts as one, however short."""
    spans = list(spans)
    return max([count for _, count in in_flight(spans)] + [1 if spans else 0])

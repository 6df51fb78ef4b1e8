"""What the pictures are drawn from: small records; anything with the same attributes serves.

Times are in seconds on one clock, whichever it is; an end of None means that it had not ended yet.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from kettle.pictures.palette import STATES


@dataclass(frozen=True)
class Bar:
    """One call: its label, when it started and ended (seconds), and its state, one of palette.STATES."""

    label: str
    started: float
    ended: float | None
    kind: str = "running"
    detail: str = ""


@dataclass(frozen=True)
class Segment:
    """A stretch of time in one state; `where` names the code, for a segment that holds the loop."""

    state: str
    started: float
    ended: float | None
    where: str = ""


@dataclass(frozen=True)
class Lane:
    """One task (or thread, or connection) and what it did."""

    name: str
    segments: Sequence[Segment]


@dataclass(frozen=True)
class Timeline:
    """What the event loop and its tasks did between `started` and `ended` (seconds)."""

    lanes: Sequence[Lane]
    loop: Sequence[Segment]
    started: float
    ended: float


@dataclass(frozen=True)
class Statement:
    """One SQL statement: a short label, its text, when it ran (seconds), and how many rows came back.

    `where` is the line of Python that sent it, where that is known.
    """

    label: str
    sql: str
    started: float
    ended: float | None
    rows: int | None = None
    where: str = ""


@dataclass(frozen=True)
class Series:
    """One curve: points (x, y) in order; `step` holds each value until the next point."""

    label: str
    points: Sequence[tuple[float, float]]
    step: bool = True


@dataclass(frozen=True)
class Ratio:
    """A ratio with its interval, from `low` to `high`; all above 0."""

    label: str
    ratio: float
    low: float
    high: float


def from_traffic(traffic: Any) -> list[Bar]:
    """Turn what a server saw into bars: anything with `.requests`, or the requests themselves."""
    return [_request_bar(request) for request in getattr(traffic, "requests", traffic)]


def _request_bar(request: Any) -> Bar:
    status = getattr(request, "status", None)
    path = str(getattr(request, "path", "") or getattr(request, "route", "request"))
    kind = "running"
    if getattr(request, "cancelled", False):
        kind = "cancelled"
    elif status is not None and status >= 400:
        kind = "failed"
    told = " ".join(str(part) for part in (getattr(request, "method", ""), path, status) if part)
    return Bar(str(getattr(request, "route", None) or path), request.started, request.ended, kind, told)


def closed_bars(bars: Iterable[Any]) -> list[Bar]:
    """Return bars in order of their start, each with an end, a known state and a label that is text."""
    bars = list(bars)
    known = [t for bar in bars for t in (bar.started, bar.ended) if t is not None]
    last = max(known, default=0.0)
    closed = [
        Bar(
            str(bar.label),
            bar.started,
            max(bar.started, last if bar.ended is None else bar.ended),
            _state(getattr(bar, "kind", "running")),
            str(getattr(bar, "detail", "")),
        )
        for bar in bars
    ]
    return sorted(closed, key=lambda bar: bar.started)


def closed_segments(segments: Iterable[Any], last: float) -> list[Segment]:
    """Return segments in order, each with an end and a known state."""
    closed = [
        Segment(
            _state(segment.state),
            segment.started,
            max(segment.started, last if segment.ended is None else segment.ended),
            str(getattr(segment, "where", "") or ""),
        )
        for segment in segments
    ]
    return sorted(closed, key=lambda segment: segment.started)


_ALSO = {
    "holding the loop": "blocked",
    "holding": "blocked",
    "ready": "waiting",
    "done": "running",
    "ok": "running",
}


def _state(state: object) -> str:
    name = str(getattr(state, "value", state))
    name = _ALSO.get(name, name)
    if name not in STATES:
        raise ValueError(f"unknown state {name!r}: a picture knows {', '.join(STATES)}")
    return name


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

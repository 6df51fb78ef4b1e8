"""Ratios on a logarithmic scale, each with its interval, and a line where nothing has changed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from kettle.pictures.figure import WIDTH, Picture, Table, entry, figure, new_ids
from kettle.pictures.marks import axis, label_room
from kettle.pictures.scale import Scale, log_ticks
from kettle.pictures.svg import Markup, tag, text, width
from kettle.pictures.units import times
from kettle.records import FASTER, SAME, SLOWER, TOO_NOISY, outcome

ROW = 26


@dataclass(frozen=True)
class Ratio:
    """A ratio with its interval, from `low` to `high`; all above 0."""

    label: str
    ratio: float
    low: float
    high: float

    @property
    def outcome(self) -> str:
        """Faster, slower, the same within a tenth, or too noisy to say: as `kettle.records` has them."""
        return outcome(self.low, self.high)


def ratio_bars(rows: Iterable[Any], *, title: str = "How many times as fast") -> Picture:
    """Draw ratios as bars from 1×, with their intervals.

    Args:
        rows: objects with .label, .ratio, .low and .high, all above 0; the interval runs from low to high.
        title: the caption.

    Raises:
        ValueError: a ratio or a bound is not above 0.
    """
    ratios = [Ratio(str(r.label), float(r.ratio), float(r.low), float(r.high)) for r in rows]
    if any(not min(r.ratio, r.low, r.high) > 0 for r in ratios):
        raise ValueError("a ratio on a logarithmic scale must be above 0")
    ids = new_ids()
    room = max((width(times(r.ratio)) for r in ratios), default=0) + 16
    low = min([r.low for r in ratios] + [0.8])
    high = max([r.high for r in ratios] + [2.5])
    scale = Scale(low, high, label_room(r.label for r in ratios), WIDTH - room, logarithmic=True)
    bottom = 6.0 + ROW * max(len(ratios), 1)
    drawn = [axis(scale, 2, bottom, [(t, _times_tick(t)) for t in log_ticks(low, high, 6)])]
    drawn += [_row(r, scale, 6 + i * ROW) for i, r in enumerate(ratios)]
    drawn.append(tag("line", x1=scale(1), x2=scale(1), y1=2, y2=bottom, class_="kp-rule"))
    legend = _legend() if any(r.outcome == TOO_NOISY for r in ratios) else ()
    says, data = _says(ratios), _table(ratios)
    return figure(ids, title, says, drawn, bottom + 24, point=_point(ratios), legend=legend, table=data)


def _times_tick(value: float) -> str:
    """Write a tick: no decimals that are not needed."""
    return f"{value:g}×" if value < 1000 else f"{value:,.0f}×"


def _row(r: Ratio, scale: Scale, y: float) -> Markup:
    middle, one, x = y + ROW / 2, scale(1), scale(r.ratio)
    low, high = scale(r.low), scale(r.high)
    left, wide = min(one, x), max(abs(x - one), 1.0)
    whisker = f"M{low:.1f},{middle:.1f}H{high:.1f}M{low:.1f},{middle - 4:.1f}v8M{high:.1f},{middle - 4:.1f}v8"
    shade = "kp-outline" if r.outcome == TOO_NOISY else "kp-running"
    return tag(
        "g",
        tag("title", f"{r.label}: {times(r.ratio)}, interval {times(r.low)} to {times(r.high)}"),
        tag("rect", x=left, y=middle - 6, width=wide, height=12, class_=shade),
        tag("path", d=whisker, class_="kp-halo"),
        tag("path", d=whisker, class_="kp-ink-line"),
        text(scale.left - 10, middle + 4.5, r.label, room=scale.left - 10, class_="kp-end"),
        text(max(high, one) + 8, middle + 4.5, times(r.ratio), class_="kp-muted"),
    )


def _legend() -> Sequence[Markup]:
    shape = {"x": 1, "y": 1, "width": 22, "height": 10}
    return [
        entry(tag("rect", **shape, class_="kp-running"), "decided"),
        entry(tag("rect", **shape, class_="kp-outline"), "too noisy to say"),
        entry(tag("path", d="M2,6H22M2,2v8M22,2v8", class_="kp-ink-line"), "interval"),
    ]


def _says(ratios: Sequence[Ratio]) -> str:
    if not ratios:
        return "Nothing was compared. There is nothing to see."
    best = max(ratios, key=lambda r: r.ratio)
    interval = f"with an interval from {times(best.low)} to {times(best.high)}"
    return f"{best.label}: {times(best.ratio)} as fast, {interval}."


def _point(ratios: Sequence[Ratio]) -> str:
    """Tell what is faster, slower, the same, or too noisy to say; or between which sizes it turns."""
    if turn := _turn(ratios):
        low, high = turn
        first, then = ("faster", "slower") if low.ratio > 1 else ("slower", "faster")
        return f"{first.title()} up to {low.label}, {then} from {high.label} on: between them it turns."
    words = {
        FASTER: "Faster",
        SLOWER: "Slower",
        SAME: "The same within a tenth",
        TOO_NOISY: "Too noisy to say, so far",
    }
    told = {word: [r for r in ratios if r.outcome == outcome] for outcome, word in words.items()}
    return " ".join(
        f"{word}: {', '.join(f'{r.label} ({times(r.ratio)})' for r in rows)}."
        for word, rows in told.items()
        if rows
    )


def _turn(ratios: Sequence[Ratio]) -> tuple[Ratio, Ratio] | None:
    """Return the ratios on both sides of the only turn, where the labels are growing sizes, as "n = 20"."""
    sure = [r for r in ratios if r.outcome in (FASTER, SLOWER)]
    turns = [(a, b) for a, b in pairwise(sure) if (a.ratio > 1) != (b.ratio > 1)]
    return turns[0] if len(turns) == 1 and all(r.label.startswith("n = ") for r in ratios) else None


def _table(ratios: Sequence[Ratio]) -> Table:
    rows = [[r.label, times(r.ratio), times(r.low), times(r.high)] for r in ratios]
    return Table(["Item", "Ratio", "Low", "High"], rows)

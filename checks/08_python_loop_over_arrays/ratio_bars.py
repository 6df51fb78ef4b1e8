"""Ratios on a logarithmic scale, each with its interval, and a line where nothing has changed."""

from collections.abc import Iterable, Sequence
from typing import Any

from kettle.pictures.figure import WIDTH, Picture, Table, entry, figure, new_ids
from kettle.pictures.marks import axis, label_room
from kettle.pictures.model import Ratio
from kettle.pictures.points import listed, of_ratios
from kettle.pictures.scale import Scale, log_ticks
from kettle.pictures.svg import Markup, tag, text, width
from kettle.pictures.units import times
from kettle.records import SAME, TOO_NOISY

ROW = 26


def ratio_bars(
    rows: Iterable[Any],
    *,
    title: str = "How many times as fast",
    meaning: str = "as fast",
    point: str = "",
) -> Picture:
    """Draw ratios as bars from 1×, with their intervals.

    Args:
        rows: objects with .label, .ratio, .low and .high, all above 0; the interval runs from low to high.
        title: the caption.
        meaning: what a ratio says, after "3.1 times": "as fast", "as much memory".
        point: what the picture is there to show, in a sentence; where left out, the picture's own words.

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
    drawn = [axis(scale, 2, bottom, [(t, times_tick(t)) for t in log_ticks(low, high, 6)])]
    drawn += [_row(r, scale, 6 + i * ROW) for i, r in enumerate(ratios)]
    drawn.append(tag("line", x1=scale(1), x2=scale(1), y1=2, y2=bottom, class_="kp-rule"))
    legend = _legend() if any(r.outcome == TOO_NOISY for r in ratios) else ()
    point = point or of_ratios(ratios, meaning)
    says, data = _says(ratios, meaning), _table(ratios)
    return figure(ids, title, says, drawn, bottom + 24, point=point, legend=legend, table=data)


def times_tick(value: float) -> str:
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


def _says(ratios: Sequence[Ratio], meaning: str) -> str:
    if not ratios:
        return "Nothing was compared. There is nothing to see."
    best = max(ratios, key=lambda r: r.ratio)
    interval = f"with an interval from {times(best.low)} to {times(best.high)}"
    first = f"{best.label}: {times(best.ratio)} {meaning}, {interval}."
    rest = [
        f"{word}: {listed([r.label for r in rows])}"
        for outcome, word in ((SAME, "The same within a tenth"), (TOO_NOISY, "Too noisy to say"))
        if (rows := [r for r in ratios if r.outcome == outcome])
    ]
    if rest:
        return f"{first} {'. '.join(rest)}."
    if len(ratios) == 1:
        return f"{first} That is more than noise."
    least = min(ratios, key=lambda r: r.ratio)
    return f"{first} The smallest is {least.label}, {times(least.ratio)}. All are more than noise."


def _table(ratios: Sequence[Ratio]) -> Table:
    rows = [[r.label, times(r.ratio), times(r.low), times(r.high)] for r in ratios]
    return Table(["Item", "Ratio", "Low", "High"], rows)

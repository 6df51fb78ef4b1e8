"""The waterfall: one row a call, so that what waits for what can be seen; many calls become strips of density."""

from collections.abc import Iterable, Sequence
from typing import Any

from kettle.pictures.density import strips, strips_height
from kettle.pictures.figure import WIDTH, Picture, Table, figure, new_ids
from kettle.pictures.marks import bar, present, time_axis, unit_for
from kettle.pictures.model import Bar, closed_bars, peak
from kettle.pictures.palette import WORDS
from kettle.pictures.scale import Scale
from kettle.pictures.svg import Markup, join, tag, text, width
from kettle.pictures.units import plural, seconds, spelled

MOST_BARS = 60  # more are folded into strips
CAPTION, AXIS, GAP = 22, 24, 14  # heights, in the drawing's units


def waterfall(
    bars: Iterable[Any],
    *,
    title: str = "Calls over time",
    unit: str | None = None,
    before: Iterable[Any] | None = None,
    noun: str = "call",
) -> Picture:
    """Draw calls over time, one row each, in the order in which they started.

    Args:
        bars: objects with .label, .started, .ended (seconds on one clock) and .kind (one of palette.STATES).
        title: the caption.
        unit: of the axis, "s" or "ms"; chosen by the length if left out.
        before: the same of an earlier version, drawn above on the same scale.
        noun: what one bar is, for the sentences.
    """
    panels = {"after" if before is not None else "": closed_bars(bars)}
    if before is not None:
        panels = {"before": closed_bars(before), **panels}
    ids = new_ids()
    total = max(length(panel) for panel in panels.values())
    left = _label_room(panels.values())
    scale = Scale(0, total or 1, left, WIDTH - 66)
    drawing, y = [], 4.0
    tops = []
    for name, panel in panels.items():
        if name:
            drawing.append(panel_caption(y, name, _in_short(panel)))
            y += CAPTION
        tops.append(y)
        drawing.append(_panel(ids, panel, scale, y))
        y += _panel_height(panel) + GAP
    bottom = y - GAP + 4
    grid = time_axis(scale, tops[0] - 2, bottom, unit or unit_for(total))
    return figure(
        ids,
        title,
        _says(panels, noun),
        [grid, *drawing],
        bottom + AXIS,
        states=present([b.kind for panel in panels.values() for b in panel]),
        table=_table(panels, noun),
    )


def length(bars: Sequence[Bar]) -> float:
    """Return the seconds from the first start to the last end."""
    return max((b.ended for b in bars), default=0.0) - min((b.started for b in bars), default=0.0)


def panel_caption(y: float, name: str, rest: str) -> Markup:
    """Return the heading of one of several panels: its name, then what can be said in a few words."""
    return join(
        [
            text(0, y + 13, name, class_="kp-strong"),
            text(width(name) + 12, y + 13, rest, class_="kp-muted", room=WIDTH - width(name) - 20),
        ]
    )


def _in_short(bars: Sequence[Bar]) -> str:
    return f"{seconds(length(bars))}, at most {_peak(bars)} in flight"


def _peak(bars: Sequence[Bar]) -> int:
    return peak((b.started, b.ended) for b in bars)


def _label_room(panels: Iterable[Sequence[Bar]]) -> float:
    widest = max((width(b.label) for panel in panels for b in panel), default=0.0)
    return min(max(widest, 40), 190) + 10


def _row(bars: Sequence[Bar]) -> int:
    return 20 if len(bars) <= 24 else 16


def _panel_height(bars: Sequence[Bar]) -> float:
    return strips_height(bars) if len(bars) > MOST_BARS else _row(bars) * max(len(bars), 1)


def _panel(ids: str, bars: Sequence[Bar], scale: Scale, top: float) -> Markup:
    if len(bars) > MOST_BARS:
        return strips(ids, bars, scale, top)
    row = _row(bars)
    start = min((b.started for b in bars), default=0.0)
    return join(_bar_row(ids, b, start, scale, top + i * row, row) for i, b in enumerate(bars))


def _bar_row(ids: str, b: Bar, start: float, scale: Scale, y: float, row: int) -> Markup:
    x0, x1 = scale(b.started - start), scale(b.ended - start)
    took = seconds(b.ended - b.started)
    state = "" if b.kind == "running" else f", {WORDS[b.kind]}"
    tooltip = f"{b.detail or b.label}: {took}, from {seconds(b.started - start)}{state}"
    middle = y + row / 2
    return join(
        [
            text(scale.left - 10, middle + 4.5, b.label, room=scale.left - 10, class_="kp-end"),
            tag("line", x1=scale.left, x2=x0, y1=middle, y2=middle, class_="kp-grid")
            if x0 > scale.left
            else None,
            bar(ids, b.kind, x0, y + 3, x1 - x0, row - 6, tooltip),
            text(max(x1, x0 + 1) + 6, middle + 4.5, took, class_="kp-muted"),
        ]
    )


def _says(panels: dict[str, Sequence[Bar]], noun: str) -> str:
    if len(panels) == 1:
        (bars,) = panels.values()
        if not bars:
            return f"No {noun}s were made. There is nothing to see."
        return f"{_first_sentence(bars, noun)} {_second_sentence(bars, noun)}"
    return " ".join(
        f"{name.capitalize()}: {_lower(_first_sentence(bars, noun))}" for name, bars in panels.items()
    )


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def _first_sentence(bars: Sequence[Bar], noun: str) -> str:
    if not bars:
        return f"No {noun}s."
    high = _peak(bars)
    how = ""
    if len(bars) > 1:
        how = " one after another" if high == 1 else " all together" if high == len(bars) else ""
    troubles = [
        f"{sum(b.kind == kind for b in bars):,} {words}"
        for kind, words in (("failed", "failed"), ("cancelled", "cancelled"), ("blocked", "held the loop"))
        if any(b.kind == kind for b in bars)
    ]
    parts = [f"at most {high:,} in flight", *troubles, f"{seconds(length(bars))} in all"]
    return f"{spelled(len(bars), noun)}{how}: {'; '.join(parts)}."


def _second_sentence(bars: Sequence[Bar], noun: str) -> str:
    spent: dict[str, float] = {}
    for b in bars:
        spent[b.label] = spent.get(b.label, 0.0) + b.ended - b.started
    label, most = max(spent.items(), key=lambda item: item[1])
    if len(spent) > 1 and most < sum(spent.values()) and len(spent) < len(bars):
        share = "Most" if most > sum(spent.values()) / 2 else "The largest part"
        return f"{share} of the time goes to {label} ({seconds(most)})."
    longest = max(bars, key=lambda b: b.ended - b.started)
    return f"The longest is {longest.label} ({seconds(longest.ended - longest.started)})."


def _table(panels: dict[str, Sequence[Bar]], noun: str) -> Table:
    rows = []
    for name, bars in panels.items():
        start = min((b.started for b in bars), default=0.0)
        for b in bars:
            cells = [
                b.label,
                seconds(b.started - start),
                seconds(b.ended - start),
                seconds(b.ended - b.started),
            ]
            rows.append(([name] if name else []) + cells + [WORDS[b.kind]])
    version = ["Version"] if len(panels) > 1 else []
    return Table([*version, noun.capitalize(), "Starts", "Ends", "Took", "State"], rows)


def count(bars: Sequence[Bar], noun: str) -> str:
    """Return how many bars there are, in words."""
    return plural(len(bars), noun)

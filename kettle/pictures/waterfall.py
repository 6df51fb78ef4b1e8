"""The waterfall: one row a call, so that it can be seen what waits for what; many become strips."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from kettle.pictures.density import spans_of, strip_labels, strips, strips_height
from kettle.pictures.figure import WIDTH, Picture, Table, figure, new_ids
from kettle.pictures.marks import bar, present, time_axis, unit_for
from kettle.pictures.model import Bar, closed_bars, peak
from kettle.pictures.palette import WORDS
from kettle.pictures.points import of_calls
from kettle.pictures.scale import Scale
from kettle.pictures.svg import Markup, join, tag, text, width
from kettle.pictures.units import seconds, spelled

MOST_BARS = 60  # more are folded into strips
CAPTION, AXIS, GAP = 22, 24, 14  # heights, in the drawing's units
RIGHT, STRIP_RIGHT = WIDTH - 66, WIDTH - 92  # where time ends; a length, or a peak, is written after it

Panels = dict[str, list[Bar]]


def waterfall(
    bars: Iterable[Any],
    *,
    title: str = "Calls over time",
    unit: str | None = None,
    before: Iterable[Any] | None = None,
    noun: str = "call",
    point: str = "",
) -> Picture:
    """Draw calls over time, one row each, in the order in which they started.

    Args:
        bars: objects with .label, .started, .ended (seconds on one clock) and .kind (one of palette.STATES).
        title: the caption.
        unit: of the axis, "s" or "ms"; chosen by the length if left out.
        before: the same of an earlier version, drawn above on the same scale.
        noun: what one bar is, for the sentences.
        point: what the picture is there to show, in a sentence; where left out, the picture's own words.

    Raises:
        ValueError: a bar is in a state that the palette does not know.
    """
    panels: Panels = {"after" if before is not None else "": closed_bars(bars)}
    if before is not None:
        panels = {"before": closed_bars(before), **panels}
    total = max(length(panel) for panel in panels.values())
    left = label_room(label for panel in panels.values() for label in labels(panel))
    scale = Scale(0, total or 1, left, _right(panels))
    ids = new_ids()
    drawing, bottom = _stack(ids, panels, scale)
    return figure(
        ids,
        title,
        _says(panels, noun),
        [time_axis(scale, 4 if len(panels) == 1 else 4 + CAPTION, bottom, unit or unit_for(total)), *drawing],
        bottom + AXIS,
        point=point or of_calls(panels, noun),
        states=present([b.kind for panel in panels.values() for b in panel]),
        table=_table(panels, noun),
    )


def _stack(ids: str, panels: Panels, scale: Scale) -> tuple[list[Markup], float]:
    drawing, y = [], 4.0
    for name, panel in panels.items():
        if name:
            drawing.append(panel_caption(y, name, _in_short(panel)))
            y += CAPTION
        drawing.append(rows(ids, panel, start_of(panel), scale, y))
        y += rows_height(panel) + GAP
    return drawing, y - GAP + 4


def _right(panels: Panels) -> float:
    return STRIP_RIGHT if any(len(panel) > MOST_BARS for panel in panels.values()) else RIGHT


def start_of(bars: Sequence[Bar]) -> float:
    """Return the first start, in seconds on the bars' clock."""
    return min((b.started for b in bars), default=0.0)


def length(bars: Sequence[Bar]) -> float:
    """Return the seconds from the first start to the last end."""
    return max((b.ended for b in bars), default=0.0) - start_of(bars)


def panel_caption(y: float, name: str, rest: str) -> Markup:
    """Return the heading of one of several panels: its name, then what can be said in a few words."""
    strong = tag("tspan", name, class_="kp-strong")
    return tag("text", strong, tag("tspan", rest, dx=8, class_="kp-muted"), x=0, y=y + 13.0)


def stacked(
    groups: Mapping[str, Any], words: Callable[[Any], str], draw: Callable[[Any, float], tuple[Markup, float]]
) -> tuple[list[Markup], float]:
    """Draw groups one below the other, each under its heading; return the drawing, and how far down it goes.

    Args:
        groups: by name.
        words: what can be said of one in a few words.
        draw: given one, and where it begins, returns its drawing, and where that ends.
    """
    drawing, y = [], 4.0
    for name, group in groups.items():
        y += 8 if drawing else 0
        drawing.append(panel_caption(y, name, words(group)))
        drawn, y = draw(group, y + CAPTION)
        drawing.append(drawn)
    return drawing, y


def _in_short(bars: Sequence[Bar]) -> str:
    return f"{seconds(length(bars))}, at most {peak(spans_of(bars)):,} in flight"


def labels(bars: Sequence[Bar]) -> list[str]:
    """Return the labels that rows() will write."""
    return strip_labels(bars) if len(bars) > MOST_BARS else [b.label for b in bars]


def label_room(words: Iterable[str]) -> float:
    """Return the width of the column of labels, its margin included."""
    return min(max((width(label) for label in words), default=0.0) + 10, 190)


def _row(bars: Sequence[Bar]) -> int:
    return 20 if len(bars) <= 24 else 17


def rows_height(bars: Sequence[Bar]) -> float:
    """Return how high rows() will be."""
    return strips_height(bars) if len(bars) > MOST_BARS else _row(bars) * max(len(bars), 1)


def rows(ids: str, bars: Sequence[Bar], start: float, scale: Scale, top: float) -> Markup:
    """Draw bars, a row each, or as strips if they are many; times count from `start` (seconds)."""
    if len(bars) > MOST_BARS:
        return strips(bars, start, scale, top)
    row = _row(bars)
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
            tag("line", x1=scale.left, x2=x0, y1=middle, y2=middle, class_="kp-grid"),
            bar(ids, b.kind, x0, y + 3, x1 - x0, row - 6, tooltip),
            text(max(x1, x0 + 1) + 6, middle + 4.5, took, class_="kp-muted"),
        ]
    )


def _says(panels: Panels, noun: str) -> str:
    if len(panels) == 1:
        (bars,) = panels.values()
        if not bars:
            return f"No {noun}s were made. There is nothing to see."
        return f"{_first_sentence(bars, noun)} {_second_sentence(bars, noun)}"
    told = {name: _first_sentence(bars, noun) for name, bars in panels.items()}
    return " ".join(f"{name.capitalize()}: {_lower(sentence)}" for name, sentence in told.items())


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def _first_sentence(bars: Sequence[Bar], noun: str) -> str:
    if not bars:
        return f"No {noun}s."
    high = peak(spans_of(bars))
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


def _table(panels: Panels, noun: str) -> Table:
    rows = []
    for name, bars in panels.items():
        start = start_of(bars)
        for b in bars:
            times = (b.started - start, b.ended - start, b.ended - b.started)
            cells = [b.label, *map(seconds, times)]
            rows.append(([name] if name else []) + cells + [WORDS[b.kind]])
    version = ["Version"] if len(panels) > 1 else []
    return Table([*version, noun.capitalize(), "Starts", "Ends", "Took", "State"], rows)

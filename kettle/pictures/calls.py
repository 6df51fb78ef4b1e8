"""Calls over time: a row each; of more than sixty, curves of how many are in flight."""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from kettle.pictures.figure import WIDTH
from kettle.pictures.lanes import RIGHT, Drawn, Piece, Row, draw_rows
from kettle.pictures.marks import present, row_label
from kettle.pictures.model import Bar, in_flight, peak, spans_of
from kettle.pictures.palette import WORDS
from kettle.pictures.scale import Scale
from kettle.pictures.svg import Markup, join, tag, text
from kettle.pictures.units import plural, seconds

MOST_ROWS = 60
MOST_STRIPS = 8
ALL, ROW = 76, 30  # heights of the strip for all calls and of those for each kind
STRIP_RIGHT = WIDTH - 92  # where time ends beside a strip, since its peak is written after it

Spans = Sequence[tuple[float, float]]


def right_of(*panels: Sequence[Bar]) -> float:
    """Return where time ends."""
    return STRIP_RIGHT if any(len(bars) > MOST_ROWS for bars in panels) else RIGHT


def labels(bars: Sequence[Bar]) -> list[str]:
    """Return the labels that draw() will write."""
    if len(bars) > MOST_ROWS:
        return [label for label, _, _ in _strips(bars)]
    return [b.label for b in bars]


def draw(ids: str, bars: Sequence[Bar], start: float, scale: Scale, y: float) -> Drawn:
    """Draw bars, a row each, or as strips if they are many; times count from `start` (seconds)."""
    if len(bars) <= MOST_ROWS:
        height = 20 if len(bars) <= 24 else 17
        drawn, bottom = draw_rows(ids, [_row(b, start) for b in bars], height, scale, y)
        return drawn, max(bottom, y + height)
    strips: list[Markup] = []
    for label, state, some in _strips(bars):
        height = ROW if strips else ALL
        strips.append(strip(spans_of(some), label, state, start, scale, y, height, "call"))
        y += height
    return join(strips), y


def _row(b: Bar, start: float) -> Row:
    state = "" if b.state == "running" else f", {WORDS[b.state]}"
    told = f"{b.detail or b.label}: {seconds(b.seconds)}, starts at {seconds(b.started - start)}{state}"
    piece = Piece(b.state, b.started - start, b.ended - start, told)
    return Row(b.label, [piece], note=seconds(b.seconds), rail=piece.began)


def _strips(bars: Sequence[Bar]) -> list[tuple[str, str, Sequence[Bar]]]:
    """Return label, state and bars of each strip: of all, of each kind of call, of those that went wrong."""
    kinds = [(label, "running", some) for label, some in _by_label(bars).items()]
    wrong = present(b.state for b in bars if b.state != "running")
    troubles = [(words, state, [b for b in bars if b.state == state]) for state, words in wrong.items()]
    return [(f"all {len(bars):,}", "running", bars), *kinds, *troubles]


def _by_label(bars: Sequence[Bar]) -> dict[str, list[Bar]]:
    """Group bars by label, digits aside, the largest first; what does not fit is gathered under "other"."""
    found: dict[str, list[Bar]] = {}
    for b in bars:
        found.setdefault(re.sub(r"\d+", "#", b.label), []).append(b)
    if len(found) == 1:
        return {}
    order = sorted(found, key=lambda label: -len(found[label]))
    kept = order[: MOST_STRIPS - 1 if len(order) > MOST_STRIPS else None]
    other = [b for label in order[len(kept) :] for b in found[label]]
    return {label: found[label] for label in kept} | ({"other": other} if other else {})


def strip(
    spans: Spans, label: str, state: str, start: float, scale: Scale, top: float, height: float, noun: str
) -> Markup:
    """Draw one strip: how many spans are open, up to their own peak; times count from `start` (seconds)."""
    base, room, high = top + height - 6, height - 12, peak(spans)
    middle = base - room / 2
    path = _step_path(_columns(spans, start, scale), scale.left, base, room, high)
    return tag(
        "g",
        tag("title", f"{label}: {plural(len(spans), noun)}, at most {high:,} at once"),
        tag("path", d=path, class_=f"kp-{state}"),
        tag("line", x1=scale.left, x2=scale.right, y1=base, y2=base, class_="kp-axis"),
        row_label(scale, middle, label),
        text(scale.right + 8, middle + 4.5, f"peak {high:,}", class_="kp-muted"),
    )


def _columns(spans: Iterable[tuple[float, float]], start: float, scale: Scale) -> list[int]:
    """Return, for each unit of the picture's width, the largest number of spans open in it."""
    most = max(1, round(scale.right - scale.left))
    found = [0] * (most + 1)
    for (time, count), (until, _) in pairwise(in_flight(spans)):
        if not count:
            continue
        first = int(scale(time - start) - scale.left)
        last = max(first, int(scale(until - start) - scale.left - 1e-6))
        for column in range(first, min(last, most) + 1):
            found[column] = max(found[column], count)
    return found


def _step_path(values: Sequence[float], left: float, base: float, height: float, high: float) -> str:
    """Return the path of a filled step curve, one value for each unit of width, on a scale from 0 to high."""
    path, shown = [f"M{left:.0f} {base:.1f}"], None
    for i, value in enumerate(values):
        if value != shown:
            # What is there at all is at least three quarters of a unit high.
            y = base - (max(value / high * height, 0.75) if value else 0)
            path.append(f"H{left + i:.0f}V{y:.1f}")
            shown = value
    return "".join([*path, f"H{left + len(values) - 1:.0f}V{base:.1f}Z"])

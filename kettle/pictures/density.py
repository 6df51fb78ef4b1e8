"""Strips of density: calls too many for a row each show as a curve of how many are in flight."""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from kettle.pictures.marks import present
from kettle.pictures.model import Bar, in_flight, peak
from kettle.pictures.palette import WORDS
from kettle.pictures.scale import Scale
from kettle.pictures.svg import Markup, join, tag, text
from kettle.pictures.units import plural

ALL, ROW = 76, 30  # heights of the strip for all calls and of those for each kind
MOST_STRIPS = 8

Spans = Sequence[tuple[float, float]]


def columns(spans: Iterable[tuple[float, float]], start: float, scale: Scale) -> list[int]:
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


def step_path(values: Sequence[float], left: float, base: float, height: float, high: float) -> str:
    """Return the path of a filled step curve, one value for each unit of width, on a scale from 0 to high."""
    path, shown = [f"M{left:.0f} {base:.1f}"], None
    for i, value in enumerate(values):
        if value != shown:
            # What is there at all is at least three quarters of a unit high.
            y = base - (max(value / high * height, 0.75) if value else 0)
            path.append(f"H{left + i:.0f}V{y:.1f}")
            shown = value
    return "".join([*path, f"H{left + len(values) - 1:.0f}V{base:.1f}Z"])


def strip(
    spans: Spans, label: str, state: str, start: float, scale: Scale, top: float, height: float, noun: str
) -> Markup:
    """Draw one strip: how many spans are open, up to their own peak; times count from `start` (seconds)."""
    base, room, high = top + height - 6, height - 12, peak(spans)
    path = step_path(columns(spans, start, scale), scale.left, base, room, high)
    return tag(
        "g",
        tag("title", f"{label}: {plural(len(spans), noun)}, at most {high:,} at one time"),
        tag("path", d=path, class_=f"kp-{state}"),
        tag("line", x1=scale.left, x2=scale.right, y1=base, y2=base, class_="kp-axis"),
        text(scale.left - 10, base - room / 2 + 4.5, label, room=scale.left - 10, class_="kp-end"),
        text(scale.right + 8, base - room / 2 + 4.5, f"peak {high:,}", class_="kp-muted"),
    )


def strips_height(bars: Sequence[Bar]) -> float:
    """Return how high strips() will be."""
    return ALL + ROW * (len(groups(bars)) + len(_troubles(bars)))


def strips(bars: Sequence[Bar], start: float, scale: Scale, top: float) -> Markup:
    """Draw how many calls are in flight: all, then each kind, then those that went wrong."""
    drawn = [strip(spans_of(bars), f"all {len(bars):,}", "running", start, scale, top, ALL, "call")]
    rows = [(label, "running", group) for label, group in groups(bars).items()]
    rows += [(WORDS[kind], kind, [b for b in bars if b.kind == kind]) for kind in _troubles(bars)]
    for i, (label, state, group) in enumerate(rows):
        y = top + ALL + i * ROW
        drawn.append(strip(spans_of(group), label, state, start, scale, y, ROW, "call"))
    return join(drawn)


def spans_of(bars: Iterable[Bar]) -> list[tuple[float, float]]:
    """Return when each of them started and ended."""
    return [(b.started, b.ended) for b in bars]


def groups(bars: Sequence[Bar]) -> dict[str, list[Bar]]:
    """Group bars by label, digits aside, the largest first; what does not fit is gathered under "other"."""
    found: dict[str, list[Bar]] = {}
    for b in bars:
        found.setdefault(re.sub(r"\d+", "#", b.label), []).append(b)
    if len(found) == 1:
        return {}
    order = sorted(found, key=lambda label: -len(found[label]))
    kept = {label: found[label] for label in order[: MOST_STRIPS - 1 if len(order) > MOST_STRIPS else None]}
    other = [b for label in order if label not in kept for b in found[label]]
    return {**kept, **({"other": other} if other else {})}


def strip_labels(bars: Sequence[Bar]) -> list[str]:
    """Return the labels that strips() will write."""
    return [f"all {len(bars):,}", *groups(bars), *(WORDS[kind] for kind in _troubles(bars))]


def _troubles(bars: Sequence[Bar]) -> list[str]:
    return [kind for kind in present([b.kind for b in bars]) if kind != "running"]

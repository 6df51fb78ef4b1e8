"""Strips of density: when calls are too many for a row each, how many are in flight shows as a filled step curve."""

import re
from collections.abc import Iterable, Sequence

from kettle.pictures.marks import present
from kettle.pictures.model import Bar, in_flight, peak
from kettle.pictures.palette import WORDS
from kettle.pictures.scale import Scale
from kettle.pictures.svg import Markup, join, tag, text
from kettle.pictures.units import plural

ALL, ROW = 76, 30  # heights of the strip for all calls and of those for each kind
MOST_STRIPS = 8


def columns(spans: Iterable[tuple[float, float]], start: float, scale: Scale) -> list[int]:
    """Return, for each unit of the picture's width, the largest number of spans open in it."""
    most = max(1, round(scale.right - scale.left))
    found = [0] * (most + 1)
    steps = in_flight(spans)
    for (time, count), (until, _) in zip(
        steps, [*steps[1:], (steps[-1][0], 0)] if steps else [], strict=True
    ):
        if not count:
            continue
        first = int(scale(time - start) - scale.left)
        last = max(first, int(scale(until - start) - scale.left - 1e-6))
        for column in range(first, min(last, most) + 1):
            found[column] = max(found[column], count)
    return found


def step_path(values: Sequence[float], scale: Scale, base: float, height: float, high: float) -> str:
    """Return the path of a filled step curve, one value for each unit of width, on a scale from 0 to high."""
    path, shown = [f"M{scale.left:.0f} {base:.1f}"], None
    for i, value in enumerate(values):
        if value != shown:
            # What is there at all is at least half a unit high.
            y = base - (max(value / high * height, 0.75) if value else 0)
            path.append(f"H{scale.left + i:.0f}V{y:.1f}")
            shown = value
    return "".join([*path, f"H{scale.left + len(values) - 1:.0f}V{base:.1f}Z"])


def strips_height(bars: Sequence[Bar]) -> float:
    """Return how high strips() will be."""
    return ALL + ROW * (len(groups(bars)) + len(_troubles(bars)))


def strips(ids: str, bars: Sequence[Bar], scale: Scale, top: float) -> Markup:
    """Draw how many calls are in flight: all, then each kind on the same scale, then those that went wrong."""
    start = min(b.started for b in bars)
    drawn = [_strip(bars, f"all {len(bars):,}", "running", start, scale, top, ALL, _peak(bars))]
    y = top + ALL
    for label, group in groups(bars).items():
        drawn.append(_strip(group, label, "running", start, scale, y, ROW, _peak(group)))
        y += ROW
    for kind in _troubles(bars):
        group = [b for b in bars if b.kind == kind]
        drawn.append(_strip(group, WORDS[kind], kind, start, scale, y, ROW, _peak(group)))
        y += ROW
    return join(drawn)


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


def _troubles(bars: Sequence[Bar]) -> list[str]:
    return [kind for kind in present([b.kind for b in bars]) if kind != "running"]


def _peak(bars: Sequence[Bar]) -> int:
    return peak((b.started, b.ended) for b in bars)


def _strip(
    bars: Sequence[Bar],
    label: str,
    state: str,
    start: float,
    scale: Scale,
    top: float,
    height: float,
    high: int,
) -> Markup:
    base, room = top + height - 6, height - 12
    values = columns(((b.started, b.ended) for b in bars), start, scale)
    tooltip = f"{label}: {plural(len(bars), 'call')}, at most {high:,} in flight"
    middle = top + height / 2 + 4.5
    return tag(
        "g",
        tag("title", tooltip),
        tag("path", d=step_path(values, scale, base, room, high), class_=f"kp-{state}"),
        tag("line", x1=scale.left, x2=scale.right, y1=base, y2=base, class_="kp-axis"),
        text(scale.left - 10, middle, label, room=scale.left - 10, class_="kp-end"),
        text(scale.right + 8, base - room + 9, f"peak {high:,}", class_="kp-muted"),
    )

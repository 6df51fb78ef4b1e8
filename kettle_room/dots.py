"""The predictions of a class as a picture: a dot for each, on a logarithmic axis where they lie far apart."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Sequence

from kettle.panels.style import Said
from kettle.pictures.scale import Scale, log_ticks, ticks
from kettle.pictures.svg import Markup, tag, text
from kettle.pictures.units import in_unit, plural

WIDTH, HEIGHT = 960, 400
LEFT, RIGHT, FLOOR, TOP = 70.0, 910.0, 330.0, 70.0
COLUMNS = 40
RADIUS = 9.0
FAR_APART = 8.0  # largest to smallest, from where the axis is logarithmic


def predictions(numbers: Sequence[float], unit: str, fact: float | None = None) -> Said:
    """Draw predictions, and the fact where it is given; nobody's name.

    Args:
        numbers: what was predicted, 0 or more, in `unit`.
        unit: such as "s"; may be empty.
        fact: what is true, in the same unit.
    """
    shown = [*numbers, *([] if fact is None else [fact])]
    if not shown:
        return Said("", "Nobody has predicted yet.")
    axis = _axis(shown)
    parts = [*_ticks(axis, unit), *_columns(numbers, axis)]
    if fact is not None:
        parts += _fact(axis(fact), in_unit(fact, unit))
    words = _words(numbers, unit, fact)
    drawing = tag(
        "svg",
        *parts,
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        class_="dots",
        role="img",
        aria_label=words,
    )
    return Said(str(drawing), words)


def _axis(shown: Sequence[float]) -> Scale:
    above = [each for each in shown if each > 0]
    low, high = (min(above), max(above)) if above else (1.0, 1.0)
    if high / low > FAR_APART:
        return Scale(low / 1.3, high * 1.3, LEFT, RIGHT, logarithmic=True)
    return Scale(0.0, high * 1.15, LEFT, RIGHT)


def _ticks(axis: Scale, unit: str) -> list[Markup]:
    marks = log_ticks(axis.low, axis.high) if axis.logarithmic else ticks(axis.high)
    parts = [tag("line", x1=LEFT - 20, x2=RIGHT + 20, y1=FLOOR, y2=FLOOR, class_="dots-axis")]
    for each in marks:
        x = axis(each)
        parts.append(tag("line", x1=x, x2=x, y1=FLOOR, y2=FLOOR + 8, class_="dots-axis"))
        parts.append(text(x, FLOOR + 34, in_unit(each, unit), class_="dots-tick"))
    return parts


def _columns(numbers: Sequence[float], axis: Scale) -> list[Markup]:
    """Stack a dot for each number; where a stack would be too high, dots are drawn flatter, as bars are."""
    step = (RIGHT - LEFT) / COLUMNS
    columns = Counter(round((axis(each) - LEFT) / step) for each in numbers)
    highest = max(columns.values(), default=0)
    rise = min(2 * RADIUS + 2, (FLOOR - TOP - 30) / max(highest, 1))
    parts = []
    for column, count in sorted(columns.items()):
        x = LEFT + column * step
        if rise < RADIUS:  # as many as this are a bar
            top = FLOOR - count * rise
            parts.append(
                tag("rect", x=x - RADIUS, y=top, width=2 * RADIUS, height=FLOOR - top, class_="dots-dot")
            )
        else:
            parts += [
                tag("circle", cx=x, cy=FLOOR - RADIUS - 2 - place * rise, r=RADIUS, class_="dots-dot")
                for place in range(count)
            ]
        if count > 5:
            parts.append(text(x, FLOOR - count * rise - 12, str(count), class_="dots-tick"))
    return parts


def _fact(x: float, words: str) -> list[Markup]:
    anchor = "start" if x < WIDTH / 4 else "end" if x > 3 * WIDTH / 4 else "middle"
    return [
        tag("line", x1=x, x2=x, y1=TOP - 20, y2=FLOOR, class_="dots-fact"),
        tag("text", f"the fact: {words}", x=x, y=TOP - 32, class_=f"dots-fact-words dots-{anchor}"),
    ]


def _words(numbers: Sequence[float], unit: str, fact: float | None) -> str:
    if not numbers:
        return f"Nobody has predicted yet. The fact: {in_unit(fact or 0.0, unit)}."
    low, middle, high = min(numbers), statistics.median(numbers), max(numbers)
    told = f"{plural(len(numbers), 'prediction')}, from {in_unit(low, unit)} to {in_unit(high, unit)}; "
    told += f"half are at or below {in_unit(middle, unit)}."
    if fact is None:
        return told
    near = sum(_near(each, fact) for each in numbers)
    return f"{told} The fact: {in_unit(fact, unit)}. Within a quarter of it: {near} of {len(numbers)}."


def _near(number: float, fact: float) -> bool:
    return math.isclose(number, fact, rel_tol=0.25, abs_tol=0.0) or number == fact

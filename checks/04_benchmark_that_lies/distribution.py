"""Distributions: how many calls took how long, with the numbers that a report gives of them marked."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping

from kettle.pictures.figure import WIDTH, Picture, Table, figure, new_ids
from kettle.pictures.marks import axis
from kettle.pictures.points import sentence
from kettle.pictures.scale import Scale, log_ticks
from kettle.pictures.svg import Markup, tag, text, width
from kettle.pictures.units import number, plural, seconds

STEP, HEIGHT, COLUMN = 19.0, 130.0, 8.0  # of a mark's name, of the columns, and how wide one is


def distribution(
    values: Iterable[float],
    *,
    marks: Mapping[str, float] | None = None,
    title: str = "How long the calls took",
) -> Picture:
    """Draw how often values of each size occur, on a logarithmic scale, and numbers that stand for them.

    Args:
        values: seconds, all above 0.
        marks: names and values of what is said of them: "p50", "p99", "average".
        title: the caption.

    Raises:
        ValueError: a value or a mark is not above 0, which a logarithmic scale cannot show.
    """
    values = sorted(float(value) for value in values)
    named = dict(sorted((marks or {}).items(), key=lambda each: each[1]))
    ends = [*values[:1], *values[-1:], *named.values()]
    if any(not value > 0 for value in ends):
        raise ValueError("a value on a logarithmic scale must be above 0")
    low, high = min(ends, default=0.1) / 1.3, max(ends, default=1.0) * 1.3
    scale = Scale(low, high, 44, WIDTH - 16, logarithmic=True)
    base = 12 + STEP * len(named) + HEIGHT
    ticks = [(t, seconds(t)) for t in log_ticks(low, high, 6)]
    drawn = [
        axis(scale, base - HEIGHT, base + 4, ticks),
        *_columns(values, scale, base),
        *(
            _mark(f"{n} {seconds(v)}", scale(v), 14 + STEP * i, base)
            for i, (n, v) in enumerate(named.items())
        ),
        text(38, base, "0", class_="kp-muted kp-end"),
    ]
    below = {name: sum(each < value for each in values) for name, value in named.items()}
    rows = [(name, seconds(value), f"{below[name]:,} of {len(values):,}") for name, value in named.items()]
    return figure(
        new_ids(),
        title,
        _says(values, named),
        drawn,
        base + 26,
        point=_point(values, named),
        table=Table(["Number", "Value", "Calls below it"], rows),
    )


def _columns(values: list[float], scale: Scale, base: float) -> list[Markup]:
    counts = Counter(int((scale(value) - scale.left) // COLUMN) for value in values)
    high = max(counts.values(), default=0)
    factor = (scale.high / scale.low) ** (COLUMN / (scale.right - scale.left))
    drawn = [text(38, base - HEIGHT + 12, number(high), class_="kp-muted kp-end")] if high else []
    for column, count in sorted(counts.items()):
        low = scale.low * factor**column
        tall = max(count / high * (HEIGHT - 8), 3.0)
        shape = {"x": scale.left + column * COLUMN, "y": base - tall, "width": COLUMN - 1, "height": tall}
        says = f"{plural(count, 'call')} from {seconds(low)} to {seconds(low * factor)}"
        drawn.append(tag("g", tag("title", says), tag("rect", **shape, class_="kp-running")))
    return drawn


def _mark(words: str, x: float, y: float, base: float) -> Markup:
    left = x + 5 + width(words) > WIDTH
    return tag(
        "g",
        tag("line", x1=x, x2=x, y1=y - 10, y2=base, class_="kp-rule"),
        text(x - 5 if left else x + 5, y, words, class_="kp-end" if left else None),
    )


def _says(values: list[float], named: Mapping[str, float]) -> str:
    if not values:
        return "Nothing was measured."
    span = f"{plural(len(values), 'call')}, from {seconds(values[0])} to {seconds(values[-1])}."
    told = ", ".join(f"{name} {seconds(value)}" for name, value in named.items())
    return f"{span} Marked: {told}." if told else span


def _point(values: list[float], named: Mapping[str, float]) -> str:
    if not values:
        return ""
    low, high = values[0] * 0.999, values[-1] * 1.001
    told = (
        ("shorter", "fastest", [name for name, value in named.items() if value < low]),
        ("longer", "slowest", [name for name, value in named.items() if value > high]),
    )
    outside = [
        f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'} {how} than the {which} call"
        for how, which, names in told
        if names
    ]
    if outside:
        return sentence("; ".join(outside))
    middle = values[math.ceil(len(values) / 2) - 1]
    if values[-1] >= 2 * middle:
        return f"The slowest call took {number(values[-1] / middle, 2)} times as long as the typical one."
    return f"All {plural(len(values), 'call')} took about the same time."

"""Curves over time: calls in flight, tasks alive, memory; each named where it ends."""

from collections.abc import Mapping, Sequence

from kettle.pictures.figure import WIDTH, Picture, Table, figure, new_ids
from kettle.pictures.marks import axis
from kettle.pictures.model import Series
from kettle.pictures.palette import SERIES
from kettle.pictures.points import ALIKE, of_curves
from kettle.pictures.scale import Scale, ticks
from kettle.pictures.svg import Markup, join, tag, text, width
from kettle.pictures.units import in_unit, number, prefix

TOP, BOTTOM = 34.0, 214.0
DASHES = (None, "7 3", "2 3", "9 3 2 3")


def curves(
    series: Mapping[str, Sequence[tuple[float, float]]],
    *,
    title: str = "Over time",
    x: str = "time",
    y: str = "in flight",
    unit: str = "",
    x_unit: str = "s",
    reference: tuple[float, str] | None = None,
    point: str = "",
) -> Picture:
    """Draw curves on one pair of axes, both from 0 up (x from the first point).

    Args:
        series: label → points (x, y) in order; each value holds until the next point.
        title: the caption.
        x: what runs along the bottom, in `x_unit`.
        y: what the height means, in `unit` ("" for a count, "B" for bytes, "s", …).
        unit: of the heights.
        x_unit: of the bottom axis.
        reference: a height to compare with, and its name.
        point: what the picture is there to show, in a sentence; where left out, the picture's own words.
    """
    lines = [_thinned(Series(str(label), list(points))) for label, points in series.items()]
    ids = new_ids()
    points = [point for line in lines for point in line.points]
    start = min((px for px, _ in points), default=0.0)
    end = max((px for px, _ in points), default=1.0) - start
    high = max([py for _, py in points] + ([reference[0]] if reference else []) + [0.0]) or 1.0
    factor, shown = prefix(high, unit)
    named = [line.label for line in lines] + ([reference[1]] if reference else [])
    room = min(max((width(label) for label in named), default=0.0), 170) + 12
    y_marks = [(t / factor, number(t)) for t in ticks(high * factor, 4)]
    across = Scale(0, end or 1, max(width(words) for _, words in y_marks) + 10, WIDTH - room)
    up = Scale(0, high, BOTTOM, TOP)
    drawn = [
        text(0, 14, f"{y}, {shown}" if shown else y, class_="kp-muted"),
        *_levels(up, across, y_marks),
        axis(across, BOTTOM, BOTTOM + 4, [(t, number(t)) for t in ticks(across.high)], x_unit),
        text((across.left + across.right) / 2, BOTTOM + 34, x, class_="kp-muted kp-middle"),
    ]
    if reference:
        level = up(reference[0])
        drawn.append(tag("line", x1=across.left, x2=across.right, y1=level, y2=level, class_="kp-rule"))
    drawn += [_line(line, i, start, across, up) for i, line in enumerate(lines)]
    drawn.append(_labels(lines, reference, start, across, up))
    says = _says(lines, start, y, unit, x_unit, reference)
    point = point or of_curves(lines, start, unit, x_unit, reference)
    data = _table(lines, start, unit, x, x_unit, y)
    return figure(ids, title, says, drawn, BOTTOM + 42, point=point, table=data)


def _thinned(line: Series) -> Series:
    """Keep of each of 400 columns the first, lowest, highest and last point: the picture stays the same."""
    if len(line.points) <= 1600:
        return line
    start, end = line.points[0][0], line.points[-1][0]
    bins: dict[int, list[int]] = {}
    for i, (px, _) in enumerate(line.points):
        bins.setdefault(int((px - start) / ((end - start) or 1) * 400), []).append(i)
    height = [py for _, py in line.points].__getitem__
    ends = [(some[0], min(some, key=height), max(some, key=height), some[-1]) for some in bins.values()]
    kept = {i for four in ends for i in four}
    return Series(line.label, [line.points[i] for i in sorted(kept)])


def _levels(up: Scale, across: Scale, marks: Sequence[tuple[float, str]]) -> list[Markup]:
    drawn = []
    for value, words in marks:
        level = up(value)
        line = "kp-axis" if value == 0 else "kp-grid"
        drawn.append(tag("line", x1=across.left, x2=across.right, y1=level, y2=level, class_=line))
        drawn.append(text(across.left - 8, level + 4.5, words, class_="kp-muted kp-end"))
    return drawn


def _line(line: Series, index: int, start: float, across: Scale, up: Scale) -> Markup:
    path = ""
    for px, py in line.points:
        cx, cy = across(px - start), up(py)
        path += f"H{cx:.1f}V{cy:.1f}" if path else f"M{cx:.1f},{cy:.1f}"
    shade, dash = SERIES[index % len(SERIES)], DASHES[index % len(DASHES)]
    return tag(
        "g",
        tag("title", line.label),
        tag("path", d=path, class_=f"kp-line kp-{shade}", stroke_dasharray=dash) if path else None,
    )


def _labels(
    lines: Sequence[Series], reference: tuple[float, str] | None, start: float, across: Scale, up: Scale
) -> Markup:
    """Name each curve where it was last high: right there if there is room, else in the right margin."""
    inside: list[tuple[float, float, str]] = []
    margin: list[tuple[float, float | None, str]] = []
    dots = []
    for i, line in enumerate(lines):
        if not line.points:
            continue
        px, py = _last_high(line)
        x, y = across(px - start), up(py)
        dots.append(tag("circle", cx=x, cy=y, r=3, class_=f"kp-{SERIES[i % len(SERIES)]}-dot"))
        apart = all(abs(y - other) > 18 for _, other, _ in inside)
        if x + 12 + width(line.label) < across.right and apart and _drops(line, (px, py), start, across, up):
            inside.append((x, y, line.label))
        else:
            margin.append((y, x, line.label))
    if reference:
        margin.append((up(reference[0]), None, reference[1]))
    near = [text(x + 8, y + 4.5, label) for x, y, label in inside]
    return join([*dots, *near, _margin(sorted(margin, key=lambda label: label[0]), across)])


def _drops(line: Series, high: tuple[float, float], start: float, across: Scale, up: Scale) -> bool:
    """Tell whether a curve is out of the way of its name, which stands right of where it was last high."""
    begins = across(high[0] - start)
    later = [py for px, py in line.points if begins <= across(px - start) < begins + 12 + width(line.label)]
    return all(py == high[1] or up(py) - up(high[1]) > 14 for py in later)


def _last_high(line: Series) -> tuple[float, float]:
    half = max(py for _, py in line.points) / 2
    last = max(i for i, (_, py) in enumerate(line.points) if py >= half)
    px, py = line.points[last]
    if last + 1 < len(line.points):  # a step holds until the next point
        px = line.points[last + 1][0]
    return px, py


def _margin(wanted: Sequence[tuple[float, float | None, str]], across: Scale) -> Markup:
    """Write names into the right margin, pushed apart where they would meet."""
    placed: list[float] = []
    for level, *_ in wanted:
        placed.append(max(level, placed[-1] + 17) if placed else level)
    over = max(0.0, placed[-1] - BOTTOM) if placed else 0.0
    drawn = []
    for (level, end, label), spot in zip(wanted, placed, strict=True):
        y = max(TOP, spot - over)
        if end is not None and (abs(y - level) > 3 or end < across.right - 3):
            leader = f"M{end + 4:.1f},{level:.1f}L{across.right + 6:.1f},{y:.1f}"
            drawn.append(tag("path", d=leader, class_="kp-grid"))
        shade = "kp-muted" if end is None else None
        drawn.append(text(across.right + 9, y + 4.5, label, room=WIDTH - across.right - 9, class_=shade))
    return join(drawn)


def _says(
    lines: Sequence[Series], start: float, y: str, unit: str, x_unit: str, reference: tuple[float, str] | None
) -> str:
    tops = [(max(line.points, key=lambda p: p[1]), line.label) for line in lines if line.points]
    if not tops:
        return "Nothing was recorded. There is nothing to see."
    (px, py), label = max(tops, key=lambda top: top[0][1])
    (_, least), lowest = min(tops, key=lambda top: top[0][1])
    after = f"{in_unit(py, unit)}, after {in_unit(px - start, x_unit)}"
    what = y[:1].upper() + y[1:]
    if len(tops) == 1:
        told = f"{what}: at most {after}. It ends at {in_unit(lines[0].points[-1][1], unit)}"
    elif py <= ALIKE * least:
        names = " and ".join(name for _, name in tops) if len(tops) == 2 else f"all {len(tops)} curves"
        told = f"{what}: {names} go about equally high, to {in_unit(py, unit)}"
    else:
        second = f"{lowest} stays lowest, at most {in_unit(least, unit)}"
        told = f"{what}: {label} goes highest, to {after}. {second}"
    marked = f"; the line marks {reference[1]} ({in_unit(reference[0], unit)})" if reference else ""
    return f"{told}{marked}."


def _table(lines: Sequence[Series], start: float, unit: str, x: str, x_unit: str, y: str) -> Table:
    rows = [
        [line.label, in_unit(px - start, x_unit), in_unit(py, unit)]
        for line in lines
        for px, py in line.points
    ]
    return Table(["Curve", x.capitalize(), y.capitalize()], rows)

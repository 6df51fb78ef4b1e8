"""SQL statements over time: a row each, or, when there are many, a barcode with a row for each shape."""

from collections.abc import Iterable, Sequence
from typing import Any

from kettle.pictures.figure import WIDTH, Picture, entry, figure, new_ids
from kettle.pictures.marks import bar, time_axis, unit_for
from kettle.pictures.model import Statement
from kettle.pictures.scale import Scale
from kettle.pictures.statements import closed, length, point_of, repeated, says, sent_by, shape, table_of
from kettle.pictures.svg import Markup, join, tag, text, width
from kettle.pictures.units import plural, seconds
from kettle.pictures.waterfall import AXIS, CAPTION, label_room, panel_caption

MOST_STATEMENTS = 40  # more become a barcode
MOST_SHAPES = 12
ROW, CODE = 20, 34


def query_waterfall(
    statements: Iterable[Any],
    *,
    title: str = "Statements over time",
    before: Iterable[Any] | None = None,
    point: str = "",
) -> Picture:
    """Draw SQL statements over time; a shape that is sent again and again is marked.

    Args:
        statements: objects with .sql, .started, .ended (seconds on one clock); .label, .rows, and .where (the
            line of Python that sends it) if known.
        title: the caption.
        before: the same of an earlier version, drawn above on the same scale.
        point: what the picture is there to show, in a sentence; where left out, the picture's own words.
    """
    panels = {"after" if before is not None else "": closed(statements)}
    if before is not None:
        panels = {"before": closed(before), **panels}
    total = max(length(panel) for panel in panels.values())
    left = label_room(label for panel in panels.values() for label in _labels(panel))
    scale = Scale(
        0,
        total or 1,
        left,
        WIDTH - (128 if any(0 < len(p) <= MOST_STATEMENTS for p in panels.values()) else 72),
    )
    ids = new_ids()
    drawing, y = [], 4.0
    for name, panel in panels.items():
        if name:
            drawing.append(
                panel_caption(y, name, f"{plural(len(panel), 'statement')}, {seconds(length(panel))}")
            )
            y += CAPTION
        drawn, y = (_barcode if len(panel) > MOST_STATEMENTS else _rows)(ids, panel, scale, y)
        drawing.append(drawn)
        y += 12
    bottom = y - 8
    grid = time_axis(scale, 4, bottom, unit_for(total))
    often = any(repeated(panel) for panel in panels.values())
    legend = _legend(ids) if often else ()
    point = point or point_of(panels)
    drawing = [grid, *drawing]
    data = table_of(panels)
    return figure(ids, title, says(panels), drawing, bottom + AXIS, point=point, legend=legend, table=data)


def _shapes(statements: Sequence[Statement]) -> dict[str, list[Statement]]:
    found: dict[str, list[Statement]] = {}
    for s in statements:
        found.setdefault(shape(s.sql), []).append(s)
    if len(found) > MOST_SHAPES:
        order = sorted(found, key=lambda key: -len(found[key]))
        rest = [s for key in order[MOST_SHAPES - 1 :] for s in found[key]]
        return {**{key: found[key] for key in found if key in order[: MOST_SHAPES - 1]}, "": rest}
    return found


def _labels(statements: Sequence[Statement]) -> list[str]:
    if len(statements) > MOST_STATEMENTS:
        return [group[0].label if key else "other shapes" for key, group in _shapes(statements).items()]
    return [s.label for s in statements]


def _tooltip(s: Statement, start: float) -> str:
    rows = "" if s.rows is None else f", {plural(s.rows, 'row')}"
    sent = f"\nsent by {s.where}" if s.where else ""
    return f"{s.sql}\n{seconds(s.ended - s.started)}{rows}, from {seconds(s.started - start)}{sent}"


def _rows(ids: str, statements: Sequence[Statement], scale: Scale, y: float) -> tuple[Markup, float]:
    often, drawn = repeated(statements), []
    start = statements[0].started if statements else 0.0
    for s in statements:
        x0, x1 = scale(s.started - start), scale(s.ended - start)
        middle = y + ROW / 2
        state = "blocked" if shape(s.sql) in often else "running"
        rows = f"{seconds(s.ended - s.started)}" + ("" if s.rows is None else f" · {plural(s.rows, 'row')}")
        drawn += [
            text(scale.left - 10, middle + 4.5, s.label, room=scale.left - 10, class_="kp-end"),
            tag("line", x1=scale.left, x2=x0, y1=middle, y2=middle, class_="kp-grid"),
            bar(ids, state, x0, y + 3, x1 - x0, ROW - 6, _tooltip(s, start)),
            _beside(x0, x1, middle, rows),
        ]
        y += ROW
    return join(drawn), y


def _beside(x0: float, x1: float, middle: float, words: str) -> Markup:
    """Write after a bar, or before it where the page ends."""
    if x1 + 6 + width(words) <= WIDTH:
        return text(x1 + 6, middle + 4.5, words, class_="kp-muted")
    halo = tag(
        "rect", x=x0 - 10 - width(words), y=middle - 8, width=width(words) + 6, height=16, class_="kp-paper"
    )
    return join([halo, text(x0 - 6, middle + 4.5, words, class_="kp-muted kp-end")])


def _stroke(count: int, scale: Scale) -> float:
    # Thin enough that hundreds of lines stay lines.
    return min(1.2, max(0.7, 0.5 * (scale.right - scale.left) / count))


def _barcode(ids: str, statements: Sequence[Statement], scale: Scale, y: float) -> tuple[Markup, float]:
    often, drawn, start = repeated(statements), [], statements[0].started
    for key, group in _shapes(statements).items():
        label = group[0].label if key else "other shapes"
        middle = y + CODE / 2
        state = "series1" if key in often else "running"
        lines = "".join(f"M{scale(s.started - start):.1f},{y + 5:.0f}v{CODE - 12}" for s in group)
        drawn += [
            tag("line", x1=scale.left, x2=scale.right, y1=y + CODE - 6, y2=y + CODE - 6, class_="kp-grid"),
            tag(
                "g",
                tag("title", f"{key or label}\n{plural(len(group), 'statement')}{sent_by(group)}"),
                tag("rect", x=scale.left, y=y, width=scale.right - scale.left, height=CODE, class_="kp-hit"),
                tag(
                    "path",
                    d=lines,
                    stroke_width=_stroke(len(group), scale),
                    class_=f"kp-tick kp-{state}-ink" if state == "running" else f"kp-tick kp-{state}",
                ),
            ),
            text(scale.left - 10, middle + 4.5, label, room=scale.left - 10, class_="kp-end"),
            text(
                scale.right + 8,
                middle + 4.5,
                f"× {len(group):,}",
                class_="kp-strong" if key in often else "kp-muted",
            ),
        ]
        y += CODE
    return join(drawn), y


def _legend(ids: str) -> Sequence[Markup]:
    return [
        entry(bar(ids, "running", 0, 0, 24, 12), "sent up to three times"),
        entry(bar(ids, "blocked", 0, 0, 24, 12), "the same shape again and again"),
    ]

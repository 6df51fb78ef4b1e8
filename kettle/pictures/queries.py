"""SQL statements over time: a row each, or, when there are many, a barcode with a row for each shape."""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from kettle.pictures.figure import WIDTH, Picture, new_ids
from kettle.pictures.lanes import Drawn, Panel, Piece, Row, draw_rows, light_line, stacked, versions
from kettle.pictures.marks import row_label
from kettle.pictures.model import in_order, length
from kettle.pictures.scale import Scale
from kettle.pictures.statements import OFTEN, Statements, alike, in_short, name_of, point_of, sent_by, shapes
from kettle.pictures.svg import Markup, join, tag, text
from kettle.pictures.units import plural, seconds

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
        statements: as a database's wire has them.
        title: the caption.
        before: the same of an earlier version, drawn above on the same scale.
        point: what the picture is there to show, in a sentence; where left out, the picture's own words.
    """
    ids, panels = new_ids(), versions(statements, before, in_order)
    every = [s for some in panels.values() for s in some]
    known = any(s.where for s in every)
    again = any(len(group) >= OFTEN for some in panels.values() for group in shapes(some).values())
    states = {"running": "sent up to three times", "blocked": "the same statement, four times or more"}
    return stacked(
        ids,
        {name: _panel(ids, some, known) for name, some in panels.items()},
        ["Statement", "Start", "Duration", "Rows", *(["Sent by"] if known else []), "SQL"],
        title=title,
        also=alike(panels[""]) if before is None else "",
        point=point or point_of(panels),
        right=WIDTH - (128 if any(0 < len(p) <= MOST_STATEMENTS for p in panels.values()) else 72),
        states=states if again else None,
    )


def _panel(ids: str, statements: Statements, known: bool) -> Panel:
    heading = in_short(statements)
    start = statements[0].started if statements else 0.0
    data = [
        (
            name_of(s),
            *map(seconds, (s.started - start, s.ended - s.started)),
            "–" if s.rows is None else f"{s.rows:,}",
            *([s.where] if known else []),
            s.sql,
        )
        for s in statements
    ]
    if len(statements) > MOST_STATEMENTS:
        codes = _codes(statements)
        draw = partial(_barcode, codes, start)
        return Panel(heading, length(statements), [label for label, *_ in codes], draw, data)
    often = {id(s) for some in shapes(statements).values() if len(some) >= OFTEN for s in some}
    rows = [_row(s, "blocked" if id(s) in often else "running", start) for s in statements]
    draw = partial(draw_rows, ids, rows, ROW)
    return Panel(heading, length(statements), [name_of(s) for s in statements], draw, data)


def _row(s: Any, state: str, start: float) -> Row:
    began, took = s.started - start, seconds(s.ended - s.started)
    brought = [] if s.rows is None else [plural(s.rows, "row")]
    told = f"{s.sql}\n{', '.join([took, *brought])}, starts at {seconds(began)}{sent_by([s])}"
    piece = Piece(state, began, s.ended - start, told)
    return Row(name_of(s), [piece], " · ".join([took, *brought]), rail=began)


def _codes(statements: Statements) -> list[tuple[str, str, Statements]]:
    """Return label, shape and statements of each row; the rarest shapes share the last row, without one."""
    found = shapes(statements)
    often = sorted(found, key=lambda key: -len(found[key]))
    if len(found) > MOST_SHAPES:
        often = often[: MOST_SHAPES - 1]
    rows = [(name_of(group[0]), key, group) for key, group in found.items() if key in often]
    rest = [s for key, group in found.items() if key not in often for s in group]
    return [*rows, *([("other statements", "", rest)] if rest else [])]


def _barcode(rows: Sequence[tuple[str, str, Statements]], start: float, scale: Scale, y: float) -> Drawn:
    drawn = []
    for label, key, group in rows:
        often = bool(key) and len(group) >= OFTEN
        middle, count = y + CODE / 2, "kp-strong" if often else "kp-muted"
        drawn += [
            light_line(scale.left, scale.right, y + CODE - 6),
            _code(label, key, group, often, start, scale, y),
            row_label(scale, middle, label),
            text(scale.right + 8, middle + 4.5, f"× {len(group):,}", class_=count),
        ]
        y += CODE
    return join(drawn), y


def _code(
    label: str, key: str, group: Statements, often: bool, start: float, scale: Scale, y: float
) -> Markup:
    wide = scale.right - scale.left
    lines = "".join(f"M{scale(s.started - start):.1f},{y + 5:.0f}v{CODE - 12}" for s in group)
    # Thin enough that hundreds of lines stay lines.
    stroke = min(1.2, max(0.7, 0.5 * wide / len(group)))
    return tag(
        "g",
        tag("title", f"{key or label}\n{plural(len(group), 'statement')}{sent_by(group)}"),
        tag("rect", x=scale.left, y=y, width=wide, height=CODE, class_="kp-hit"),
        tag(
            "path", d=lines, stroke_width=stroke, class_=f"kp-tick kp-{'series1' if often else 'running-ink'}"
        ),
    )

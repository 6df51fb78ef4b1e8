"""SQL statements over time: a row each, or, when there are many, a barcode with a row for each shape."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from kettle.pictures.figure import WIDTH, Picture, Table, entry, figure, new_ids
from kettle.pictures.marks import bar, time_axis, unit_for
from kettle.pictures.model import Statement
from kettle.pictures.scale import Scale
from kettle.pictures.svg import Markup, join, tag, text, width
from kettle.pictures.units import plural, seconds, spelled
from kettle.pictures.waterfall import AXIS, CAPTION, label_room, panel_caption

MOST_STATEMENTS = 40  # more become a barcode
MOST_SHAPES = 12
OFTEN = 4  # a shape sent so often is marked
ROW, CODE = 20, 34

_NUMBER = re.compile(r"'(?:[^']|'')*'|\b\d+(?:\.\d+)?\b|\$\d+|%\(?\w*\)?s|:\w+|\?")
_LIST = re.compile(r"\(\s*\?(?:\s*,\s*\?)*\s*\)")


def shape(sql: str) -> str:
    """Return a statement without its values, so that those that differ only in them are the same."""
    return _LIST.sub("(?)", " ".join(_NUMBER.sub("?", sql).split()))


def query_waterfall(
    statements: Iterable[Any], *, title: str = "Statements over time", before: Iterable[Any] | None = None
) -> Picture:
    """Draw SQL statements over time; a shape that is sent again and again is marked.

    Args:
        statements: objects with .sql, .started, .ended (seconds on one clock); .label and .rows if known.
        title: the caption.
        before: the same of an earlier version, drawn above on the same scale.
    """
    panels = {"after" if before is not None else "": _closed(statements)}
    if before is not None:
        panels = {"before": _closed(before), **panels}
    total = max(_length(panel) for panel in panels.values())
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
                panel_caption(y, name, f"{plural(len(panel), 'statement')}, {seconds(_length(panel))}")
            )
            y += CAPTION
        drawn, y = (_barcode if len(panel) > MOST_STATEMENTS else _rows)(ids, panel, scale, y)
        drawing.append(drawn)
        y += 12
    bottom = y - 8
    grid = time_axis(scale, 4, bottom, unit_for(total))
    often = any(_repeated(panel) for panel in panels.values())
    legend = _legend(ids) if often else ()
    return figure(
        ids, title, _says(panels), [grid, *drawing], bottom + AXIS, legend=legend, table=_table(panels)
    )


def _closed(statements: Iterable[Any]) -> list[Statement]:
    closed = []
    for s in statements:
        ended = s.started if s.ended is None else max(s.started, s.ended)
        sql = str(s.sql)
        closed.append(Statement(_label(s, sql), sql, s.started, ended, getattr(s, "rows", None)))
    return sorted(closed, key=lambda s: s.started)


def _label(statement: Any, sql: str) -> str:
    """Name a statement by its verb and its table, if nobody has named it."""
    given = getattr(statement, "label", "")
    if given:
        return str(given)
    found = re.search(r'\b(?:FROM|INTO|UPDATE|JOIN|TABLE)\s+["`]?([\w.]+)', sql, re.IGNORECASE)
    verb = (sql.split() or ["?"])[0].upper()
    return f"{verb} {found[1]}" if found and verb != found[1].upper() else verb


def _length(statements: Sequence[Statement]) -> float:
    if not statements:
        return 0.0
    return max(s.ended for s in statements) - statements[0].started


def _shapes(statements: Sequence[Statement]) -> dict[str, list[Statement]]:
    found: dict[str, list[Statement]] = {}
    for s in statements:
        found.setdefault(shape(s.sql), []).append(s)
    if len(found) > MOST_SHAPES:
        order = sorted(found, key=lambda key: -len(found[key]))
        rest = [s for key in order[MOST_SHAPES - 1 :] for s in found[key]]
        return {**{key: found[key] for key in found if key in order[: MOST_SHAPES - 1]}, "": rest}
    return found


def _repeated(statements: Sequence[Statement]) -> set[str]:
    return {key for key, count in Counter(shape(s.sql) for s in statements).items() if count >= OFTEN}


def _labels(statements: Sequence[Statement]) -> list[str]:
    if len(statements) > MOST_STATEMENTS:
        return [group[0].label if key else "other shapes" for key, group in _shapes(statements).items()]
    return [s.label for s in statements]


def _tooltip(s: Statement, start: float) -> str:
    rows = "" if s.rows is None else f", {plural(s.rows, 'row')}"
    return f"{s.sql}\n{seconds(s.ended - s.started)}{rows}, from {seconds(s.started - start)}"


def _rows(ids: str, statements: Sequence[Statement], scale: Scale, y: float) -> tuple[Markup, float]:
    often, drawn = _repeated(statements), []
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
    often, drawn, start = _repeated(statements), [], statements[0].started
    for key, group in _shapes(statements).items():
        label = group[0].label if key else "other shapes"
        middle = y + CODE / 2
        state = "series1" if key in often else "running"
        lines = "".join(f"M{scale(s.started - start):.1f},{y + 5:.0f}v{CODE - 12}" for s in group)
        drawn += [
            tag("line", x1=scale.left, x2=scale.right, y1=y + CODE - 6, y2=y + CODE - 6, class_="kp-grid"),
            tag(
                "g",
                tag("title", f"{key or label}\n{plural(len(group), 'statement')}"),
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


def _says(panels: dict[str, list[Statement]]) -> str:
    if len(panels) == 1:
        (only,) = panels.values()
        return f"{_count(only)} {_most(only)}"
    return " ".join(
        f"{name.capitalize()}: {_count(p)[:1].lower()}{_count(p)[1:]}" for name, p in panels.items()
    )


def _count(statements: Sequence[Statement]) -> str:
    if not statements:
        return "No statement was sent."
    known = [s.rows for s in statements if s.rows is not None]
    rows = f", {plural(sum(known), 'row')} fetched" if known else ""
    shapes = len({shape(s.sql) for s in statements})
    different = f" of {plural(shapes, 'shape')}" if len(statements) > 1 else ""
    return f"{spelled(len(statements), 'statement')}{different} in {seconds(_length(statements))}{rows}."


def _most(statements: Sequence[Statement]) -> str:
    if not statements:
        return "There is nothing to see."
    (key, count), *_ = Counter(shape(s.sql) for s in statements).most_common(1)
    first = next(s for s in statements if shape(s.sql) == key)
    if count >= OFTEN:
        return f"{count:,} of them differ only in their values: {first.label}."
    return "No shape is sent more than three times."


def _table(panels: dict[str, list[Statement]]) -> Table:
    rows = []
    for name, statements in panels.items():
        for s in statements:
            times = (s.started - statements[0].started, s.ended - s.started)
            count = "–" if s.rows is None else f"{s.rows:,}"
            rows.append([*([name] if name else []), s.label, *map(seconds, times), count, s.sql])
    version = ["Version"] if len(panels) > 1 else []
    return Table([*version, "Statement", "Starts", "Takes", "Rows", "SQL"], rows)

"""Rows as areas: what statements return for each order on a page, a product or a sum of its collections."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kettle.pictures.figure import WIDTH, Picture, Table, entry, figure, new_ids
from kettle.pictures.lanes import CAPTION, Drawn, heading, versions
from kettle.pictures.points import each_panel, sentence
from kettle.pictures.svg import Markup, join, tag, text
from kettle.pictures.units import plural

CELL, LARGEST = 9.0, 320.0  # a row of the enlarged thing, and the room for it, in the drawing's units
GAP, LOWEST = 3.0, 1.0
TALLEST = 170.0  # the area in which all orders are drawn
MEANS = {"kp-blocked": "a pair: one row of each collection", "kp-running": "a row that is sent once"}

Sizes = Mapping[str, int]  # of one order: how many rows of its own each collection's table has


@dataclass(frozen=True)
class _Group:
    """Statements that join the same collections: how many there were, and the rows that they brought."""

    tables: tuple[str, ...]
    statements: int
    rows: int

    @property
    def shade(self) -> str:
        return "kp-blocked" if len(self.tables) > 1 else "kp-running"

    def sides(self, sizes: Sizes) -> tuple[int, int]:
        """Return width and height of what is brought for one order; a collection without rows joins one."""
        widest, *others = sorted((max(sizes[table], 1) for table in self.tables), reverse=True) or [1]
        return widest, math.prod(others)


Groups = Sequence[_Group]


def row_blocks(
    statements: Iterable[Any],
    sizes: Iterable[Sizes],
    *,
    title: str = "Rows that crossed the wire",
    before: Iterable[Any] | None = None,
) -> Picture:
    """Draw the rows that statements brought as areas: a cell for each row of one order, then all orders.

    Args:
        statements: objects with .sql and .rows.
        sizes: for each order on the page, how many rows of its own each collection's table has.
        title: the caption.
        before: statements of an earlier version for the same things, drawn above on the same scale.
    """
    sizes = [dict(each) for each in sizes]
    panels = versions(statements, before, lambda some: _groups(some, sizes))
    every = [group for groups in panels.values() for group in groups]
    one, drawing, y = _one_row(every, sizes), [], 4.0
    for name, groups in panels.items():
        if name:
            drawing.append(heading(y, name, _count(groups)))
        enlarged, y = _enlarged(groups, sizes, y + CAPTION * bool(name))
        drawn, y = _all(groups, sizes, one, y)
        drawing += [enlarged, drawn]
        y += 14
    shades = {group.shade for group in every}
    shape = {"x": 1, "y": 1, "width": 10, "height": 10}
    legend = [entry(tag("rect", **shape, class_=s), words) for s, words in MEANS.items() if s in shades]
    return figure(
        new_ids(),
        title,
        each_panel({n: _count(groups) for n, groups in panels.items()}),
        drawing,
        y - 8,
        point=_point(panels, sizes),
        legend=legend if "kp-blocked" in shades else (),
        table=_table(panels),
    )


def _groups(statements: Iterable[Any], sizes: Sequence[Sizes]) -> list[_Group]:
    found: dict[tuple[str, ...], list[int]] = {}
    for each in statements:
        tables = sizes[0] if sizes else ()
        joined = tuple(table for table in tables if re.search(rf"\b{table}\b", each.sql, re.IGNORECASE))
        found.setdefault(joined, []).append(each.rows or 0)
    groups = [_Group(joined, len(rows), sum(rows)) for joined, rows in found.items()]
    return sorted(groups, key=lambda group: -group.rows)


def _widest(groups: Groups, sizes: Sequence[Sizes]) -> tuple[int, int]:
    """Return the rows that the widest thing has beside each other, and the highest above each other."""
    sides = [group.sides(each) for each in sizes for group in groups]
    return max((w for w, _ in sides), default=1), max((h for _, h in sides), default=1)


def _one_row(groups: Groups, sizes: Sequence[Sizes]) -> tuple[float, float, float]:
    """Return the length of one row, and the room of one order, so that all orders of any panel fit."""
    wide, high = _widest(groups, sizes)
    one = 3.0
    while one > 0.05:
        across = max(int((WIDTH + GAP) // (wide * one + GAP)), 1)
        if math.ceil(len(sizes) / across) * (high * one + GAP) <= TALLEST:
            break
        one *= 0.95
    return one, wide * one + GAP, high * one + GAP


def _enlarged(groups: Groups, sizes: Sequence[Sizes], y: float) -> Drawn:
    """Draw the largest thing, with a cell for each row."""
    drawn = [text(0, y + 12, "One order, one cell per row:", class_="kp-muted")]
    largest = max(sizes, key=lambda each: sum(math.prod(g.sides(each)) for g in groups), default={})
    y += 20
    for group in groups if sizes else ():
        w, h = group.sides(largest)
        cell = min(CELL, LARGEST / w)
        x, middle = w * cell + 12, y + h * cell / 2
        drawn.append(_cells(group, w, h, cell, y))
        for line, words in enumerate(_told(group, largest)):
            drawn.append(text(x, middle + 4.5 + 17 * line, words, room=WIDTH - x, class_="kp-muted"))
        y += max(h * cell, 16) + 8
    return join(drawn), y


def _cells(group: _Group, w: int, h: int, cell: float, y: float) -> Markup:
    inner = max(cell - 1, cell * 0.7)
    places = ((column * cell, y + row * cell) for row in range(h) for column in range(w))
    squares = (f"M{x:.1f},{top:.1f}h{inner:.1f}v{inner:.1f}h-{inner:.1f}z" for x, top in places)
    return tag("path", d="".join(squares), class_=group.shade)


def _told(group: _Group, sizes: Sizes) -> list[str]:
    named = " × ".join(f"{sizes[table]:,} {_short(table)}" for table in group.tables)
    product = [f"= {math.prod(group.sides(sizes)):,} rows"] if len(group.tables) > 1 else []
    return [named or "the order itself", *product]


def _all(groups: Groups, sizes: Sequence[Sizes], room: tuple, y: float) -> Drawn:
    """Draw all orders, a block for each group, one row the same area everywhere."""
    words = f"All {plural(len(sizes), 'order')}, drawn to the same scale:"
    drawn, (one, wide, high) = [text(0, y + 12, words, class_="kp-muted")], room
    y += 20
    across = max(int((WIDTH + GAP) // wide), 1)
    for place, each in enumerate(sizes):
        x, top = place % across * wide, y + place // across * high
        for group in groups:
            w, h = group.sides(each)
            shape = {"x": x, "y": top, "width": w * one, "height": max(h * one, LOWEST)}
            drawn.append(tag("rect", **shape, class_=group.shade))
            top += shape["height"] + 0.5
    return join(drawn), y + math.ceil(len(sizes) / across) * high


def _short(table: str) -> str:
    return table.rsplit("_", 1)[-1]


def _count(groups: Groups) -> str:
    sent, rows = sum(group.statements for group in groups), sum(group.rows for group in groups)
    return f"{plural(sent, 'statement')} returned {plural(rows, 'row')}"


def _point(panels: Mapping[str, Groups], sizes: Sequence[Sizes]) -> str:
    """Say how many rows are brought, and how many there are to be brought."""
    own = len(sizes) + sum(sum(each.values()) for each in sizes)
    told = []
    for name, groups in panels.items():
        joined = [group for group in groups if len(group.tables) > 1]
        if joined:
            pairs = " is paired with each of the ".join(map(_short, joined[0].tables))
            crossed = plural(sum(group.rows for group in joined), "row")
            words = f"{crossed}, because in each order each of the {pairs}"
            told.append(f"{name}: {words}".removeprefix(": "))
        elif name:
            told.append(f"{name}: {plural(sum(group.rows for group in groups), 'row')}")
    there = f"The page shows {own:,} rows: {plural(len(sizes), 'order')} and everything that belongs to them."
    return f"{sentence('; '.join(told))} {there}".strip()


def _table(panels: Mapping[str, Groups]) -> Table:
    rows = [
        (name, " × ".join(group.tables) or "–", f"{group.statements:,}", f"{group.rows:,}")
        for name, groups in panels.items()
        for group in groups
    ]
    version = "" not in panels
    columns = ["Version"] * version + ["Collections joined", "Statements", "Rows"]
    return Table(columns, rows if version else [row[1:] for row in rows])

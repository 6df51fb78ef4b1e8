"""Rows as areas: what statements bring for each thing on a page, a product or a sum of its collections."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kettle.pictures.figure import WIDTH, Picture, Table, entry, figure, new_ids
from kettle.pictures.lanes import CAPTION, heading
from kettle.pictures.svg import Markup, join, tag, text
from kettle.pictures.units import plural, spelled

CELL, LARGEST = 9.0, 320.0  # a row of the enlarged thing, and the room for it, in the drawing's units
GAP, LOWEST = 3.0, 1.0
TALLEST = 170.0  # the area in which all things are drawn


@dataclass(frozen=True)
class _Group:
    """Statements that join the same collections: how many there were, and the rows that they brought."""

    tables: tuple[str, ...]
    statements: int
    rows: int

    def sides(self, sizes: Mapping[str, int]) -> tuple[int, int]:
        """Return width and height of what is brought for one thing; a collection without rows joins one."""
        if not self.tables:
            return 1, 1
        widest, *others = sorted((max(sizes[table], 1) for table in self.tables), reverse=True)
        return widest, math.prod(others)


def row_blocks(
    statements: Iterable[Any],
    sizes: Iterable[Mapping[str, int]],
    *,
    title: str = "Rows that crossed the wire",
    noun: str = "order",
    before: Iterable[Any] | None = None,
    point: str = "",
) -> Picture:
    """Draw the rows that statements brought as areas: a cell for each row of one thing, then all things.

    Args:
        statements: objects with .sql and .rows.
        sizes: for each thing on the page, how many rows of its own each collection's table has.
        title: the caption.
        noun: what one thing is called.
        before: statements of an earlier version for the same things, drawn above on the same scale.
        point: what the picture is there to show, in a sentence; where left out, the picture's own words.
    """
    sizes = [dict(each) for each in sizes]
    tables = tuple(sizes[0]) if sizes else ()
    panels = {"after" if before is not None else "": _groups(statements, tables)}
    if before is not None:
        panels = {"before": _groups(before, tables), **panels}
    ids, drawing, y = new_ids(), [], 4.0
    scale = _scale([group for groups in panels.values() for group in groups], sizes)
    for name, groups in panels.items():
        if name:
            drawing.append(heading(y, name, _count(groups, after=True)))
            y += CAPTION
        drawn, y = _panel(groups, sizes, noun, scale, y)
        drawing.append(drawn)
        y += 14
    says = " ".join(
        f"{name.capitalize()}: {_count(g, after=True)}." if name else f"{_count(g)}."
        for name, g in panels.items()
    )
    point, data = point or _point(panels, sizes, noun), _table(panels)
    return figure(ids, title, says, drawing, y - 8, point=point, legend=_legend(panels), table=data)


def _groups(statements: Iterable[Any], tables: Sequence[str]) -> list[_Group]:
    found: dict[tuple[str, ...], list[int]] = {}
    for each in statements:
        joined = tuple(table for table in tables if re.search(rf"\b{table}\b", each.sql, re.IGNORECASE))
        found.setdefault(joined, []).append(each.rows or 0)
    groups = [_Group(joined, len(rows), sum(rows)) for joined, rows in found.items()]
    return sorted(groups, key=lambda group: -group.rows)


def _sides(groups: Sequence[_Group], sizes: Mapping[str, int]) -> list[tuple[_Group, int, int]]:
    return [(group, *group.sides(sizes)) for group in groups]


def _scale(groups: Sequence[_Group], sizes: Sequence[Mapping[str, int]]) -> tuple[float, float, float]:
    """Return the length of one row, and the room of one thing, so that all things of any panel fit."""
    wide = max((w for each in sizes for _, w, _ in _sides(groups, each)), default=1)
    high = max((h for each in sizes for _, _, h in _sides(groups, each)), default=1)
    one = 3.0
    while one > 0.05:
        across = max(int((WIDTH + GAP) // (wide * one + GAP)), 1)
        if math.ceil(len(sizes) / across) * (high * one + GAP) <= TALLEST:
            break
        one *= 0.95
    return one, wide * one + GAP, high * one + GAP


def _panel(
    groups: Sequence[_Group], sizes: Sequence[Mapping[str, int]], noun: str, scale: tuple, y: float
) -> tuple[Markup, float]:
    drawn, (one, wide, high) = [], scale
    largest = max(sizes, key=lambda each: sum(w * h for _, w, h in _sides(groups, each)), default={})
    drawn.append(text(0, y + 12, f"One {noun}, a cell for each row:", class_="kp-muted"))
    y += 20
    for group, w, h in _sides(groups, largest):
        cell = min(CELL, LARGEST / w)
        drawn.append(_cells(group, w, h, cell, y))
        middle = y + h * cell / 2
        for number, words in enumerate(_told(group, w, h, largest, noun)):
            drawn.append(
                text(
                    w * cell + 12,
                    middle + 4.5 + 17 * number,
                    words,
                    room=WIDTH - w * cell - 12,
                    class_="kp-muted",
                )
            )
        y += max(h * cell, 16) + 8
    drawn.append(
        text(
            0, y + 12, f"All {plural(len(sizes), noun)}, one row the same area everywhere:", class_="kp-muted"
        )
    )
    y += 20
    across = max(int((WIDTH + GAP) // wide), 1)
    for number, each in enumerate(sizes):
        x, top = number % across * wide, y + number // across * high
        for group, w, h in _sides(groups, each):
            drawn.append(_block(group, x, top, w * one, max(h * one, LOWEST)))
            top += max(h * one, LOWEST) + 0.5
    return join(drawn), y + math.ceil(len(sizes) / across) * high


def _cells(group: _Group, w: int, h: int, cell: float, y: float) -> Markup:
    """Draw each row of one thing as a cell."""
    inner = max(cell - 1, cell * 0.7)
    squares = "".join(
        f"M{column * cell:.1f},{y + row * cell:.1f}h{inner:.1f}v{inner:.1f}h-{inner:.1f}z"
        for row in range(h)
        for column in range(w)
    )
    return tag("path", d=squares, class_=_class(group))


def _block(group: _Group, x: float, y: float, width: float, height: float) -> Markup:
    return tag("rect", x=x, y=y, width=width, height=height, class_=_class(group))


def _class(group: _Group) -> str:
    return "kp-blocked" if len(group.tables) > 1 else "kp-running"


def _told(group: _Group, w: int, h: int, sizes: Mapping[str, int], noun: str) -> list[str]:
    named = " × ".join(f"{sizes[table]:,} {_short(table)}" for table in group.tables)
    if len(group.tables) > 1:
        return [named, f"= {w * h:,} rows"]
    return [named or f"the {noun} itself"]


def _short(table: str) -> str:
    return table.rsplit("_", 1)[-1]


def _count(groups: Sequence[_Group], after: bool = False) -> str:
    sent, rows = sum(group.statements for group in groups), sum(group.rows for group in groups)
    told = (plural if after else spelled)(sent, "statement")
    return f"{told} brought {plural(rows, 'row')}"


def _point(panels: Mapping[str, Sequence[_Group]], sizes: Sequence[Mapping[str, int]], noun: str) -> str:
    """Say how many rows are brought, and how many there are to be brought."""
    own = len(sizes) + sum(sum(each.values()) for each in sizes)
    there = f"there are {own:,} rows to show: those of {plural(len(sizes), noun)} and of all they have"
    told = []
    for name, groups in panels.items():
        crossed = sum(group.rows for group in groups if len(group.tables) > 1)
        joined = next((group for group in groups if len(group.tables) > 1), None)
        if joined:
            pairs = " stands beside each of the ".join(map(_short, joined.tables))
            why = f"since in each {noun} each of the {pairs}"
            told.append(f"{name + ': ' if name else ''}{plural(crossed, 'row')}, {why}")
        elif name:
            told.append(f"{name}: {plural(sum(group.rows for group in groups), 'row')}")
    sentence = "; ".join([*told, there])
    return f"{sentence[:1].upper()}{sentence[1:]}."


def _table(panels: Mapping[str, Sequence[_Group]]) -> Table:
    rows = [
        [
            *([name] if name else []),
            " × ".join(group.tables) or "–",
            f"{group.statements:,}",
            f"{group.rows:,}",
        ]
        for name, groups in panels.items()
        for group in groups
    ]
    return Table(
        [*(["Version"] if len(panels) > 1 else []), "Collections joined", "Statements", "Rows"], rows
    )


def _legend(panels: Mapping[str, Sequence[_Group]]) -> Sequence[Markup]:
    shape = {"x": 1, "y": 1, "width": 10, "height": 10}
    meant = {"kp-blocked": "a pair: one row of each collection", "kp-running": "a row that comes once"}
    drawn = {_class(group) for groups in panels.values() for group in groups}
    if "kp-blocked" not in drawn:
        return ()
    return [entry(tag("rect", **shape, class_=name), words) for name, words in meant.items() if name in drawn]

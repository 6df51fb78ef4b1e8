"""Lanes: rows over one axis of time, in panels one below the other; all pictures over time are drawn here."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from kettle.pictures.figure import WIDTH, Picture, Table, figure
from kettle.pictures.marks import bar, label_room, row_label, time_axis
from kettle.pictures.points import each_panel
from kettle.pictures.scale import Scale
from kettle.pictures.svg import Markup, join, tag, text, width

CAPTION, AXIS, GAP = 22, 24, 12  # heights of a heading and of the axis, and between panels, in drawing units
RIGHT = WIDTH - 66  # where time ends; a length is written after it

T = TypeVar("T")
Drawn = tuple[Markup, float]  # a drawing, and how far down it goes


@dataclass(frozen=True)
class Panel:
    """What stands under one heading.

    heading: in a few words, after the panel's name. seconds: how long it is on the axis of time. labels: of
    its rows. draw: given the scale and where it begins, returns its drawing, and where that ends. data: its
    rows in the table under the picture.
    """

    heading: str
    seconds: float
    labels: Iterable[str]
    draw: Callable[[Scale, float], Drawn]
    data: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Piece:
    """One bar of a row: its state, its time in seconds from the panel's start, and what its tooltip says.

    inset: the room above and below it. hair: by how much it is drawn shorter, to tell it from the next.
    filled: the share of its height that it takes, from below.
    """

    state: str
    began: float
    ended: float
    tooltip: str = ""
    inset: float = 3.0
    hair: float = 0.0
    filled: float = 1.0


@dataclass(frozen=True)
class Row:
    """One lane: its label, its pieces in order, and a note behind them (before them at the page's end).

    rail: the time, in seconds, up to which a light line runs; 0: none. clear: a time that the note stands
    behind, too. strong: whether the label is bold.
    """

    label: str
    pieces: Sequence[Piece]
    note: str = ""
    rail: float = 0.0
    clear: float = 0.0
    strong: bool = False


def versions(now: Any, before: Any, made: Callable[[Any], T]) -> dict[str, T]:
    """Return what is made of one version, under no name, or of two, by the names "before" and "after"."""
    return {"": made(now)} if before is None else {"before": made(before), "after": made(now)}


def stacked(
    ids: str,
    panels: Mapping[str, Panel],
    columns: Sequence[str],
    *,
    title: str,
    point: str = "",
    also: str = "",
    nothing: str = "",
    named: str = "Version",
    right: float = RIGHT,
    states: Mapping[str, str] | None = None,
    legend: Sequence[Markup] = (),
) -> Picture:
    """Draw panels one below the other, on one scale, each from its own beginning.

    Args:
        ids: prefix of the figure's ids.
        panels: by name; a panel without a name has no heading.
        columns: headers of the table, the panel's name left out.
        title: as figure() takes it, like point, states and legend.
        point: what the picture is there to show.
        also: a sentence, said after those that the headings make.
        nothing: what is said where there are no panels, and so no legend.
        named: the header of the column of the panels' names.
        right: where time ends.
        states: what bars in which state mean, for the legend.
        legend: further entries.
    """
    total = max((panel.seconds for panel in panels.values()), default=0.0)
    room = label_room(label for panel in panels.values() for label in panel.labels)
    scale = Scale(0, total or 1, room, right)
    drawing, y = [], 4.0
    for name, panel in panels.items():
        if name:
            drawing.append(heading(y, name, panel.heading))
        drawn, y = panel.draw(scale, y + CAPTION * bool(name))
        drawing.append(drawn)
        y += GAP
    bottom = max(y - GAP, 4.0) + 4
    top = 4 + CAPTION * any(panels)
    name_of = [named] if any(panels) else []
    rows = [[name, *row] if name else row for name, panel in panels.items() for row in panel.data]
    if not panels:
        states, legend = None, ()
    says = each_panel({name: panel.heading for name, panel in panels.items()}) or nothing
    return figure(
        ids,
        title,
        f"{says} {also}".rstrip(),
        [time_axis(scale, top, bottom, total), *drawing],
        bottom + AXIS,
        point=point,
        states=states,
        legend=legend,
        table=Table([*name_of, *columns], rows),
    )


def heading(y: float, name: str, rest: str) -> Markup:
    """Return the heading of one of several panels: its name, then what can be said in a few words."""
    strong = tag("tspan", name, class_="kp-strong")
    return tag("text", strong, tag("tspan", rest, dx=8, class_="kp-muted"), x=0, y=y + 13.0)


def draw_rows(ids: str, rows: Iterable[Row], height: float, scale: Scale, y: float) -> Drawn:
    """Draw rows, each `height` high, from y on."""
    drawn = []
    for each in rows:
        drawn.append(_row(ids, each, height, scale, y))
        y += height
    return join(drawn), y


def _row(ids: str, row: Row, height: float, scale: Scale, y: float) -> Markup:
    middle = y + height / 2
    drawn = [row_label(scale, middle, row.label, "kp-strong" if row.strong else "")] if row.label else []
    if row.rail:
        drawn.append(light_line(scale.left, scale(row.rail), middle))
    for each in row.pieces:
        x0, x1, tall = scale(each.began), scale(each.ended), height - 2 * each.inset
        top = y + each.inset + tall * (1 - each.filled)
        drawn.append(bar(ids, each.state, x0, top, x1 - x0 - each.hair, tall * each.filled, each.tooltip))
    if row.note:
        x0, x1 = scale(row.pieces[0].began), scale(max(row.pieces[-1].ended, row.clear))
        drawn.append(_note(row.note, x0, max(x1, x0 + 1), middle))
    return join(drawn)


def light_line(left: float, right: float, y: float) -> Markup:
    """Return a light horizontal line."""
    return tag("line", x1=left, x2=right, y1=y, y2=y, class_="kp-grid")


def _note(words: str, x0: float, x1: float, middle: float) -> Markup:
    if x1 + 6 + width(words) <= WIDTH:
        return text(x1 + 6, middle + 4.5, words, class_="kp-muted")
    behind = {"x": x0 - 10 - width(words), "y": middle - 8, "width": width(words) + 6, "height": 16}
    paper = tag("rect", **behind, class_="kp-paper")  # hides the light line
    return join([paper, text(x0 - 6, middle + 4.5, words, class_="kp-muted kp-end")])

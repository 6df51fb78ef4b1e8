"""The figure around every picture: caption, drawing, legend, and the data as a table on demand."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kettle.pictures.marks import bar, patterns, sample
from kettle.pictures.palette import stylesheet
from kettle.pictures.svg import Markup, join, tag
from kettle.pictures.units import plural

WIDTH = 560  # of a drawing, in its own units

MOST_ROWS = 300  # of the table under a picture


@dataclass(frozen=True)
class Picture:
    """A picture: `html` holds the figure, `text` says what it shows, and first of all its `point`."""

    html: str = field(repr=False)
    text: str
    point: str = ""
    again: Callable[[str], "Picture"] | None = field(default=None, repr=False, compare=False)

    def with_point(self, point: str) -> "Picture":
        """Return the same picture with another sentence beneath it."""
        return self.again(point) if point and self.again else self

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return self.html

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/html": self.html, "text/plain": self.text}


@dataclass(frozen=True)
class Table:
    """The data behind a picture: headers, and rows of cells already written out."""

    headers: Sequence[str]
    rows: Sequence[Sequence[str]]


def new_ids() -> str:
    """Return a prefix for the ids of one figure; no two figures of a page may share it."""
    return "kp" + secrets.token_hex(4)


def figure(
    ids: str,
    title: str,
    says: str,
    drawing: Sequence[Markup],
    height: float,
    *,
    point: str = "",
    states: Mapping[str, str] | None = None,
    legend: Sequence[Markup] = (),
    table: Table | None = None,
) -> Picture:
    """Put a drawing into its figure.

    Args:
        ids: prefix from new_ids(), also used by the marks in the drawing.
        title: the caption's first line.
        says: a sentence or two, made from the data, that tell what the picture shows.
        drawing: SVG elements on a canvas WIDTH wide.
        height: of the canvas, in the same units.
        point: what the picture is there to show: beneath it, and first in its text alternative.
        states: what bars in which state mean, for the legend.
        legend: further legend entries, each an `<li>`.
        table: the data.
    """
    title, point = title.replace("`", ""), point.replace("`", "")  # a caption is no place for code
    svg = tag(
        "svg",
        tag("title", title, id=f"{ids}-title"),
        tag("desc", " ".join(filter(None, (point, says))), id=f"{ids}-desc"),
        patterns(ids),
        *drawing,
        class_="kp-svg",
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {WIDTH} {height:.0f}",
        role="img",
        aria_labelledby=f"{ids}-title {ids}-desc",
    )
    # A very narrow window scrolls the drawing; tabindex lets the keyboard scroll it too.
    window = tag("div", svg, class_="kp-scroll", tabindex=0, role="group", aria_label="Drawing")
    key = _legend(
        [*(entry(bar(ids, s, 0, 0, 24, 12), words) for s, words in (states or {}).items()), *legend]
    )
    html = frame(ids, caption(ids, title, says), window, key, beneath(point), _details(table))

    def again(point: str) -> Picture:
        return figure(
            ids, title, says, drawing, height, point=point, states=states, legend=legend, table=table
        )

    return Picture(str(html), "\n".join(filter(None, (title, point, says))), point, again)


def beneath(point: str) -> Markup | None:
    """Return the line beneath a picture that states its point."""
    return tag("p", point, class_="kp-point") if point else None


def caption(ids: str, title: str, says: str) -> Markup:
    """Return the visible caption: a title, and what there is to see."""
    lines = [tag("span", line, class_=c) for line, c in ((title, "kp-title"), (says, "kp-says")) if line]
    return tag("figcaption", *lines, id=f"{ids}-caption")


def frame(ids: str, *children: Markup | None) -> Markup:
    """Return the figure element, which carries its own style so that an exported page needs nothing else."""
    return tag(
        "figure",
        tag("style", Markup(stylesheet())),
        *children,
        # mathjax_ignore: a "$1" in a label is no formula. The data attribute keeps JupyterLab's one-letter
        # shortcuts away from somebody who opens the table by keyboard.
        class_="kettle-picture mathjax_ignore",
        role="group",
        aria_labelledby=f"{ids}-caption",
        data_lm_suppress_shortcuts="true",
    )


def _legend(entries: Sequence[Markup]) -> Markup | None:
    return tag("ul", *entries, class_="kp-legend", aria_label="Legend") if len(entries) > 1 else None


def _details(table: Table | None) -> Markup | None:
    if table is None or not table.rows:
        return None
    shown = table.rows[:MOST_ROWS]
    more = len(table.rows) - len(shown)
    note = tag("p", f"… and {plural(more, 'more row')}.") if more else None
    data = html_table(Table(table.headers, shown))
    window = tag("div", data, note, class_="kp-rows", tabindex=0, role="group", aria_label="Data")
    return tag("details", tag("summary", f"Show the data ({plural(len(table.rows), 'row')})"), window)


def html_table(table: Table) -> Markup:
    """Return a table as HTML, columns of numbers set to the right."""
    numeric = [is_numeric([row[i] for row in table.rows]) for i in range(len(table.headers))]
    classes = ["kp-number" if right else None for right in numeric]
    head = [tag("th", h, scope="col", class_=c) for h, c in zip(table.headers, classes, strict=True)]
    rows = [
        tag("tr", *(tag("td", v, class_=c) for v, c in zip(row, classes, strict=True))) for row in table.rows
    ]
    return tag("table", tag("thead", tag("tr", *head)), tag("tbody", join(rows)))


def is_numeric(cells: Sequence[object]) -> bool:
    """Tell whether a column holds numbers (with or without a unit), so that it is set to the right."""
    return bool(cells) and all(str(c)[:1].isdigit() or str(c)[:1] in {"-", "–", ""} for c in cells)


def entry(mark: Markup, words: str) -> Markup:
    """Return a legend entry: a mark drawn on 24 × 12 units, and its words."""
    return tag("li", sample(mark), words)

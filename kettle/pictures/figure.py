"""The figure around every picture: caption, drawing, legend, and the data as a table on demand."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from kettle.pictures.marks import bar, patterns, sample
from kettle.pictures.palette import stylesheet
from kettle.pictures.svg import Markup, join, tag
from kettle.pictures.units import plural

WIDTH = 560  # of a drawing, in its own units

MOST_ROWS = 300  # of the table under a picture


@dataclass(frozen=True, repr=False)
class Picture:
    """A picture: `html` is its figure, `text` says what it shows, and first of all its `point`.

    ids: prefix of its ids. title, says: its caption. drawn: given the picture, what stands between caption
    and point. below: what stands beneath the point. words: what else its text says.
    """

    ids: str
    title: str
    says: str
    point: str
    drawn: Callable[["Picture"], Sequence[Markup | None]]
    below: Markup | None = None
    words: str = ""

    def with_point(self, point: str) -> "Picture":
        """Return the same picture with another sentence beneath it."""
        return replace(self, point=plain(point)) if point else self

    @property
    def html(self) -> str:
        """The figure, which carries its own style so that an exported page needs nothing else."""
        named = ((self.title, "kp-title"), (self.says, "kp-says"))
        lines = [tag("span", line, class_=class_) for line, class_ in named if line]
        return tag(
            "figure",
            tag("style", Markup(stylesheet())),
            tag("figcaption", *lines, id=f"{self.ids}-caption"),
            *self.drawn(self),
            tag("p", self.point, class_="kp-point") if self.point else None,
            self.below,
            # mathjax_ignore: a "$1" in a label is no formula. The data attribute keeps JupyterLab's
            # one-letter shortcuts away from somebody who opens the table by keyboard.
            class_="kettle-picture mathjax_ignore",
            role="group",
            aria_labelledby=f"{self.ids}-caption",
            data_lm_suppress_shortcuts="true",
        )

    @property
    def text(self) -> str:
        """The picture in words, for whatever shows no HTML."""
        return "\n".join(filter(None, (self.title, self.point, self.says, self.words)))

    def __repr__(self) -> str:
        return self.text

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
    samples = [entry(bar(ids, state, 0, 0, 24, 12), words) for state, words in (states or {}).items()]
    key = _legend([*samples, *legend])

    def drawn(picture: Picture) -> Sequence[Markup | None]:
        svg = tag(
            "svg",
            tag("title", picture.title, id=f"{ids}-title"),
            tag("desc", " ".join(filter(None, (picture.point, picture.says))), id=f"{ids}-desc"),
            patterns(ids),
            *drawing,
            class_="kp-svg",
            xmlns="http://www.w3.org/2000/svg",
            viewBox=f"0 0 {WIDTH} {height:.0f}",
            role="img",
            aria_labelledby=f"{ids}-title {ids}-desc",
        )
        return window(svg, "Drawing"), key

    return Picture(ids, plain(title), says, plain(point), drawn, _details(table))


def plain(words: str) -> str:
    """Return words without backticks: a caption is no place for code."""
    return words.replace("`", "")


def window(inside: Markup, name: str) -> Markup:
    """Return what scrolls where it is wider than its page; tabindex lets the keyboard scroll it too."""
    return tag("div", inside, class_="kp-scroll", tabindex=0, role="group", aria_label=name)


def _legend(entries: Sequence[Markup]) -> Markup | None:
    return tag("ul", *entries, class_="kp-legend", aria_label="Legend") if len(entries) > 1 else None


def _details(table: Table | None) -> Markup | None:
    if table is None or not table.rows:
        return None
    shown = table.rows[:MOST_ROWS]
    more = len(table.rows) - len(shown)
    note = tag("p", f"… and {plural(more, 'more row')}.") if more else None
    data = html_table(Table(table.headers, shown))
    rows = tag("div", data, note, class_="kp-rows", tabindex=0, role="group", aria_label="Data")
    return tag("details", tag("summary", f"Show the data ({plural(len(table.rows), 'row')})"), rows)


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

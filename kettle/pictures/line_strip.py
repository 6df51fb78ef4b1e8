"""Lines of source, each with its share of the time beside it: bars, hits, and the time of one hit."""

from collections.abc import Sequence
from textwrap import dedent
from typing import Any

from kettle.pictures.figure import Picture, new_ids, plain, window
from kettle.pictures.svg import Markup, join, tag
from kettle.pictures.tables import text_table
from kettle.pictures.units import number, seconds, times

BAR = 64  # the width of a bar at 100 percent
HEADERS = ("Line", "Share of the time", "Hits", "Per hit", "Source")


def line_strip(lines: Any, *, title: str = "Time per line", point: str = "") -> Picture:
    """Draw the share of each line of a function beside its source.

    Args:
        lines: of one function, as `probes.lines` has them.
        title: the caption.
        point: what the picture is there to show, in a sentence; where left out, the picture's own words.
    """
    lines = list(getattr(lines, "lines", lines))
    ran = [line for line in lines if line.hits]
    top, whole = max(ran, key=lambda line: line.seconds, default=None), sum(line.seconds for line in lines)
    source = dedent("\n".join(str(line.source) for line in lines)).split("\n") if lines else []
    shares = [line.seconds / (whole or 1.0) for line in lines]
    cells = [_cells(*each) for each in zip(lines, source, shares, strict=True)]
    head = [
        tag("th", name, scope="col", class_=None if name == "Source" else "kp-number") for name in HEADERS
    ]
    rows = [
        _row(written, BAR * share if line.hits else 0, "kp-strong" if line is top else None)
        for line, written, share in zip(lines, cells, shares, strict=True)
    ]
    shown = tag("table", tag("thead", tag("tr", *head)), tag("tbody", join(rows)), class_="kp-lines")
    drawn, words = [window(shown, "Lines")], text_table(HEADERS, cells)
    return Picture(
        new_ids(), plain(title), _says(ran, top, whole), point or _point(top), lambda _: drawn, words=words
    )


def _cells(line: Any, source: str, share: float) -> Sequence[str]:
    if not line.hits:
        return str(line.number), "", "", "", source
    return str(line.number), _percent(share), f"{line.hits:,}", seconds(line.seconds / line.hits), source


def _row(cells: Sequence[str], wide: float, class_: str | None) -> Markup:
    place, share, hits, each, source = cells
    bar = tag(
        "svg",
        tag("rect", x=0, y=1, width=max(wide, 0.5) if hits else 0, height=12, class_="kp-running"),
        width=BAR,
        height=14,
        viewBox=f"0 0 {BAR} 14",
        xmlns="http://www.w3.org/2000/svg",
        aria_hidden="true",
    )
    return tag(
        "tr",
        tag("td", place, class_="kp-number"),
        tag("td", bar, tag("span", share), class_="kp-share"),
        tag("td", hits, class_="kp-number"),
        tag("td", each, class_="kp-number"),
        tag("td", tag("code", source or "\u00a0")),
        class_=class_,
    )


def _percent(share: float) -> str:
    return f"{100 * share:.0f}%" if share >= 0.0995 else f"{100 * share:.1f}%"


def _each(line: Any) -> float:
    return line.seconds / line.hits


def _says(ran: Sequence[Any], top: Any, whole: float) -> str:
    if not ran:
        return "No line ran."
    longest = max(ran, key=_each)
    first = f"Line {top.number} takes {_percent(top.seconds / (whole or 1.0))} of {seconds(whole)}."
    if longest is top:
        return f"{first} It also takes longest per hit."
    longer, share = times(_each(longest) / _each(top)), _percent(longest.seconds / whole)
    each = f"One hit of line {longest.number} takes {longer} as long"
    return f"{first} {each}, but all its hits together take {share}."


def _point(top: Any) -> str:
    if top is None:
        return ""
    often = "once" if top.hits == 1 else f"{number(top.hits, 12)} times"
    return f"Hits × time per hit: line {top.number} ran {often}, {seconds(_each(top))} each."

"""Lines of source, each with its share of the time beside it: bars, hits, and the time of one hit."""

from collections.abc import Iterable, Sequence
from textwrap import dedent
from typing import Any

from kettle.pictures.figure import Picture, beneath, caption, frame, new_ids
from kettle.pictures.svg import Markup, join, tag
from kettle.pictures.tables import text_table
from kettle.pictures.units import number, seconds, times

BAR = 64  # the width of a bar at 100 percent
HEADERS = ("Line", "Share of the time", "Hits", "Per hit", "Source")


def line_strip(lines: Iterable[Any], *, title: str = "Time by line", point: str = "") -> Picture:
    """Draw the share of each line of a function beside its source.

    Args:
        lines: objects with .number, .source, .hits and .seconds (of all hits together), in order; or what
            has them as .lines.
        title: the caption.
        point: what the picture is there to show, in a sentence; where left out, the picture's own words.
    """
    lines = list(getattr(lines, "lines", lines))
    says, own = _says(lines), point or _point(lines)
    whole = sum(line.seconds for line in lines) or 1.0
    source = dedent("\n".join(str(line.source) for line in lines)).split("\n") if lines else []
    ids, title = new_ids(), title.replace("`", "")
    head = [
        tag("th", name, scope="col", class_=None if name in HEADERS[-1:] else "kp-number") for name in HEADERS
    ]
    top = _top(lines)
    rows = [
        _row(line, text, line.seconds / whole, line is top) for line, text in zip(lines, source, strict=True)
    ]
    shown = tag("table", tag("thead", tag("tr", *head)), tag("tbody", join(rows)), class_="kp-lines")
    window = tag("div", shown, class_="kp-scroll", tabindex=0, role="group", aria_label="Lines")
    html = frame(ids, caption(ids, title, says), window, beneath(own))
    written = text_table(
        HEADERS, [_cells(line, text, line.seconds / whole) for line, text in zip(lines, source, strict=True)]
    )
    parts = [part for part in (title, own, says, written) if part]
    return Picture(
        str(html), "\n".join(parts), own, lambda point: line_strip(lines, title=title, point=point)
    )


def _row(line: Any, text: str, share: float, is_top: bool) -> Markup:
    bar = tag(
        "svg",
        tag(
            "rect", x=0, y=1, width=max(BAR * share, 0.5) if line.hits else 0, height=12, class_="kp-running"
        ),
        width=BAR,
        height=14,
        viewBox=f"0 0 {BAR} 14",
        xmlns="http://www.w3.org/2000/svg",
        aria_hidden="true",
    )
    figures = _cells(line, text, share)
    strong = "kp-strong" if is_top else None
    return tag(
        "tr",
        tag("td", figures[0], class_="kp-number"),
        tag("td", bar, tag("span", figures[1]), class_="kp-share"),
        tag("td", figures[2], class_="kp-number"),
        tag("td", figures[3], class_="kp-number"),
        tag("td", tag("code", text or "\u00a0")),
        class_=strong,
    )


def _cells(line: Any, text: str, share: float) -> Sequence[str]:
    if not line.hits:
        return str(line.number), "", "", "", text
    return str(line.number), _percent(share), f"{line.hits:,}", seconds(line.seconds / line.hits), text


def _percent(share: float) -> str:
    return f"{100 * share:.0f}%" if share >= 0.0995 else f"{100 * share:.1f}%"


def _top(lines: Sequence[Any]) -> Any:
    ran = [line for line in lines if line.hits]
    return max(ran, key=lambda line: line.seconds) if ran else None


def _says(lines: Sequence[Any]) -> str:
    top = _top(lines)
    if top is None:
        return "No line ran. There is nothing to see."
    whole = sum(line.seconds for line in lines)
    dear = max((line for line in lines if line.hits), key=lambda line: line.seconds / line.hits)
    first = f"Line {top.number} has {_percent(top.seconds / (whole or 1.0))} of {seconds(whole)}."
    if dear is top:
        return f"{first} It takes longest for one hit, too."
    dearer = times((dear.seconds / dear.hits) / (top.seconds / top.hits))
    return (
        f"{first} One hit of line {dear.number} takes {dearer} as long, "
        f"and all of its hits have {_percent(dear.seconds / whole)}."
    )


def _point(lines: Sequence[Any]) -> str:
    top = _top(lines)
    if top is None:
        return ""
    often = "once" if top.hits == 1 else f"{number(top.hits, 12)} times"
    each = seconds(top.seconds / top.hits)
    return f"Hits times the time of one hit: line {top.number} ran {often}, {each} each."

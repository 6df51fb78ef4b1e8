"""Which key each visitor's request led to in a cache, and whose page came back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kettle.pictures.figure import WIDTH, Picture, Table, entry, figure, new_ids
from kettle.pictures.lanes import heading
from kettle.pictures.svg import Markup, tag, text, width
from kettle.pictures.units import plural

ROW, CAPTION, GAP, BOX = 21, 24, 10, 17  # heights, in drawing units
LEFT, RIGHT = 104, 404  # where the lines begin and end
MADE, FOUND, CROSSED = "makes it", "finds it", "finds another visitor's page"
LINES = {  # colour and dashes
    MADE: ("kp-cancelled-ink", "5 3"),
    FOUND: ("kp-running-ink", None),
    CROSSED: ("kp-blocked-ink", None),
}


def key_map(
    tries: Mapping[str, Sequence[Any]], *, title: str = "Whose page came back", point: str = ""
) -> Picture:
    """Draw visits from top to bottom: at the left who asked, then the key, at the right whose page came back.

    Args:
        tries: by name, the visits of each: with .who, .language, .name (whose page it was), .key (in a cache,
            "" for none), .found (whether something was kept there) and .crossed (whether it was wrong).
        title: the caption.
        point: what the picture is there to show, in a sentence; where left out, the picture's own words.
    """
    ids, drawing, rows, says, y = new_ids(), [], [], [], 4.0
    for name, visits in tries.items():
        told = _told(visits)
        if name:
            drawing.append(heading(y, name, told))
            y += CAPTION
        says.append(f"{name}: {told}." if name else f"{told.capitalize()}.")
        drawing += _panel(visits, y)
        y += ROW * len(visits) + GAP
        rows += [[name, *_row(visit)] for visit in visits]
    return figure(
        ids,
        title,
        " ".join(says) or "Nobody came.",
        drawing,
        y,
        point=point or _point(tries),
        legend=[entry(_line(0, 6, 24, 6, how), how) for how in LINES],
        table=Table(["Try", "Who asked", "Language", "Key", "There", "Whose page"], rows),
    )


def _told(visits: Sequence[Any]) -> str:
    keys = len({visit.key for visit in visits if visit.key})
    found = sum(visit.found for visit in visits)
    crossed = sum(visit.crossed for visit in visits)
    got = f"{crossed} got somebody else's page" if crossed else "all got their own page"
    return f"{plural(len(visits), 'visit')}, {plural(keys, 'key')}, {found} found something kept, {got}"


def _point(tries: Mapping[str, Sequence[Any]]) -> str:
    told = []
    for name, visits in tries.items():
        crossed = f"{sum(visit.crossed for visit in visits)} of {len(visits)}"
        told.append(f"{name}: {crossed}" if name else crossed)
    return f"Pages that went to somebody else: {'; '.join(told)}." if told else ""


def _row(visit: Any) -> list[str]:
    whose = f"{visit.name}'s, wrong" if visit.crossed else f"{visit.name}'s"
    return [visit.who, visit.language, visit.key or "none", "yes" if visit.found else "no", whose]


def _how(visit: Any) -> str:
    return CROSSED if visit.crossed else FOUND if visit.found else MADE


def _panel(visits: Sequence[Any], y: float) -> list[Markup]:
    """Return the lines first, then the boxes of keys on them, then the words at both ends."""
    middles = [y + ROW * (number + 0.5) for number in range(len(visits))]
    by_key: dict[str, list[float]] = {}
    for visit, middle in zip(visits, middles, strict=True):
        by_key.setdefault(visit.key, []).append(middle)
    room = max((width(key) for key in by_key), default=0.0) + 12
    left = (LEFT + RIGHT - room) / 2
    tops = _apart({key: sum(each) / len(each) for key, each in by_key.items()}, y, ROW * len(visits))
    lines, words = [], []
    for visit, middle in zip(visits, middles, strict=True):
        how, at = _how(visit), tops[visit.key] if visit.key else middle
        lines += [
            _line(LEFT, middle, left, at, how),
            _line(left if not visit.key else left + room, at, RIGHT, middle, how),
        ]
        whose = f"✗ {visit.name}'s page" if visit.crossed else f"{visit.name}'s page"
        strong = "kp-strong" if visit.crossed else None
        words += [
            text(LEFT - 6, middle + 4.5, f"{visit.who} {visit.language}", room=LEFT - 6, class_="kp-end"),
            text(RIGHT + 6, middle + 4.5, whose, room=WIDTH - RIGHT - 6, class_=strong),
        ]
    boxes = [box for key, top in tops.items() if key for box in _box(left, top, room, key)]
    return [*lines, *boxes, *words]


def _apart(middles: Mapping[str, float], y: float, height: float) -> dict[str, float]:
    """Return where keys are drawn: in the order of their visits, each in a share of the height of its own."""
    share = height / max(len(middles), 1)
    order = sorted(middles, key=lambda key: middles[key])
    return {key: y + share * (place + 0.5) for place, key in enumerate(order)}


def _box(left: float, middle: float, room: float, key: str) -> list[Markup]:
    shape = {"x": left, "y": middle - BOX / 2, "width": room, "height": float(BOX), "rx": 3}
    return [
        tag("rect", **shape, class_="kp-paper"),
        tag("rect", **shape, class_="kp-ink-line"),
        text(left + room / 2, middle + 4.5, key, class_="kp-middle"),
    ]


def _line(x: float, y: float, to_x: float, to_y: float, how: str) -> Markup:
    colour, dashes = LINES[how]
    ends = {"x1": float(x), "y1": float(y), "x2": float(to_x), "y2": float(to_y)}
    return tag("line", **ends, class_=f"kp-line {colour}", stroke_dasharray=dashes)

"""The icicle of a profile: each function hangs under its caller, as wide as its share of the time.

It is a flame graph turned upside down, the form that most profilers draw.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from kettle.pictures.figure import WIDTH, Picture, Table, entry, figure, new_ids
from kettle.pictures.profile_tree import Frame
from kettle.pictures.svg import Markup, shorten, tag, text, width
from kettle.pictures.units import number, seconds, spelled

ROW, BAND = 32, 6  # heights of a box, and of the band along its foot that stands for its own time
MARGIN = 6  # beside the words in a box
LEAST = 6  # characters of a name that is shortened; fewer say nothing


def icicle(tree: Frame, *, title: str = "Where the time went", depth: int = 4, point: str = "") -> Picture:
    """Draw who called whom, and how the time was shared.

    Args:
        tree: from from_profile() or from_stacks().
        title: the caption.
        depth: rows at most; what lies deeper is in the width of the boxes all the same.
        point: what the picture is there to show, in a sentence; where left out, the picture's own words.
    """
    ids, bottom, whole = new_ids(), 0.0, tree.seconds or 1.0
    drawn: list[Markup] = []
    placed = list(_placed(tree, 0.0, float(WIDTH) / whole, 0, depth))
    for frame, x, level in placed:
        drawn += _box(frame, x, 2 + level * ROW, WIDTH * frame.seconds / whole, whole)
        bottom = max(bottom, 2 + (level + 1) * ROW)
    boxes = spelled(len(placed), "box", "boxes")
    cut = any(frame.children for frame, _, level in placed if level + 1 == depth)
    deeper = "; what lies deeper is left out" if cut else ""
    return figure(
        ids,
        title,
        f"{boxes} for {seconds(tree.seconds)}: each is a function, as wide as its share of time, under the "
        f"one that called it. The thick foot of a box is the time in the function itself{deeper}.",
        drawn,
        bottom + 2,
        point=point or _point(tree),
        legend=[
            entry(
                tag("rect", x=1, y=0.5, width=22, height=11, class_="kp-through"),
                "called by the box above it",
            ),
            entry(tag("rect", x=1, y=4, width=22, height=BAND, class_="kp-running"), "in itself"),
        ],
        table=_table(tree, depth),
    )


def _placed(
    frame: Frame, x: float, scale: float, level: int, depth: int
) -> Iterator[tuple[Frame, float, int]]:
    yield frame, x, level
    if level + 1 < depth:
        for child in frame.children:
            yield from _placed(child, x, scale, level + 1, depth)
            x += child.seconds * scale


def _box(frame: Frame, x: float, y: float, wide: float, whole: float) -> Iterator[Markup]:
    own = wide * frame.own / (frame.seconds or 1.0)
    share = f"{number(100 * frame.seconds / whole, 2)}%"
    calls = "" if frame.calls is None else f" in {frame.calls:,} call{'s' * (frame.calls != 1)}"
    told = f"{frame.name}: {share}, {seconds(frame.seconds)}{calls}, {seconds(frame.own)} in itself"
    yield tag(
        "g",
        tag("title", told),
        tag("rect", x=x, y=float(y), width=max(wide, 1.0), height=ROW - 2, class_="kp-through"),
        # What a function calls hangs on its left, so its own time is what is left at its right.
        tag(
            "rect", x=x + wide - own, y=float(y + ROW - 2 - BAND), width=own, height=BAND, class_="kp-running"
        )
        if own >= 0.5
        else None,
    )
    words = _words(frame.name, share, wide - 2 * MARGIN)
    if words:
        yield text(x + MARGIN, y + 16, words)


def _words(name: str, share: str, room: float) -> str:
    """Return what there is room for in a box: name and share, the name, some of it, or nothing."""
    whole = f"{name} {share}"
    short = whole if width(whole) <= room else shorten(name, room)
    return short if width(short) <= room and len(short) >= min(LEAST, len(name)) else ""


def _frames(frame: Frame, level: int, depth: int) -> Iterator[tuple[Frame, int]]:
    yield frame, level
    if level + 1 < depth:
        for child in frame.children:
            yield from _frames(child, level + 1, depth)


def _point(tree: Frame) -> str:
    own: dict[str, float] = defaultdict(float)
    for frame, _ in _frames(tree, 0, 1_000):
        own[frame.name] += frame.own
    name = max(own, key=own.__getitem__)
    if not own[name]:
        return "No time was measured."
    return f"{name} itself has {number(100 * own[name] / tree.seconds, 2)}% of the time."


def _table(tree: Frame, depth: int) -> Table:
    whole = tree.seconds or 1.0
    rows = [
        [
            "  " * level + f.name,
            "–" if f.calls is None else f"{f.calls:,}",
            seconds(f.own),
            seconds(f.seconds),
            f"{number(100 * f.seconds / whole, 2)}%",
        ]
        for f, level in _frames(tree, 0, depth)
    ]
    return Table(["Function", "Calls", "Itself", "With what it calls", "Share"], rows)

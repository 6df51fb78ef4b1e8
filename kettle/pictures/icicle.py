"""The icicle of a profile: each function hangs under its caller, as wide as its share of the time.

It is a flame graph turned upside down, the form that most profilers draw.
"""

from collections import defaultdict
from collections.abc import Iterator

from kettle.pictures.figure import WIDTH, Picture, Table, entry, figure, new_ids
from kettle.pictures.profile_tree import Frame
from kettle.pictures.svg import Markup, shorten, tag, text, width
from kettle.pictures.units import number, seconds

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
    whole = tree.seconds or 1.0
    placed = list(_placed(tree, 0.0, WIDTH / whole, 0, depth))
    drawn = [mark for frame, x, level in placed for mark in _box(frame, x, 2.0 + level * ROW, whole)]
    cut = any(frame.children for frame, _, level in placed if level + 1 == depth)
    deeper = "; deeper calls are left out" if cut else ""
    box, band = {"x": 1, "y": 0.5, "width": 22, "height": 11}, {"x": 1, "y": 4, "width": 22, "height": BAND}
    return figure(
        new_ids(),
        title,
        f"Each box is a function below its caller, as wide as its share of {seconds(tree.seconds)}{deeper}. "
        "The thick band along its foot is its self time: what it did itself, at work or waiting.",
        drawn,
        2 + (1 + max(level for *_, level in placed)) * ROW + 2,
        point=point or _point(tree),
        legend=[
            entry(tag("rect", **box, class_="kp-through"), "a function, called by the one above"),
            entry(tag("rect", **band, class_="kp-running"), "self time"),
        ],
        table=Table(
            ["Function", "Calls", "Self time", "Total time", "Share"],
            [_cells(frame, level, whole) for frame, _, level in placed],
        ),
    )


def _placed(
    frame: Frame, x: float, scale: float, level: int, depth: int
) -> Iterator[tuple[Frame, float, int]]:
    """Return each frame with its place: how far to the right, and how deep."""
    yield frame, x, level
    if level + 1 < depth:
        for child in frame.children:
            yield from _placed(child, x, scale, level + 1, depth)
            x += child.seconds * scale


def _box(frame: Frame, x: float, y: float, whole: float) -> Iterator[Markup]:
    wide = WIDTH * frame.seconds / whole
    own = wide * frame.own / (frame.seconds or 1.0)
    share = f"{number(100 * frame.seconds / whole, 2)}%"
    calls = "" if frame.calls is None else f" in {frame.calls:,} call{'s' * (frame.calls != 1)}"
    told = f"{frame.name}: {share}, {seconds(frame.seconds)}{calls}, self time {seconds(frame.own)}"
    # What a function calls hangs on its left, so its own time is what is left at its right.
    foot = {"x": x + wide - own, "y": y + ROW - 2 - BAND, "width": own, "height": BAND}
    yield tag(
        "g",
        tag("title", told),
        tag("rect", x=x, y=y, width=max(wide, 1.0), height=ROW - 2, class_="kp-through"),
        tag("rect", **foot, class_="kp-running") if own >= 0.5 else None,
    )
    words = _words(frame.name, share, wide - 2 * MARGIN)
    if words:
        yield text(x + MARGIN, y + 16, words)


def _words(name: str, share: str, room: float) -> str:
    """Return what there is room for in a box: name and share, the name, some of it, or nothing."""
    whole = f"{name} {share}"
    short = whole if width(whole) <= room else shorten(name, room)
    return short if width(short) <= room and len(short) >= min(LEAST, len(name)) else ""


def _point(tree: Frame) -> str:
    own: dict[str, float] = defaultdict(float)
    for frame, *_ in _placed(tree, 0, 0, 0, 1_000):
        own[frame.name] += frame.own
    name = max(own, key=own.__getitem__)
    if not own[name]:
        return "No time was measured."
    return f"{name} itself takes {number(100 * own[name] / tree.seconds, 2)}% of the time."


def _cells(frame: Frame, level: int, whole: float) -> list[str]:
    calls, share = frame.calls, f"{number(100 * frame.seconds / whole, 2)}%"
    counted = "–" if calls is None else f"{calls:,}"
    return ["  " * level + frame.name, counted, seconds(frame.own), seconds(frame.seconds), share]

"""Threads over time: a lane for each, filled as high as the share of a core that it had."""

from collections.abc import Mapping, Sequence
from typing import Any

from kettle.pictures.figure import Picture, Table, entry, figure, new_ids
from kettle.pictures.marks import time_axis, unit_for
from kettle.pictures.scale import Scale
from kettle.pictures.svg import Markup, join, tag, text
from kettle.pictures.units import number, plural, seconds
from kettle.pictures.waterfall import AXIS, RIGHT, label_room, stacked

LANE = 20


def thread_lanes(
    groups: Mapping[str, Any], *, title: str = "What the threads had of a core", point: str = ""
) -> Picture:
    """Draw when each thread worked, and how much of that time it had a processor.

    Args:
        groups: by name, such as the kind of work, objects with .stretches: each with .thread (a number),
            .began, .ended (seconds on one clock), and .share (0 to 1). All groups begin at 0 in the picture.
        title: the caption.
        point: what the picture is there to show, in a sentence; where left out, the picture's own words.
    """
    shown = {name: tuple(getattr(group, "stretches", group)) for name, group in groups.items()}
    shown = {name: stretches for name, stretches in shown.items() if stretches}
    total = max((_length(stretches) for stretches in shown.values()), default=0.0)
    scale = Scale(0, total or 1, label_room(["thread 4"]), RIGHT)
    drawing, y = stacked(shown, _in_short, lambda stretches, y: _lanes(stretches, scale, y))
    legend = [
        entry(_box(0, 0, 24, 12, 0.0), "waiting: for the interpreter, for a core, or for an answer"),
        entry(_box(0, 0, 24, 12, 0.5), "filled: its share of a core"),
    ]
    return figure(
        new_ids(),
        title,
        " ".join(f"{name}: {_in_short(stretches)}." for name, stretches in shown.items())
        or "No thread worked. There is nothing to see.",
        [time_axis(scale, 4, y + 2, unit_for(total)), *drawing],
        y + 2 + AXIS,
        point=point,
        legend=legend if shown else (),
        table=_table(shown),
    )


def _lanes(stretches: Sequence[Any], scale: Scale, y: float) -> tuple[Markup, float]:
    start, drawn = min(each.began for each in stretches), []
    for thread in sorted({each.thread for each in stretches}):
        name = f"thread {thread + 1}"
        drawn.append(text(scale.left - 10, y + LANE / 2 + 4.5, name, room=scale.left - 10, class_="kp-end"))
        for each in stretches:
            if each.thread == thread:
                x0, x1 = scale(each.began - start), scale(each.ended - start)
                drawn.append(_box(x0, y + 2, max(x1 - x0 - 1, 1.0), LANE - 4, each.share, name))
        y += LANE
    return join(drawn), y


def _box(x: float, y: float, width: float, height: float, share: float, name: str = "") -> Markup:
    filled = height * share
    inside = {"x": x + 0.5, "y": y + 0.5, "width": max(width - 1.0, 0.5), "height": height - 1.0}
    return tag(
        "g",
        tag("title", f"{name}: {100 * share:.0f}% of a core") if name else None,
        tag("rect", **inside, class_="kp-waiting"),
        tag("rect", x=x, y=y + height - filled, width=width, height=filled, class_="kp-running")
        if share
        else None,
    )


def _in_short(stretches: Sequence[Any]) -> str:
    threads = plural(len({each.thread for each in stretches}), "thread")
    length = _length(stretches)
    cores = sum(each.share * (each.ended - each.began) for each in stretches) / (length or 1.0)
    return f"{threads}, {seconds(length)}, together {cores:.1f} cores"


def _length(stretches: Sequence[Any]) -> float:
    return max(each.ended for each in stretches) - min(each.began for each in stretches)


def _table(shown: Mapping[str, Sequence[Any]]) -> Table:
    rows = [
        (
            name,
            number(each.thread + 1),
            seconds(each.began - min(e.began for e in stretches)),
            seconds(each.ended - each.began),
            f"{100 * each.share:.0f}%",
        )
        for name, stretches in shown.items()
        for each in sorted(stretches, key=lambda each: (each.thread, each.began))
    ]
    return Table(("Work", "Thread", "Began", "Took", "Share of a core"), rows)

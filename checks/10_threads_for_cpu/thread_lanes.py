"""Threads over time: a lane for each, filled as high as the share of a core that it had."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from kettle.pictures.figure import Picture, entry, new_ids
from kettle.pictures.lanes import Panel, Piece, Row, draw_rows, stacked
from kettle.pictures.marks import bar
from kettle.pictures.svg import join
from kettle.pictures.units import number, plural, seconds

LANE = 20


def thread_lanes(groups: Mapping[str, Any]) -> Picture:
    """Draw when each thread worked, and how much of that time it had a processor.

    Args:
        groups: by name, such as the kind of work, what has .stretches, or the stretches: each with .thread (a
            number), .began, .ended (seconds on one clock), and .share (0 to 1). All groups begin at 0 in the
            picture.
    """
    ids = new_ids()
    shown = {name: tuple(getattr(group, "stretches", group)) for name, group in groups.items()}
    shown = {name: stretches for name, stretches in shown.items() if stretches}
    waits, works = bar(ids, "waiting", 0, 0, 24, 12), bar(ids, "running", 0, 6, 24, 6)
    legend = [
        entry(waits, "waiting: for the GIL, for a core, or for a reply"),
        entry(join([waits, works]), "filled up to its share of a core"),
    ]
    return stacked(
        ids,
        {name: _panel(ids, stretches) for name, stretches in shown.items()},
        ["Thread", "Start", "Duration", "Share of a core"],
        title="Share of a core that each thread got",
        nothing="No thread did any work.",
        named="Work",
        legend=legend,
    )


def _panel(ids: str, stretches: Sequence[Any]) -> Panel:
    start = min(each.began for each in stretches)
    ordered = sorted(stretches, key=lambda each: (each.thread, each.began))
    data = [
        (number(each.thread + 1), seconds(each.began - start), seconds(each.ended - each.began), _share(each))
        for each in ordered
    ]
    pieces: dict[str, list[Piece]] = {}
    for each in ordered:
        name = f"thread {each.thread + 1}"
        looks = each.began - start, each.ended - start, f"{name}: {_share(each)} of a core", 2.0, 1.0
        pieces.setdefault(name, []).extend([Piece("waiting", *looks), Piece("running", *looks, each.share)])
    rows = [Row(name, some) for name, some in pieces.items()]
    return Panel(_in_short(stretches), _length(stretches), pieces, partial(draw_rows, ids, rows, LANE), data)


def _share(stretch: Any) -> str:
    return f"{100 * stretch.share:.0f}%"


def _in_short(stretches: Sequence[Any]) -> str:
    threads, length = plural(len({each.thread for each in stretches}), "thread"), _length(stretches)
    cores = sum(each.share * (each.ended - each.began) for each in stretches) / (length or 1.0)
    return f"{threads} kept {cores:.1f} cores busy for {seconds(length)}"


def _length(stretches: Sequence[Any]) -> float:
    return max(each.ended for each in stretches) - min(each.began for each in stretches)

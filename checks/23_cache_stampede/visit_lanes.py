"""Visits over time: a lane for each thread, and in it who makes what is not kept, and who waits."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from kettle.pictures.figure import Picture, new_ids
from kettle.pictures.lanes import Drawn, Panel, Piece, Row, draw_rows, stacked, versions
from kettle.pictures.scale import Scale
from kettle.pictures.units import plural, seconds

LANE = 14
BEFORE = 0.1  # seconds that are shown before the first one makes the value
SHORT = 0.004  # seconds that a visit is drawn for at least


def visit_lanes(
    visits: Sequence[Any], before: Sequence[Any] | None = None, *, title: str = "Visits"
) -> Picture:
    """Draw the moment at which a kept value is made anew.

    Args:
        visits: each with .worker (a process and a thread), .began, .ended (seconds) and .made, the times at
            which it began and ended to make the value, or None.
        before: those of the merged code, if there are any.
        title: the caption.
    """
    ids = new_ids()
    panels = versions(visits, before, _Moment)
    return stacked(
        ids,
        {name: moment.panel(ids) for name, moment in panels.items()},
        ["Process", "Thread", "Start", "Visit took", "Made it"],
        title=title,
        nothing="Nobody came.",
        states={"running": "makes it", "waiting": "visits without making it"},
    )


class _Moment:
    """The visits around the first making, with seconds from a little before it."""

    def __init__(self, visits: Sequence[Any]) -> None:
        made = [visit for visit in visits if visit.made]
        first = min((visit.made[0] for visit in made), default=0.0)
        self.start = max(0.0, first - BEFORE)
        self.end = max((visit.ended for visit in made), default=first) + BEFORE
        self.visits = [visit for visit in visits if visit.ended > self.start and visit.began < self.end]
        self.makers = len(made)

    def panel(self, ids: str) -> Panel:
        heading = f"made {plural(self.makers, 'time')}, longest visit {seconds(self.longest)}"
        data = [
            (
                *map(str, visit.worker),
                seconds(visit.began - self.start),
                seconds(visit.ended - visit.began),
                "yes" if visit.made else "no",
            )
            for visit in self.visits
            if visit.made or visit.ended - visit.began > 10 * SHORT
        ]
        return Panel(heading, self.end - self.start, ["process 4, thread 5"], partial(self.draw, ids), data)

    @property
    def longest(self) -> float:
        return max((visit.ended - visit.began for visit in self.visits), default=0.0)

    def draw(self, ids: str, scale: Scale, y: float) -> Drawn:
        workers = sorted({visit.worker for visit in self.visits})
        rows = [Row("process {}, thread {}".format(*worker), [*self.pieces(worker)]) for worker in workers]
        return draw_rows(ids, rows, LANE, scale, y)

    def pieces(self, worker: tuple[int, int]) -> list[Piece]:
        return [self.piece(visit) for visit in self.visits if visit.worker == worker]

    def piece(self, visit: Any) -> Piece:
        began = max(0.0, visit.began - self.start)
        ended = min(self.end, visit.ended) - self.start
        took = seconds(visit.ended - visit.began)
        what = f"makes it, in {took}" if visit.made else f"gets it after {took}"
        told = "process {}, thread {}: ".format(*visit.worker) + what
        return Piece("running" if visit.made else "waiting", began, max(ended, began + SHORT), told, 2.0, 0.5)

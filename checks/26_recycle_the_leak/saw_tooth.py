"""The saw-tooth: the memory of all workers by request, and below it when each worker was replaced."""

from __future__ import annotations

from typing import Any

from kettle.pictures.figure import WIDTH, Picture, Table, entry, figure, new_ids
from kettle.pictures.lanes import heading, light_line, versions
from kettle.pictures.marks import axis, label_room, row_label
from kettle.pictures.scale import Scale, ticks
from kettle.pictures.svg import Markup, tag, text
from kettle.pictures.units import in_unit, number, plural, prefix

CAPTION, CURVE, LANE, GAP = 24, 112, 15, 18  # heights, in drawing units
NAME = "memory of all"


def saw_tooth(evening: Any, before: Any = None, *, title: str = "Memory, request by request") -> Picture:
    """Draw what the workers of a service kept, and when they were replaced.

    Args:
        evening: has .memory (pairs: requests answered by then, bytes kept), .restarts (pairs: requests
            answered, the number of a worker) and .peak, in bytes.
        before: that of the merged code, if there is one.
        title: the caption.
    """
    panels = versions(evening, before, lambda each: each)
    last = max(each.memory[-1][0] for each in panels.values())
    high = max(each.peak for each in panels.values()) or 1
    workers = 1 + max((worker for each in panels.values() for _, worker in each.restarts), default=0)
    across = Scale(0, last, label_room([NAME]), WIDTH - 30)
    drawing: list[Markup] = []
    y = 2.0
    for name, each in panels.items():
        if name:
            drawing.append(heading(y, name, _heading(each)))
        top = y + CAPTION
        drawing += _panel(each, across, Scale(0, high, top + CURVE, top), workers)
        y = top + CURVE + 10 + workers * LANE + GAP
    drawing.insert(0, axis(across, 4, y - GAP + 4, [(t, number(t)) for t in ticks(last)], ""))
    drawing.append(
        text((across.left + across.right) / 2, y + 18, "requests answered", class_="kp-muted kp-middle")
    )
    said = [f"{name.capitalize() or 'All workers'}: {_heading(each)}." for name, each in panels.items()]
    rows = [
        [name or "now", f"{request:,}", *what]
        for name, each in panels.items()
        for request, *what in sorted([*_levels(each), *_restarts(each)])
    ]
    return figure(
        new_ids(),
        title,
        " ".join(said),
        drawing,
        y + 24,
        legend=[
            entry(tag("path", d="M1,10L12,2L12,10L23,2", class_="kp-line kp-series0"), "memory kept"),
            entry(_mark(12, 6), "a worker is replaced"),
        ],
        table=Table(["Version", "Requests answered", "Worker", "What", "Memory of all"], rows),
    )


def _heading(evening: Any) -> str:
    return f"at most {in_unit(evening.peak, 'B')}, {plural(len(evening.restarts), 'restart')}"


def _panel(evening: Any, across: Scale, up: Scale, workers: int) -> list[Markup]:
    factor, shown = prefix(up.high, "B")
    drawn = []
    for mark in ticks(up.high * factor, 3):
        level = up(mark / factor)
        drawn.append(light_line(across.left, across.right, level))
        words = f"{number(mark)} {shown}" if mark else "0"
        drawn.append(text(across.left - 8, level + 4.5, words, class_="kp-muted kp-end"))
    steps = [f"{across(request):.1f},{up(kept):.1f}" for request, kept in evening.memory]
    drawn.append(tag("path", tag("title", NAME), d="M" + "L".join(steps), class_="kp-line kp-series0"))
    for worker in range(workers):
        middle = up.left + 10 + LANE * (worker + 0.5)
        drawn.append(row_label(across, middle, f"worker {worker + 1}"))
        drawn.append(light_line(across.left, across.right, middle))
        drawn += [
            tag(
                "g",
                tag("title", f"worker {worker + 1}: replaced after {request:,} requests"),
                _mark(across(request), middle),
            )
            for request, number in evening.restarts
            if number == worker
        ]
    return drawn


def _mark(x: float, y: float) -> Markup:
    return tag("path", d=f"M{x - 5:.1f},{y - 5:.1f}h10l-5,10z", class_="kp-blocked")


def _levels(evening: Any) -> list[tuple]:
    every = max(1, len(evening.memory) // 20)
    return [(request, "all", "memory", in_unit(kept, "B")) for request, kept in evening.memory[::every]]


def _restarts(evening: Any) -> list[tuple]:
    return [(request, str(worker + 1), "replaced", "") for request, worker in evening.restarts]

"""Orphans: calls, a row each, and what of them ran on after whoever asked had an answer or an error."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kettle.pictures.figure import Picture, Table, entry, figure, new_ids
from kettle.pictures.marks import bar, present, time_axis, unit_for
from kettle.pictures.model import Bar, closed_bars
from kettle.pictures.palette import WORDS
from kettle.pictures.scale import Scale
from kettle.pictures.svg import Markup, join, tag, text
from kettle.pictures.units import plural, seconds
from kettle.pictures.waterfall import AXIS, CAPTION, RIGHT, label_room, panel_caption

ROW, GAP = 18, 8
BARELY = 0.01  # seconds: an answer may take so long from the other side to whoever waits for it
HEARS = 0.1  # seconds: within which the other side of a busy machine hears that a call was cancelled


@dataclass(frozen=True)
class Asked:
    """One thing that was asked for: its calls, when whoever asked had its end, and that end in words.

    calls: as waterfall() takes them. over: seconds on their clock. how: such as "the page is shown".
    """

    calls: Sequence[Any]
    over: float
    how: str = ""

    @property
    def orphans(self) -> list[Bar]:
        """The calls that ran on after the end."""
        return [each for each in closed_bars(self.calls) if _runs_on(each, self.over)]

    @property
    def in_short(self) -> str:
        """How it ended, and how many calls ran on, in a few words."""
        ran_on = f"{plural(len(self.orphans), 'call')} ran on" if self.orphans else "no call ran on"
        return f"{self.how}, {ran_on}" if self.how else ran_on


def orphan_lanes(
    asked: Mapping[str, Asked],
    *,
    title: str = "Calls, and the end of what they were for",
    point: str = "",
    one_clock: bool = False,
) -> Picture:
    """Draw the calls of several things that were asked for; what ran on after the end is marked.

    Args:
        asked: by name, such as a page or a version of the code.
        title: the caption.
        point: what the picture is there to show, in a sentence; where left out, the picture's own words.
        one_clock: whether all are drawn on one clock, and not each from its own beginning.
    """
    started = {name: min((c.started for c in each.calls), default=each.over) for name, each in asked.items()}
    if one_clock:
        started = dict.fromkeys(started, min(started.values(), default=0.0))
    ends = [
        max([each.over, *(c.ended for c in closed_bars(each.calls))]) - started[name]
        for name, each in asked.items()
    ]
    total = max(ends, default=0.0)
    scale = Scale(0, total or 1, label_room(c.label for each in asked.values() for c in each.calls), RIGHT)
    ids, drawing, y, states = new_ids(), [], 4.0, []
    for name, each in asked.items():
        drawing.append(panel_caption(y, name, each.in_short))
        y += CAPTION
        for call in closed_bars(each.calls):
            drawn, kinds = _row(ids, call, each.over, started[name], scale, y)
            drawing.append(drawn)
            states += kinds
            y += ROW
        x = scale(each.over - started[name])
        drawing.append(tag("line", x1=x, x2=x, y1=y - ROW * len(each.calls), y2=y, class_="kp-rule"))
        y += GAP
    rule = entry(
        tag("line", x1=12, x2=12, y1=0, y2=12, class_="kp-rule"), "whoever asked has an answer or an error"
    )
    return figure(
        ids,
        title,
        " ".join(f"{name}: {each.in_short}." for name, each in asked.items()) or "Nothing was asked for.",
        [time_axis(scale, 4 + CAPTION, y, unit_for(total)), *drawing],
        y + AXIS,
        point=point,
        states=present(states),
        legend=[rule] if asked else (),
        table=_table(asked, started),
    )


def _runs_on(call: Bar, over: float) -> bool:
    return call.ended > over + (HEARS if call.kind == "cancelled" else BARELY)


def _row(ids: str, call: Bar, over: float, start: float, scale: Scale, y: float) -> tuple[Markup, list[str]]:
    """Draw a call's row, and return it with the states that occur in it."""
    parts = [(call.kind, call.started, call.ended)]
    if _runs_on(call, over):
        split = max(call.started, over)
        parts = [("orphan", split, call.ended)]
        parts[:0] = [(call.kind, call.started, split)] if split > call.started else []
    took = seconds(call.ended - call.started)
    drawn = [text(scale.left - 10, y + ROW / 2 + 4.5, call.label, room=scale.left - 10, class_="kp-end")]
    for kind, began, ended in parts:
        x0, x1 = scale(began - start), scale(ended - start)
        tooltip = f"{call.label}: {WORDS[kind]}, {took} in all"
        drawn.append(bar(ids, kind, x0, y + 3, x1 - x0, ROW - 6, tooltip))
    x = scale(max(call.ended, over) - start) + 6
    drawn.append(text(x, y + ROW / 2 + 4.5, took, class_="kp-muted"))
    return join(drawn), [kind for kind, _, _ in parts]


def _table(asked: Mapping[str, Asked], started: Mapping[str, float]) -> Table:
    rows = [
        (
            name,
            call.label,
            seconds(call.started - started[name]),
            seconds(call.ended - call.started),
            "done" if call.kind == "running" else WORDS[call.kind],
            seconds(call.ended - each.over) if call in each.orphans else "–",
        )
        for name, each in asked.items()
        for call in closed_bars(each.calls)
    ]
    return Table(("Asked for", "Call", "Starts", "Took", "State", "Ran on for"), rows)

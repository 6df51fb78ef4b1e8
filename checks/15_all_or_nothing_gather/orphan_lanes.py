"""Orphans: calls, a row each, and which of them kept running after their caller had an answer or an error."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kettle.pictures.figure import Picture, entry, new_ids
from kettle.pictures.lanes import Drawn, Panel, Piece, Row, draw_rows, stacked
from kettle.pictures.marks import present
from kettle.pictures.model import Bar, in_order
from kettle.pictures.palette import WORDS
from kettle.pictures.scale import Scale
from kettle.pictures.svg import join, tag
from kettle.pictures.units import plural, seconds

ROW = 18
BARELY = 0.01  # seconds: an answer may take so long from the other side to its caller
HEARS = 0.1  # seconds: within which the other side of a busy machine hears that a call was cancelled


@dataclass(frozen=True)
class Asked:
    """One thing that was asked for: its calls, when its caller had an end, and that end in words.

    calls: as from_traffic() makes them. over: seconds on their clock. how: such as "the page is shown".
    """

    calls: Sequence[Bar]
    over: float
    how: str = ""

    @property
    def orphans(self) -> list[Bar]:
        """The calls that kept running after the end."""
        return [call for call in in_order(self.calls) if self.runs_on(call)]

    @property
    def in_short(self) -> str:
        """How it ended, and how many calls kept running, in a few words."""
        orphans = f"{plural(len(self.orphans), 'call') if self.orphans else 'no call'} kept running"
        return f"{self.how}, {orphans}" if self.how else orphans

    def runs_on(self, call: Bar) -> bool:
        """Tell whether a call kept running after the end."""
        return call.ended > self.over + (HEARS if call.state == "cancelled" else BARELY)

    def parts(self, call: Bar) -> list[tuple[str, float, float]]:
        """Return a call's states, each with its beginning and its end: before the end, and after it."""
        if not self.runs_on(call):
            return [(call.state, call.started, call.ended)]
        if call.started >= self.over:
            return [("orphan", call.started, call.ended)]
        return [(call.state, call.started, self.over), ("orphan", self.over, call.ended)]


def orphan_lanes(
    asked: Mapping[str, Asked],
    *,
    title: str = "Calls, and when their caller was done",
    point: str = "",
    one_clock: bool = False,
) -> Picture:
    """Draw the calls of several things that were asked for; what kept running after the end is marked.

    Args:
        asked: by name, such as a page or a version of the code.
        title: the caption.
        point: what the picture is there to show, in a sentence; where left out, the picture's own words.
        one_clock: whether all are drawn on one clock, and not each from its own beginning.
    """
    ids = new_ids()
    starts = {name: min((c.started for c in each.calls), default=each.over) for name, each in asked.items()}
    if one_clock:
        starts = dict.fromkeys(starts, min(starts.values(), default=0.0))
    rule = tag("line", x1=12, x2=12, y1=0, y2=12, class_="kp-rule")
    return stacked(
        ids,
        {name: _panel(ids, each, starts[name]) for name, each in asked.items()},
        ["Call", "Start", "Duration", "State", "Kept running for"],
        title=title,
        point=point,
        nothing="No calls were made.",
        named="Request",
        states=present(
            [part[0] for each in asked.values() for call in each.calls for part in each.parts(call)]
        ),
        legend=[entry(rule, "the caller has its answer or error")],
    )


def _panel(ids: str, asked: Asked, start: float) -> Panel:
    calls, over = in_order(asked.calls), asked.over - start
    length = max([asked.over, *(call.ended for call in calls)]) - start
    data = [
        (
            call.label,
            *map(seconds, (call.started - start, call.seconds)),
            "done" if call.state == "running" else WORDS[call.state],
            seconds(call.ended - asked.over) if asked.runs_on(call) else "–",
        )
        for call in calls
    ]
    rows = []
    for call in calls:
        took = seconds(call.seconds)
        pieces = [
            Piece(state, began - start, ended - start, f"{call.label}: {WORDS[state]}, {took} in total")
            for state, began, ended in asked.parts(call)
        ]
        rows.append(Row(call.label, pieces, took, rail=call.started - start, clear=over))

    def draw(scale: Scale, y: float) -> Drawn:
        drawn, bottom = draw_rows(ids, rows, ROW, scale, y)
        rule = tag("line", x1=scale(over), x2=scale(over), y1=y, y2=bottom, class_="kp-rule")
        return join([drawn, rule]), bottom

    return Panel(asked.in_short, length, [call.label for call in calls], draw, data)

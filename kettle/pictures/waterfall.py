"""The waterfall: one row a call, so that it can be seen what waits for what."""

from collections.abc import Iterable, Sequence
from functools import partial

from kettle.pictures.calls import draw, labels, right_of
from kettle.pictures.figure import Picture, new_ids
from kettle.pictures.lanes import Panel, stacked, versions
from kettle.pictures.marks import present
from kettle.pictures.model import Bar, in_order, length, peak, spans_of
from kettle.pictures.palette import WORDS
from kettle.pictures.points import of_calls
from kettle.pictures.units import plural, seconds


def waterfall(
    bars: Iterable[Bar],
    *,
    title: str = "Calls over time",
    before: Iterable[Bar] | None = None,
    point: str = "",
) -> Picture:
    """Draw calls over time, one row each, in the order in which they started.

    Args:
        bars: the calls, as from_traffic() makes them.
        title: the caption.
        before: the same of an earlier version, drawn above on the same scale.
        point: what the picture is there to show, in a sentence; where left out, the picture's own words.
    """
    ids, shown = new_ids(), versions(bars, before, in_order)
    return stacked(
        ids,
        {name: _panel(ids, some) for name, some in shown.items()},
        ["Call", "Start", "End", "Duration", "State"],
        title=title,
        also=_longest(shown[""]) if before is None else "",
        point=point or of_calls(shown),
        right=right_of(*shown.values()),
        states=present([b.state for some in shown.values() for b in some]),
    )


def _panel(ids: str, bars: Sequence[Bar]) -> Panel:
    start = bars[0].started if bars else 0.0
    data = [
        (b.label, *map(seconds, (b.started - start, b.ended - start, b.seconds)), WORDS[b.state])
        for b in bars
    ]
    drawn = partial(draw, ids, bars, start)
    return Panel(_in_short(bars), length(bars), labels(bars), drawn, data)


def _in_short(bars: Sequence[Bar]) -> str:
    if not bars:
        return "no calls were made"
    counts = {kind: sum(b.state == kind for b in bars) for kind in ("failed", "cancelled")}
    troubles = "".join(f", {count:,} {kind}" for kind, count in counts.items() if count)
    flight = f"at most {peak(spans_of(bars)):,} in flight"
    return f"{plural(len(bars), 'call')} in {seconds(length(bars))}, {flight}{troubles}"


def _longest(bars: Sequence[Bar]) -> str:
    longest = max(bars, key=lambda b: b.seconds, default=None)
    return f"The longest call is {longest.label} ({seconds(longest.seconds)})." if longest else ""

"""The waterfall: one row a call, so that it can be seen what waits for what."""

from collections.abc import Iterable, Mapping, Sequence

from kettle.pictures.calls import labels, right_of, rows
from kettle.pictures.figure import Picture, new_ids
from kettle.pictures.lanes import Panel, stacked, versions
from kettle.pictures.marks import present
from kettle.pictures.model import Bar, in_order, length, peak, spans_of
from kettle.pictures.palette import WORDS
from kettle.pictures.points import each_version, of_calls
from kettle.pictures.units import seconds, spelled


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
        says=_says(shown),
        point=point or of_calls(shown),
        right=right_of(*shown.values()),
        states=present([b.kind for some in shown.values() for b in some]),
    )


def _panel(ids: str, bars: Sequence[Bar]) -> Panel:
    start = bars[0].started if bars else 0.0
    heading = f"{seconds(length(bars))}, at most {peak(spans_of(bars)):,} in flight"
    data = [
        (b.label, *map(seconds, (b.started - start, b.ended - start, b.seconds)), WORDS[b.kind]) for b in bars
    ]
    return Panel(heading, length(bars), labels(bars), lambda scale, y: rows(ids, bars, start, scale, y), data)


def _says(shown: Mapping[str, Sequence[Bar]]) -> str:
    told = {name: _first_sentence(bars) for name, bars in shown.items()}
    return each_version(told) if "" not in shown else f"{told['']} {_second_sentence(shown[''])}".rstrip()


def _first_sentence(bars: Sequence[Bar]) -> str:
    if not bars:
        return "No calls were made."
    high, how = peak(spans_of(bars)), ""
    if len(bars) > 1:
        how = ", one after another" if high == 1 else ", all at once" if high == len(bars) else ""
    troubles = [
        f"{sum(b.kind == kind for b in bars):,} {kind}"
        for kind in ("failed", "cancelled")
        if any(b.kind == kind for b in bars)
    ]
    parts = [f"at most {high:,} in flight", *troubles, f"{seconds(length(bars))} in total"]
    return f"{spelled(len(bars), 'call')}{how}: {', '.join(parts)}."


def _second_sentence(bars: Sequence[Bar]) -> str:
    if not bars:
        return ""
    spent: dict[str, float] = {}
    for b in bars:
        spent[b.label] = spent.get(b.label, 0.0) + b.seconds
    label, most = max(spent.items(), key=lambda item: item[1])
    if len(spent) > 1 and most < sum(spent.values()) and len(spent) < len(bars):
        share = "Most" if most > sum(spent.values()) / 2 else "The largest share"
        return f"{share} of the time goes to {label} ({seconds(most)})."
    longest = max(bars, key=lambda b: b.seconds)
    return f"The longest call is {longest.label} ({seconds(longest.seconds)})."

"""What is drawn and said about one event loop: its timeline put in order, and what there is to see in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kettle.pictures.figure import Table
from kettle.pictures.model import (
    Bar,
    Lane,
    Segment,
    Timeline,
    closed_bars,
    closed_segments,
    from_traffic,
    peak,
)
from kettle.pictures.palette import WORDS
from kettle.pictures.units import plural, seconds, spelled

MOST_LANES = 60  # more tasks are folded into strips


@dataclass(frozen=True)
class LoopPanel:
    """One event loop as it will be drawn: its heading, its timeline, and what the server saw."""

    name: str
    timeline: Timeline
    requests: list[Bar]

    @property
    def folded(self) -> bool:
        """Tell whether there are too many tasks for a lane each."""
        return len(self.timeline.lanes) > MOST_LANES

    @property
    def held(self) -> list[Segment]:
        """Return the stretches in which something held the loop."""
        return [s for s in self.timeline.loop if s.state == "blocked"]

    @property
    def length(self) -> float:
        """Return how long it was watched, in seconds."""
        return self.timeline.ended - self.timeline.started


def panel_of(name: str, timeline: Any, requests: Any) -> LoopPanel:
    """Return a panel from anything shaped like a Timeline, and from bars, requests or a traffic."""
    seen = getattr(requests, "requests", requests)
    bars = closed_bars(r if hasattr(r, "label") else from_traffic([r])[0] for r in seen)
    last = timeline.ended
    lanes = [Lane(str(lane.name), closed_segments(lane.segments, last)) for lane in timeline.lanes]
    loop = closed_segments(timeline.loop, last)
    return LoopPanel(name, Timeline(lanes, loop, timeline.started, last), bars)


def segments(panel: LoopPanel) -> list[Segment]:
    """Return every segment of the loop and of its tasks."""
    return [*panel.timeline.loop, *(s for lane in panel.timeline.lanes for s in lane.segments)]


def length(segment: Segment) -> float:
    """Return how long a segment lasted, in seconds."""
    return segment.ended - segment.started


def in_short(panel: LoopPanel) -> str:
    """Return the panel's heading: how long it took, and how long the loop was held."""
    held = sum(map(length, panel.held))
    return f"{seconds(panel.length)}, " + (
        f"the loop held for {seconds(held)}" if held else "the loop never held"
    )


def says(panels: Sequence[LoopPanel]) -> str:
    """Return the picture in two sentences."""
    if len(panels) == 1:
        return f"{_first_sentence(panels[0])} {_second_sentence(panels[0])}"
    told = [_first_sentence(panel) for panel in panels]
    return " ".join(
        f"{p.name.capitalize()}: {t[:1].lower()}{t[1:]}" for p, t in zip(panels, told, strict=True)
    )


def longest_gap(panels: Sequence[LoopPanel]) -> str:
    """Return the point of the picture: the longest time for which nothing else ran, and who held the loop."""
    if len(panels) == 1:
        (panel,) = panels
        if not panel.held:
            return "Nothing held the loop: whatever was ready could run." if panel.timeline.lanes else ""
        return f"The loop's longest gap is {_gap(panel)}: nothing else could run meanwhile."
    told = "; ".join(f"{p.name} {_gap(p) if p.held else 'none'}" for p in panels)
    return f"The loop's longest gap: {told}."


def _gap(panel: LoopPanel) -> str:
    longest = max(panel.held, key=length)
    return seconds(length(longest)) + (f", held by {longest.where}" if longest.where else "")


def _first_sentence(panel: LoopPanel) -> str:
    tasks = spelled(len(panel.timeline.lanes), "task")
    held = sum(map(length, panel.held))
    if not held:
        return f"{tasks} in {seconds(panel.length)}: nothing held the loop."
    longest = max(panel.held, key=length)
    where = f", in {longest.where}" if longest.where else ""
    how = f"held once, for {seconds(held)}{where}"
    if len(panel.held) > 1:
        longest_took = seconds(length(longest))
        how = f"held {len(panel.held):,} times, {seconds(held)} in all, longest {longest_took}{where}"
    return f"{tasks} in {seconds(panel.length)}: the loop was {how}."


def _second_sentence(panel: LoopPanel) -> str:
    waiting = peak(
        (s.started, s.ended) for x in panel.timeline.lanes for s in x.segments if s.state == "waiting"
    )
    together = f"At most {plural(waiting, 'task')} waited at the same time"
    if not panel.requests:
        return f"{together}."
    seen = peak((r.started, r.ended) for r in panel.requests)
    return f"{together}; the server saw at most {plural(seen, 'request')} in flight."


def table(panels: Sequence[LoopPanel]) -> Table:
    """Return every segment as a row."""
    cells = []
    for panel in panels:
        start, name = panel.timeline.started, [panel.name] if panel.name else []
        lanes = [Lane("event loop", panel.held), *panel.timeline.lanes]
        for lane in lanes:
            for s in lane.segments:
                times = (s.started - start, s.ended - s.started)
                cells.append([*name, lane.name, WORDS[s.state], *map(seconds, times), s.where])
    version = ["Version"] if panels[0].name else []
    return Table([*version, "Task", "State", "Starts", "Takes", "Where"], cells)

"""What is said about an event loop: how long something held it, and what there was to do meanwhile."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kettle.pictures.model import Bar, peak, spans_of
from kettle.pictures.palette import WORDS
from kettle.pictures.units import plural, seconds
from kettle.records import Lane, Segment, Timeline


@dataclass(frozen=True)
class Watched:
    """One event loop: its timeline, and what the server saw."""

    timeline: Timeline
    requests: Sequence[Bar]

    @property
    def longest(self) -> Segment | None:
        """The longest stretch in which something held the loop."""
        return max(self.timeline.held, key=lambda held: held.seconds, default=None)

    @property
    def held(self) -> float:
        """For how many seconds something held the loop, all in all."""
        return sum(segment.seconds for segment in self.timeline.held)

    @property
    def segments(self) -> list[Segment]:
        """Every segment of the loop and of its tasks."""
        return [*self.timeline.loop, *(s for lane in self.timeline.lanes for s in lane.segments)]

    @property
    def heading(self) -> str:
        """How long it took, and how long the loop was blocked."""
        tasks = f"{plural(len(self.timeline.lanes), 'task')} in {seconds(self.timeline.seconds)}"
        times, blocked = len(self.timeline.held), seconds(self.held)
        often = f"{times:,} times, {blocked} in total" if times > 1 else f"once, for {blocked}"
        return f"{tasks}, loop {f'blocked {often}' if times else 'never blocked'}"

    @property
    def data(self) -> list[tuple[str, ...]]:
        """Every segment as a row."""
        start, timeline = self.timeline.started, self.timeline
        return [
            (lane.name, WORDS[s.state], seconds(s.started - start), seconds(s.seconds), s.where)
            for lane in (Lane("event loop", timeline.held), *timeline.lanes)
            for s in lane.segments
        ]


def longest_gap(panels: Mapping[str, Watched]) -> str:
    """Return the point of the picture: the longest time for which nothing else ran, and who held the loop."""
    if "" not in panels:
        told = ", ".join(f"{name} {_gap(watched) or 'none'}" for name, watched in panels.items())
        return f"Longest block of the event loop: {told}."
    if panels[""].longest:
        return f"The event loop was blocked for up to {_gap(panels[''])}. Nothing else could run meanwhile."
    return (
        "Nothing blocked the event loop: every task could run when it was ready."
        if panels[""].timeline.lanes
        else ""
    )


def _gap(watched: Watched) -> str:
    longest = watched.longest
    if longest is None:
        return ""
    return seconds(longest.seconds) + (f" ({longest.where})" if longest.where else "")


def waits(watched: Watched) -> str:
    """Say how many tasks waited together, and how many requests the server saw."""
    waiting = [s for lane in watched.timeline.lanes for s in lane.segments if s.state == "waiting"]
    together = f"At most {plural(peak(spans_of(waiting)), 'task')} waited at the same time"
    if not watched.requests:
        return f"{together}."
    seen = peak(spans_of(watched.requests))
    return f"{together}; the server saw at most {plural(seen, 'request')} in flight."

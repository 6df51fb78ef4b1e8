"""Small records that instruments make and pictures draw; times are seconds of `time.perf_counter()`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Segment:
    """A stretch of time: "running", "waiting" or "blocked" (holding the loop); seconds; "module:line"."""

    state: str
    started: float
    ended: float
    where: str = ""

    @property
    def seconds(self) -> float:
        """How long it lasted."""
        return self.ended - self.started


@dataclass(frozen=True)
class Lane:
    """One task: its name, and its segments in order, without gaps; it has one at least."""

    name: str
    segments: tuple[Segment, ...]

    @property
    def started(self) -> float:
        """When the task was made, or the watch began."""
        return self.segments[0].started

    @property
    def ended(self) -> float:
        """When the task ended, or the watch did."""
        return self.segments[-1].ended


@dataclass(frozen=True, repr=False)
class Timeline:
    """What every task did, and the event loop itself, from the start to the end of a watch."""

    lanes: tuple[Lane, ...]
    loop: tuple[Segment, ...]
    started: float
    ended: float

    @property
    def seconds(self) -> float:
        """How long the loop was watched."""
        return self.ended - self.started

    @property
    def held(self) -> tuple[Segment, ...]:
        """The stretches in which something held the loop."""
        return tuple(segment for segment in self.loop if segment.state == "blocked")

    def __repr__(self) -> str:
        held = sum(segment.seconds for segment in self.held)
        return f"Timeline({len(self.lanes)} tasks, {self.seconds:.3f} s, held {held:.3f} s)"


# What a ratio with an interval tells.
FASTER, SLOWER, SAME, TOO_NOISY = "faster", "slower", "the same within a tenth", "too noisy to say"
TENTH = (0.9, 1.1)
# Smaller factors are not told: where things lie in memory makes as much difference (T. Mytkowicz et al.,
# "Producing wrong data without doing anything obviously wrong!", ASPLOS 2009).
SMALLEST = 1.03


def outcome(low: float, high: float) -> str:
    """Tell which it is: faster (or slower), the same within a tenth, or too noisy to say."""
    if TENTH[0] <= low and high <= TENTH[1]:
        return SAME
    if low > SMALLEST:
        return FASTER
    return SLOWER if high < 1 / SMALLEST else TOO_NOISY

"""What every task did when: lanes of segments, as a picture of the event loop wants them."""

from dataclasses import dataclass

GRAIN = 0.001  # seconds: what is shorter is merged with what is around it


@dataclass(frozen=True)
class Segment:
    """A stretch of time: "running", "waiting" or "blocked" (holding the loop); seconds; "module:line"."""

    state: str
    started: float
    ended: float
    where: str = ""

    @property
    def seconds(self):
        """How long it lasted, in seconds."""
        return self.ended - self.started


@dataclass(frozen=True)
class Lane:
    """One task: its name, and its segments in order, without gaps."""

    name: str
    segments: tuple[Segment, ...]

    @property
    def started(self):
        """When the task was made, or the watch began (seconds of `time.perf_counter()`)."""
        return self.segments[0].started

    @property
    def ended(self):
        """When the task ended, or the watch did (seconds of `time.perf_counter()`)."""
        return self.segments[-1].ended


@dataclass(frozen=True, repr=False)
class Timeline:
    """Every task's states, and the loop's own. Times are seconds of `time.perf_counter()`."""

    lanes: tuple[Lane, ...]
    loop: tuple[Segment, ...]
    started: float
    ended: float

    def __repr__(self):
        held = sum(segment.seconds for segment in self.loop if segment.state == "blocked")
        return f"Timeline({len(self.lanes)} tasks, {self.ended - self.started:.3f} s, held {held:.3f} s)"


def lane(name, created, ended, steps, *, gap_where=""):
    """Return a Lane from a task's steps.

    steps: (started, ended, held, where, then): seconds, whether it held the loop, the line where it was
    during the step, and the line where the task waited after it.
    """
    pieces, cursor, waits = [], created, gap_where
    for step_started, step_ended, held, where, then in steps:
        if step_started > cursor:
            pieces.append(Segment("waiting", cursor, step_started, waits))
        pieces.append(Segment("blocked" if held else "running", max(step_started, cursor), step_ended, where))
        cursor, waits = step_ended, then
    if ended > cursor or not pieces:
        pieces.append(Segment("waiting", cursor, max(ended, cursor), waits))
    return Lane(name, fold(pieces))


def fold(pieces, grain=GRAIN):
    """Return segments without those shorter than `grain` seconds; short ones in a row become one.

    pieces: segments in order, each beginning where the one before ends.
    """
    folded, short = [], []
    for piece in pieces:
        if piece.seconds < grain and piece.state != "blocked":
            short.append(piece)
            continue
        piece = _absorb(folded, short, piece, grain)  # noqa: PLW2901 (the short ones before it may join it)
        short = []
        _join(folded, piece)
    if short:
        _leave(folded, short, grain)
    return tuple(folded)


def _absorb(folded, short, piece, grain):
    """Put short pieces somewhere: into a segment of their own, the one before, or the start of `piece`."""
    if not short:
        return piece
    if folded or short[-1].ended - short[0].started >= grain:
        _leave(folded, short, grain)
        return piece
    return Segment(piece.state, short[0].started, piece.ended, piece.where)


def _leave(folded, short, grain):
    started, ended = short[0].started, short[-1].ended
    if folded and ended - started < grain and folded[-1].state != "blocked":
        last = folded.pop()
        folded.append(Segment(last.state, last.started, ended, last.where))
        return
    ran = sum(piece.seconds for piece in short if piece.state == "running")
    state = "running" if 2 * ran > ended - started else "waiting"
    longest = max((p for p in short if p.state == state), key=lambda p: p.seconds, default=short[0])
    _join(folded, Segment(state, started, ended, longest.where))


def _join(folded, piece):
    if folded and (folded[-1].state, folded[-1].where) == (piece.state, piece.where):
        folded.append(Segment(piece.state, folded.pop().started, piece.ended, piece.where))
    else:
        folded.append(piece)

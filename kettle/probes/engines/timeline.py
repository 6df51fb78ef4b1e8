"""What every task did when: lanes of segments, as a picture of the event loop wants them."""

from collections.abc import Iterable

from kettle.records import Lane, Segment

Step = tuple[float, float, bool, str, str]
GRAIN = 0.001  # seconds: what is shorter is merged with what is around it


def lane(name: str, created: float, ended: float, steps: Iterable[Step], *, gap_where: str = "") -> Lane:
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


def fold(pieces: Iterable[Segment], grain: float = GRAIN) -> tuple[Segment, ...]:
    """Return segments without those shorter than `grain` seconds; short ones in a row become one.

    pieces: segments in order, each beginning where the one before ends.
    """
    folded: list[Segment] = []
    short: list[Segment] = []
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


def _absorb(folded: list[Segment], short: list[Segment], piece: Segment, grain: float) -> Segment:
    """Put short pieces somewhere: into a segment of their own, the one before, or the start of `piece`."""
    if not short:
        return piece
    if folded or short[-1].ended - short[0].started >= grain:
        _leave(folded, short, grain)
        return piece
    return Segment(piece.state, short[0].started, piece.ended, piece.where)


def _leave(folded: list[Segment], short: list[Segment], grain: float) -> None:
    started, ended = short[0].started, short[-1].ended
    if folded and ended - started < grain and folded[-1].state != "blocked":
        last = folded.pop()
        folded.append(Segment(last.state, last.started, ended, last.where))
        return
    ran = sum(piece.seconds for piece in short if piece.state == "running")
    state = "running" if 2 * ran > ended - started else "waiting"
    longest = max((p for p in short if p.state == state), key=lambda p: p.seconds, default=short[0])
    _join(folded, Segment(state, started, ended, longest.where))


def _join(folded: list[Segment], piece: Segment) -> None:
    if folded and (folded[-1].state, folded[-1].where) == (piece.state, piece.where):
        folded.append(Segment(piece.state, folded.pop().started, piece.ended, piece.where))
    else:
        folded.append(piece)

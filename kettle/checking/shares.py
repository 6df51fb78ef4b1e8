"""What is said of work that several workers ought to share: where it ran, and in what pieces it was sent."""

from math import ceil

from kettle.checking.words import many
from kettle.probes.pieces import watch_pieces
from kettle.probes.workers import has_gil, watch_workers

PIECES = 8  # for each worker, at most
TAKE_TURNS = "take turns at one interpreter"


def is_elsewhere(pieces: watch_pieces, number: int, noun: str, done: str, when: str = "") -> None:
    """Raise AssertionError, with a sentence, if this process worked, by threads that share one GIL.

    Args:
        pieces: what was watched.
        number: of things to be worked on.
        noun: one of them.
        done: what happened to them, such as "searched".
        when: the begin of the sentence, such as "When one fails, ".
    """
    sharing = pieces.sharing
    if not sharing or not has_gil():
        return
    threads = len({piece.thread for piece in sharing})
    here = f"{when}{len(sharing)} of {many(number, noun)} were {done} by"
    assert not pieces.elsewhere, (
        f"{here} this very process, and {len(pieces.all) - len(sharing)} elsewhere. "
        "In which case does your code compute here?"
    )
    assert threads > 1 or pieces.most > 1, (
        f"{here} this very process, one after another: one core works, the others idle. "
        "Where could several interpreters work at once?"
    )
    raise AssertionError(
        f"{here} {many(threads, 'thread')} of this very process: pure Python needs the GIL, "
        f"so they {TAKE_TURNS}. Where does code have a GIL of its own?"
    )


def is_fair(
    pieces: watch_pieces, workers: watch_workers, number: int, noun: str, wanted: int, sent: str
) -> None:
    """Raise AssertionError if there were too many processes, a piece too large, no overlap, too many pieces.

    Args:
        pieces: what was watched; it also says how many had to be under way together.
        workers: for the processes that were started.
        number: of things to be worked on.
        noun: one of them.
        wanted: how many workers were asked for.
        sent: what goes with each piece.
    """
    started, share = workers.started + workers.programs, ceil(number / wanted)
    kind, own = "process", sum(interpreter > 0 for _, interpreter in pieces.elsewhere)
    if own > started:
        kind, started = "interpreter", own
    assert started <= wanted, (
        f"{many(started, kind)} were started for {many(number, noun)}, and {wanted} "
        f"{'was' if wanted == 1 else 'were'} asked for: starting one takes longer than much of the work. "
        "Who says how many there are?"
    )
    assert pieces.largest <= share, (
        f"One piece had {pieces.largest} of {many(number, noun)}, and the fair share of {wanted} workers "
        f"is {share}: whoever gets that piece works on while the others have nothing to do."
    )
    assert pieces.met or pieces.most >= wanted, (
        f"{many(number, noun)} for {wanted} workers, and at most {many(pieces.most, 'piece')} "
        f"{'was' if pieces.most == 1 else 'were'} under way at once. What do the other workers wait for?"
    )
    assert pieces.arrived <= PIECES * wanted, (
        f"{many(number, noun)} were sent in {many(pieces.arrived, 'piece')} to {wanted} workers, {sent}: "
        f"fair are {PIECES * wanted} at most. How many {noun}s make one piece?"
    )

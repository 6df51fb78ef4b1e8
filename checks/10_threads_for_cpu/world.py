"""What the checks of lesson 10 and of its exercise share: where the work ran, and what is behind an error."""

from collections.abc import Callable

from kettle.checking.words import many
from kettle.lessons.pieces import watch_pieces
from kettle.probes.workers import has_gil, watch_workers

PATIENCE = 1.5  # seconds; paid by wrong answers only


def runs_elsewhere(
    pieces: watch_pieces, workers: watch_workers, wanted: int, say: Callable[..., str]
) -> None:
    """Raise AssertionError if this interpreter worked, too many workers were started, or too few worked.

    Args:
        pieces: what was watched; the first ones wait until `wanted` have begun.
        workers: for the processes that were started.
        wanted: how many workers were asked for.
        say: makes a sentence of words.toml.
    """
    here = len(pieces.sharing) if has_gil() else 0
    of = len(pieces.all)
    if here:
        assert not pieces.elsewhere, say("some_here", here=here, of=of)
        assert pieces.most > 1, say("in_turn_here", of=of)
        raise AssertionError(say("threads", of=of))
    kind, started = "processes", workers.started + workers.programs
    own = sum(interpreter > 0 for _, interpreter in pieces.elsewhere)
    if own > started:
        kind, started = "interpreters", own
    assert started <= wanted, say("too_many", n=started, kind=kind, wanted=wanted)
    under_way = many(pieces.most, say("noun"))
    assert pieces.met or pieces.most >= wanted, say("idle", under_way=under_way, wanted=wanted)


def why_error(error: Exception, say: Callable[..., str]) -> str:
    """Say what is behind a size of pieces that is refused, and behind workers that break."""
    if "process pool was terminated" in str(error):
        return say("afresh")
    return say("chunksize") if "chunksize" in str(error) else ""

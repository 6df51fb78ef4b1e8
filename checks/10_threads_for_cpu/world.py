"""What the lesson's checks and the exercise's share."""

from contextlib import nullcontext
from types import SimpleNamespace

from kettle.checking.equivalence import Told
from kettle.checking.runner.errors import leaves
from kettle.checking.words import many

PATIENCE = 1.5  # seconds; paid by wrong answers only


LEDGER, WAYS = "and the ledger was pickled and sent with each", "each with a way there and back"


UNKNOWN = "A function that a cell of the notebook defines is unknown to workers that start afresh. Is one sent to them?"


CHUNK = "`chunksize=` of 0 is refused. What does your formula make of few texts?"


def _caught(call):
    """Let a failure reach whoever catches it by its name: a group of failures does not."""

    def calls(f, w):
        try:
            return call(f, w)
        except ExceptionGroup as group:
            inner = leaves(group)
            raise Told(
                f"your code raises a group of {many(len(inner), 'failure')}, and `except "
                f"{type(inner[0]).__name__}` catches no group. Which of them is raised by itself?"
            ) from group

    return calls


def _world(**things):
    return nullcontext(SimpleNamespace(**things))


def _why_error(error):
    """Say what is behind a size of pieces that is refused, and behind workers that break."""
    if "process pool was terminated" in str(error):
        return UNKNOWN
    return CHUNK if "chunksize" in str(error) else ""

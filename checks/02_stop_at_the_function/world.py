"""What the lesson's checks and the exercise's share."""

from contextlib import suppress

from kettle.checking.equivalence import Situation
from kettle.probes.work import work


def _all_here(function, *args):
    """Refuse work that is only moved: to other threads, or to processes."""
    done = work(function, *args)
    where = "other processes" if done.processes or done.sent_away else "other threads"
    assert not (done.threads or done.processes or done.sent_away), (
        f"The work is handed to {where}, and stays as it is: the same steps, elsewhere. "
        "Which of them is not needed at all?"
    )


def _growth(function, few, many, *others):
    function(many, *others)  # what is made once is made now
    more = work(function, many, *others).instructions - work(function, few, *others).instructions
    return more / (len(many) - len(few))


def _after_a_stop(when, bad, good, *others):
    def call(f, w):
        with suppress(Exception):
            f(bad, *others)
        return f(good, *others)

    return Situation(when, call, why="What is left of the one that stopped?")

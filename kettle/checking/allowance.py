"""CPU time against an allowance, where no cause can be counted: work out of sight, in native code."""

from collections.abc import Callable, Sequence

from kettle.checking.checks import Undecided
from kettle.probes.ratio import compare, far_from


def times_allowed(allowed: Callable, taken: Callable, what: str) -> float:
    """Tell how many times the CPU time of what is allowed something takes; 0 where that is enough.

    Args:
        allowed: takes as long as may be taken.
        taken: what is judged.
        what: a clause, what it would mean if that takes longer.

    Raises:
        Undecided: it is too near the limit.
    """
    taken()
    ratio = compare(allowed, taken, clock="cpu", rounds=3, patience=1.0, enough=far_from(1))
    if 0.8 < ratio.best_ratio < 1.2:
        raise Undecided(f"The CPU time is too near the limit to tell whether {what}.")
    return 0 if ratio.best_ratio >= 1.2 else 1 / ratio.best_ratio


def times_as_dear(function: Callable, whole: Sequence, what: str) -> float:
    """Tell how many times as much of many things costs as of a sixteenth; 0 up to 48 times, by CPU time."""
    few = len(whole) // 16
    parts = [whole[first : first + few] for first in range(0, 16 * few, few)]

    def allowed() -> None:
        for part in 3 * parts:
            function(part)

    return 48 * times_allowed(allowed, lambda: function(whole), what)

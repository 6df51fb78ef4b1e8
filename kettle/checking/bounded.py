"""What is said of work that has a bound: too much of it at once, or places that stand empty."""

from __future__ import annotations

from kettle.probes.gates import Gates
from kettle.probes.places import Use


def too_few(use: Use, noun: str, under_way: str, begun: str) -> str:
    """Say how places were not used; it follows "With …, ".

    Args:
        use: of the places.
        noun: for a piece of work, such as "call".
        under_way: what it is at a place, such as "in flight".
        begun: what it has not before, such as "been asked for".
    """
    if use.most == 1 < use.places:
        return f"at most 1 {noun} was {under_way} at once: each waits for the one before it."
    if use.in_batches:
        batches = f"the {use.wanted} {noun}s went out in {use.starts} batches"
        waits = f"each waits for the slowest {noun} of the one before it"
        lost = f"{use.unused:.0%} of the places' time is lost"
        return f"{batches}: {waits}, and {lost}. What could fill a place at once?"
    if use.most < use.places:
        at_most = f"at most {use.most} {noun}s were {under_way} at once, with work left for more"
        return f"{at_most}. What do the others wait for?"
    if use.full:
        over = f"the first {use.places} {noun}s began over {use.filling:.3g} s, while places were free"
        return f"{over}. What do they wait for at the beginning?"
    were = f"{use.fewest} {noun} was" if use.fewest == 1 else f"{use.fewest} {noun}s were"
    return (
        f"there was a time when only {were} {under_way} while {use.left} had not {begun} yet. "
        "What gives a free place to the next one, or was the work dealt out beforehand?"
    )


def why_open(gates: Gates, places: int, wanted: int) -> str:
    """Say why semaphores held too few back; nothing where there were none.

    Args:
        gates: what was done with semaphores.
        places: that there are.
        wanted: pieces of work that there are.
    """
    if gates.made >= wanted:
        return (
            f"{gates.made} semaphores were made, a new one for each. A gate that nobody shares stops nobody."
        )
    if gates.widest > places:
        return f"the semaphore was made to let {gates.widest} in. Which number belongs there?"
    if gates.older and not gates.passed:
        return (
            "they came to a semaphore that was made for an earlier run, with that run's number. "
            "What has to be made anew for each run?"
        )
    if gates.made and gates.passed < wanted:
        times = {0: "never", 1: "once"}.get(gates.passed, f"{gates.passed} times")
        return f"the semaphore was passed {times}. What does it have to stand around?"
    if gates.made and gates.released > gates.passed:
        return (
            f"the semaphore was passed {gates.passed} times and released {gates.released} times. "
            "Who gives a place back twice?"
        )
    if gates.made:
        return (
            "each came to the semaphore, but not every one was inside its block from beginning to end. "
            "Which lines belong there?"
        )
    return ""

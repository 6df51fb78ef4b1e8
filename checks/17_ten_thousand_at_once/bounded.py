"""What is said of work that has a bound: too much of it at once, or places that stand empty."""

from __future__ import annotations

from kettle.checking import Contract

from .gates import Gates
from .places import Use


def why_too_many(contract: Contract, use: Use, gates: Gates, number: str) -> str:
    """Say why too many were at it at once.

    Args:
        contract: has the sentences.
        use: of the places.
        gates: what was done with semaphores.
        number: what the number of places is called, in backticks.
    """
    if gates.made >= use.wanted:
        key = "gate_for_each"
    elif gates.widest > use.places:
        key = "too_wide"
    elif gates.older and not gates.passed:
        key = "older"
    elif gates.made and gates.passed < use.wanted:
        key = "passed"
    elif gates.made:
        key = "not_inside"
    else:
        key = "none_waits" if use.most >= use.wanted else "too_large"
    values = {
        "made": gates.made,
        "widest": gates.widest,
        "passed": gates.passed,
        "number": number,
        "wanted": use.wanted,
    }
    return contract.say(key, **values)


def why_too_few(contract: Contract, use: Use) -> str:
    """Say why places stood empty."""
    if use.most == 1 < use.places:
        return contract.say("in_turn", places=use.places)
    if use.in_batches:
        return contract.say("batches", n=use.starts, lost=use.unused)
    if use.most < use.places:
        return contract.say("fewer", most=use.most, places=use.places)
    return contract.say("idle", fewest=use.fewest, left=use.left, places=use.places)

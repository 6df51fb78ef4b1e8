"""The claims that a lesson answers for, whether its fact check asks about them or only the ledger shows them."""

from __future__ import annotations

from pathlib import Path

from kettle.checking.checks import folder_of, load_module, words_of
from kettle.checking.claims import Claim, claim


def ledger_of(lesson: str | Path) -> tuple[Claim, ...]:
    """Return the claims that a lesson answers for, but does not ask about, each with its measure.

    Raises:
        FileNotFoundError: there are no such checks.
        KeyError: claims.py has no measure for one.
    """
    found = words_of(lesson).ledger
    if not found:
        return ()
    measures = load_module(folder_of(lesson), "claims").MEASURES
    return tuple(claim(each, measures[each["name"]]) for each in found)


def every_claim_of(lesson: str | Path) -> tuple[Claim, ...]:
    """Return all claims that a lesson answers for, without measures: the fact check's, then the ledger's."""
    words = words_of(lesson)
    return tuple(claim(each) for each in (*words.claims, *words.ledger))

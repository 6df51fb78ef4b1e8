"""What is often said, and whether it holds: the claims of a lesson, and those that wait for the ledger."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kettle.checking.checks import words_of

HOLDS, PARTLY, DOES_NOT_HOLD, NOT_SHOWN = TRUTHS = (
    "holds",
    "partly",
    "does not hold",
    "nobody has shown it",  # no source, and no measurement that could decide it
)


@dataclass(frozen=True)
class Claim:
    """Something that is often said about the speed of Python.

    Args:
        name: how code calls it, a Python name.
        said: the claim, as people say it.
        truth: HOLDS, PARTLY, DOES_NOT_HOLD or NOT_SHOWN.
        why: a sentence or two that say why.
        ids: of the claims that it answers for, such as ("S2.13",).
        measure: a function, asynchronous or not, that returns a sentence with what this machine measures. The
            fact check's are given to `lesson.claims` by the notebook, where a learner can read them; the
            ledger's are in claims.py of the lesson.

    Raises:
        ValueError: the name is none, or the truth is not one of TRUTHS.
    """

    name: str
    said: str
    truth: str
    why: str
    ids: Sequence[str] = ()
    measure: Callable | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if not self.name.isidentifier():
            raise ValueError(f"{self.name!r} is no name that code can use")
        if self.truth not in TRUTHS:
            raise ValueError(f"{self.truth!r} is not one of {', '.join(TRUTHS)}")
        if isinstance(self.ids, str):
            raise ValueError("ids are a tuple of texts, not one text")


def claims_of(lesson: str | Path) -> tuple[Claim, ...]:
    """Return the claims that a lesson's fact check asks about.

    Raises:
        FileNotFoundError: there are no such checks.
    """
    return tuple(claim(each) for each in words_of(lesson).claims)


def claim(words: Mapping[str, Any], measure: Callable | None = None) -> Claim:
    """Make a claim of an entry of words.toml."""
    return Claim(**{**words, "ids": tuple(words.get("ids", ()))}, measure=measure)

"""What is often said, and whether it holds: the claims of a lesson, and those that wait for the ledger."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from kettle.checking.checks import load_checks
from kettle.files.course import ROOT

HOLDS, PARTLY, DOES_NOT_HOLD = TRUTHS = ("holds", "partly", "does not hold")
LEDGER = ROOT / "benchmarks" / "claims"


@dataclass(frozen=True)
class Claim:
    """Something that is often said about the speed of Python.

    Args:
        name: how code calls it, a Python name.
        said: the claim, as people say it.
        truth: HOLDS, PARTLY or DOES_NOT_HOLD.
        why: a sentence or two that say why.
        ids: of the claims that it answers for, such as ("S2.13",).
        measure: a function, asynchronous or not, that returns a sentence with what this machine measures. A
            check file leaves it out: the notebook gives it to `lesson.claims`, where a learner can read it.

    Raises:
        ValueError: the name is none, or the truth is not one of the three.
    """

    name: str
    said: str
    truth: str
    why: str
    ids: tuple[str, ...] = ()
    measure: Callable | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if not self.name.isidentifier():
            raise ValueError(f"{self.name!r} is no name that code can use")
        if self.truth not in TRUTHS:
            raise ValueError(f"{self.truth!r} is not one of {', '.join(TRUTHS)}")
        if isinstance(self.ids, str):
            raise ValueError("ids are a tuple of texts, not one text")


def claims_of(lesson: str | Path) -> tuple[Claim, ...]:
    """Return the claims that a lesson's fact check asks about; none where its check file has none.

    Raises:
        FileNotFoundError: there is no such check file.
    """
    return tuple(getattr(load_checks(lesson), "CLAIMS", ()))


def ledger_of(lesson: str, folder: Path = LEDGER) -> tuple[Claim, ...]:
    """Return the claims that a lesson answers for, but does not ask about: they wait for the ledger.

    Args:
        lesson: the name that the lesson's files share.
        folder: where the ledger's files are.
    """
    path = folder / f"{lesson}.py"
    if not path.is_file():
        return ()
    spec = importlib.util.spec_from_file_location(f"kettle_claims_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return tuple(module.CLAIMS)


def ids_answered(lesson: str, folder: Path = LEDGER) -> set[str]:
    """Return the ids that a lesson's claims answer for, those of the ledger included."""
    return {each for claim in (*claims_of(lesson), *ledger_of(lesson, folder)) for each in claim.ids}

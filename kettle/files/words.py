"""The words of a lesson: what a learner may read outside the notebooks, from checks/NN_slug/words.toml.

What has to be known of a lesson without running its checks is read here, too: their titles, what they need.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

FILE = "words.toml"
NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Question:
    """A question to be answered from memory, by clicking.

    Args:
        text: the question.
        choices: the answers to choose from.
        answer: the index of the right one in `choices`.
        why: a sentence that says why it is right.

    Raises:
        ValueError: there is no such choice.
    """

    text: str
    choices: tuple[str, ...]
    answer: int
    why: str

    def __post_init__(self) -> None:
        if not 0 <= self.answer < len(self.choices):
            raise ValueError(f"answer {self.answer} is not one of the {len(self.choices)} choices")


@dataclass(frozen=True)
class NotebookWords:
    """The words of one notebook, the lesson or its exercise.

    Args:
        mistake: a piece of what the untouched starter is told.
        gone: the headline of a right answer: what it has done away with.
        needs: what its checks use: "shop", "redis_server"; of "database", how many checks do; of "install",
            the module whose function `install` is called before the notebook's cells.
        hints: from where to look to nearly the code.
        checks: the title of each hidden assertion, by its name, in order.
        interest: the same for what is told and decides nothing.
        excused: why a condition that callers rely on elsewhere means nothing here, by its name.
        says: sentences of the checks, by the keys that they use.
        apart: whether there are several mistakes, each judged whatever is said of the others.
    """

    mistake: str = ""
    gone: str = ""
    needs: Mapping[str, Any] = field(default_factory=dict)
    hints: tuple[str, ...] = ()
    checks: Mapping[str, str] = field(default_factory=dict)
    interest: Mapping[str, str] = field(default_factory=dict)
    excused: Mapping[str, str] = field(default_factory=dict)
    says: Mapping[str, str] = field(default_factory=dict)
    apart: bool = False


@dataclass(frozen=True)
class LessonWords:
    """The words of a lesson: of both notebooks, its questions, its claims as tables of the file.

    Args:
        learn: what one learns to see, for the table of lessons.
        recall: questions for the warm-ups of later lessons.
        guess: one on today's idea, for anyone who has done no lesson yet.
        claims: those that the fact check asks about; `ledger`: those that only the ledger shows.
        deck: cards for the decks; `guide`: the entry in the field guide. 00_start_here and site/ read them.
    """

    learn: str = ""
    lesson: NotebookWords = NotebookWords()
    exercise: NotebookWords = NotebookWords()
    recall: tuple[Question, ...] = ()
    guess: tuple[Question, ...] = ()
    claims: tuple[Mapping[str, Any], ...] = ()
    ledger: tuple[Mapping[str, Any], ...] = ()
    deck: tuple[Mapping[str, Any], ...] = ()
    guide: Mapping[str, Any] = field(default_factory=dict)

    def of(self, kind: str) -> NotebookWords:
        """Return the words of the notebook of a kind, "lesson" or "exercise"."""
        return self.exercise if kind == "exercise" else self.lesson


def read_words(folder: Path) -> LessonWords:
    """Read the words of the lesson whose folder in checks/ is given.

    Raises:
        FileNotFoundError: there is no such lesson.
        ValueError: the file is damaged, or says something that no lesson has.
    """
    path = folder / FILE
    return _read(path, path.stat().st_mtime_ns)


@cache
def _read(path: Path, stamp: int) -> LessonWords:
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
        return LessonWords(
            lesson=_notebook(found.pop("lesson", {})),
            exercise=_notebook(found.pop("exercise", {})),
            recall=tuple(_question(each) for each in found.pop("recall", ())),
            guess=tuple(_question(each) for each in [found.pop("guess", None)] if each),
            claims=tuple(found.pop("claims", ())),
            ledger=tuple(found.pop("ledger", ())),
            deck=tuple(found.pop("deck", ())),
            **found,
        )
    except (TypeError, KeyError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"{path.parent.name}/{FILE} cannot be read: {error}") from error


def _notebook(found: dict[str, Any]) -> NotebookWords:
    return NotebookWords(**{**found, "hints": tuple(found.get("hints", ()))})


def _question(found: dict[str, Any]) -> Question:
    return Question(**{**found, "choices": tuple(found["choices"])})

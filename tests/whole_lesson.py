"""All of one lesson that the tests ask for, judged by one process: its imports cost as much as verdicts.

Starters, fixes and the first wrong answers are judged as `pytest --nbval-lax` does it, all others without a
kernel; tests/test_kernelless.py holds both ways to each other.
"""

import functools
from dataclasses import dataclass

from contract import FOLDERS, Answer, Run, answers_of, judge_and_run
from mutants import Told, mutants_of, noted

from kettle.checking.runner.verdict import Verdict
from kettle.files import course

PARTS = ANSWERS, FULL, MUTANTS = (
    "test_an_answer_is_told_the_truth",
    "test_a_lesson_runs_from_top_to_bottom",
    "test_a_mutant_is_rejected_or_excused",
)
asked: set[str] = set()
"""Those of these three tests that will be run; tests/conftest.py adds them."""


@dataclass(frozen=True)
class Whole:
    """What was found of one lesson.

    Args:
        verdicts: of its answers; a text, where there is none.
        runs: of its notebooks in full, by the name of the folder.
        mutants: what they were told.
    """

    verdicts: dict[Answer, Verdict | str]
    runs: dict[str, Run]
    mutants: list[Told]


def whole(stem: str, every: bool = True) -> Whole:
    """Judge one lesson, once in a process.

    Args:
        stem: of the lesson.
        every: whether all of its answers are judged.
    """
    return _whole(stem, every)


@functools.cache
def _whole(stem: str, every: bool) -> Whole:
    folders = [*FOLDERS.values(), "solutions"] if FULL in asked else []
    answers = answers_of(stem, every) if ANSWERS in asked else ()
    few = answers_of(stem, every=False)
    by_pytest, more = ([each for each in answers if (each in few) == wanted] for wanted in (True, False))
    with noted(mutants_of(stem) if MUTANTS in asked else ()) as (mutants, told):
        full = [course.ROOT / folder / f"{stem}.ipynb" for folder in folders]
        verdicts, runs = judge_and_run(by_pytest, full, kernelless=[*more, *mutants])
        return Whole(verdicts, dict(zip(folders, runs, strict=True)), told(verdicts))

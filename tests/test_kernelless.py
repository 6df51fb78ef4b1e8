"""What is judged without a kernel is told the same as by pytest through nbval."""

import re
import sys

import pytest
from contract import Answer, answers_of, judge_and_run

from kettle.checking.runner.verdict import Verdict
from kettle.files import course

SAMPLE = ("10", "14", "21", "24")  # processes, the shop, a database, Django
DRAWN = re.compile(r"\d[\d,.]*|'[^']*'|\b[A-Z]{3}\b")  # numbers and names differ from verdict to verdict

linux = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere pytest judges all")


def told(verdict: Verdict) -> tuple:
    """Return what of a verdict does not depend on what was drawn for it."""
    findings = [(each.title, each.outcome, each.kind) for each in verdict.findings]
    return verdict.outcome, DRAWN.sub("…", verdict.message)[:40], findings


@linux
@pytest.mark.every
@pytest.mark.parametrize("number", SAMPLE)
def test_both_ways_tell_the_same(number):
    (stem,) = (files.stem for files in course.lessons() if files.stem.startswith(number))
    answers = answers_of(stem, every=False)
    by_pytest, _ = judge_and_run(answers, ())
    kernelless, _ = judge_and_run((), (), kernelless=answers)
    assert len({verdict.outcome for verdict in by_pytest.values()}) > 1, "else this test tells nothing"
    for answer in answers:
        assert told(kernelless[answer]) == told(by_pytest[answer]), answer


@linux
def test_a_cell_that_stops_is_judged_by_pytest(monkeypatch):
    (stem,) = (files.stem for files in course.lessons() if files.stem.startswith("14"))
    answer = Answer(stem, "exercise", "wrong", "stops", "1 / 0")
    verdicts, _ = judge_and_run((), (), kernelless=[answer])
    assert verdicts[answer].outcome == "broken"
    assert "ZeroDivisionError" in verdicts[answer].raised

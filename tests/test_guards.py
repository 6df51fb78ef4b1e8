"""Each guard fails on its lesson's starter and passes on every fix, so that it is worth taking home."""

import asyncio
import inspect

import pytest
from contract import answers_of
from own_code import guards_of, names_with

from kettle.checking.runner import assertions
from kettle.files import course
from kettle.panels.guard import FAILS, PASSES, outcome, try_out

STEMS = [files.stem for files in course.lessons() if guards_of(files.stem)]
RIGHT = [
    pytest.param(answer, id=str(answer), marks=[pytest.mark.every] * (answer.role == "alternative"))
    for stem in STEMS
    for answer in answers_of(stem)
    if answer.kind == "lesson" and answer.role in ("fix", "alternative")
]


def told_by_guards(stem: str, fix: str | None = None) -> dict[str, tuple[str, str]]:
    """Run the tests of a lesson's guards on an answer; return how each ended."""
    told = {}
    for guard in guards_of(stem):
        names = names_with(stem, guard, fix)
        tests = [n for n, f in names.items() if n.startswith("test_") and inspect.isfunction(f)]
        assert tests, f"{stem}: the guard defines no test"
        for name in tests:
            (subject,) = inspect.signature(names[name]).parameters  # by name, as pytest gives a fixture
            told[name] = asyncio.run(outcome(names[name], names[subject]))
    return told


@pytest.mark.parametrize("stem", STEMS)
def test_a_guard_fails_on_the_starter(stem):
    for name, (how, why) in told_by_guards(stem).items():
        assert how == FAILS, f"{name} {how} on the starter: {why}"
        assert why, f"{name} fails without a word"


@pytest.mark.parametrize("answer", RIGHT)
def test_a_guard_passes_on_a_right_answer(answer):
    for name, (how, why) in told_by_guards(answer.stem, answer.source).items():
        assert how == PASSES, f"{name} {how} on {answer}: {why}"


def test_a_guard_that_is_tried_out_says_how_it_went():
    async def test_of(f):
        assert f() == 1, "it is not 1"

    said = asyncio.run(try_out(test_of, lambda: 2, lambda: 1))
    assert said.text == "`test_of` fails on the merged code: it is not 1.\n`test_of` passes on your code."


def test_a_guard_tried_out_without_a_fix_says_so():
    def test_of(f):
        assert f() == 1, "it is not 1"

    def slow():
        return 2

    assert "Your code is still the merged code" in asyncio.run(try_out(test_of, slow, slow)).text


def test_a_guard_that_cannot_fail_is_not_tried(monkeypatch):
    def test_of(code):
        raise AssertionError(code)

    monkeypatch.setattr(assertions, "are_on", lambda: False)
    said = asyncio.run(try_out(test_of, lambda: 2, lambda: 1)).text
    assert said.startswith("This kernel runs Python with assertions switched off"), said
    assert "passes" not in said
    assert "fails" not in said

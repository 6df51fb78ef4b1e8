"""benchmarks/needed.py sees all that catches an answer, and says what none needs."""

import json
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import nbformat
import pytest
from contract import Answer
from nbformat.v4 import new_code_cell, new_notebook
from scratch_course import make_course

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
import needed
from looking import Catch, Look
from needed import Kept, Row, row_of, spare, stopped, table, together

pytestmark = pytest.mark.every
WORDS = """
[lesson.checks]
answers = "The same answer"
cost = "It costs little"
"""

CONTRACT = '''
"""Scratch."""

from kettle.checking import Case, Contract

from .world import at_most

lesson = Contract(
    "double",
    cases={"one is given": Case(1), "nothing is given": Case(0), "less is given": Case(-1)},
    again=False,
)


@lesson.cause
def cost(double):
    """Two assertions, and one in another file."""
    assert not hasattr(double, "slow"), "It is slow."
    assert (
        not hasattr(double, "dear")
    ), "It is dear."
    at_most(double)
'''

WORLD = '''
"""Scratch."""


def at_most(double):
    """Raise."""
    if hasattr(double, "huge"):
        raise AssertionError("It is huge.")
'''

CHECKS = '''
"""Scratch."""

from kettle.checking.equivalence import Situation


async def check_answers(double, equivalence):
    """The same answer."""
    numbers = {"one is given": 1, "nothing is given": 0, "less is given": -1}
    cases = [Situation(when, lambda f, w, n=n: f(n)) for when, n in numbers.items()]
    await equivalence(double, None, cases)
    assert not hasattr(double, "slow"), "It is slow."


def check_cost(double):
    """It costs little."""
    assert not hasattr(double, "dear"), "It is dear."
'''
MERGED = "def double(n):\n    return 2 * n"


@pytest.fixture
def folder(tmp_path):
    make_course(tmp_path)
    (tmp_path / "solutions").mkdir()
    merged = new_code_cell(MERGED, metadata={"tags": ["merged"], "kettle": {"of": "lesson"}})
    nbformat.write(new_notebook(cells=[merged]), tmp_path / "solutions" / "50_scratch.ipynb")
    found = tmp_path / "checks" / "50_scratch"
    (found / "words.toml").write_text(WORDS, encoding="utf-8")
    (found / "lesson.py").write_text(textwrap.dedent(CONTRACT).lstrip(), encoding="utf-8")
    (found / "world.py").write_text(textwrap.dedent(WORLD).lstrip(), encoding="utf-8")
    return found


def looked(folder, answer, *without, **marks):
    vars(answer).update(marks)
    look = Look(folder, without).at("lesson", {"double": answer})
    assert not look.busy
    return {each.name: each for each in look.found}, look.played


def positive():
    return lambda n: max(2 * n, 1)


CASES = ["answers: one is given", "answers: nothing is given", "answers: less is given"]


def test_all_cases_are_played_and_all_checks_are_run(folder):
    found, played = looked(folder, positive(), slow=True)
    assert played == ["answers", *CASES, "cost"]
    assert list(found) == [*CASES[1:], "cost"]
    assert "expected 0, got 1" in found[CASES[1]].message
    assert (found["cost"].message.strip(), found["cost"].line) == ("It is slow.", "lesson.py:17")
    assert looked(folder, lambda n: 2 * n)[0] == {}


def test_cases_checks_and_assertions_are_left_out(folder):
    answer = positive()
    found, played = looked(folder, answer, CASES[1], "lesson.py:17", slow=True, dear=True, huge=True)
    assert played == ["answers", CASES[0], CASES[2], "cost"]
    assert list(found) == [CASES[2], "cost"]
    assert found["cost"].line == "lesson.py:18"
    found, _ = looked(folder, answer, "answers", "lesson.py:17", "lesson.py:18")
    assert [each.line for each in found.values()] == ["world.py:7"]
    assert not looked(folder, answer, "answers", "lesson.py:17", "lesson.py:18", "world.py:7")[0]
    assert list(looked(folder, answer)[0]) == [*CASES[1:], "cost"], "all is there again"


def test_functions_that_check_are_looked_at_in_the_same_way(folder):
    (folder / "lesson.py").write_text(CHECKS, encoding="utf-8")
    found, played = looked(folder, positive(), slow=True, dear=True)
    assert played == ["answers", *CASES, "cost"]
    assert list(found) == [*CASES[1:], "answers", "cost"]
    assert "It is slow." in found["answers"].message


def test_what_stops_a_check_in_a_case_is_known_to_hide_the_others(folder):
    def answer(n):
        if n == 0:
            raise SystemExit
        return -1

    found, played = looked(folder, answer)
    assert played == ["answers", *CASES[:2], "cost"]
    assert {name: each.hangs for name, each in found.items()} == {CASES[0]: False, CASES[1]: True}
    assert list(looked(folder, answer, CASES[1])[0]) == [CASES[0], CASES[2]]


# --- what is needed


def row(name, *found, says="", alone="", by_luck=()):
    answer = Answer("50_scratch", "lesson", "wrong", name, "", says)
    return Row(answer, tuple(found), ("answers", "cost", "answers: a", "answers: b"), tuple(by_luck), alone)


def catch(case="", message="", line="", check="answers"):
    return Catch(check, case, line, message)


def lines_of(rows, *paths):
    return {line[:70].strip(): line[70:].strip() for line in table(rows, list(paths))}


def test_a_case_is_needed_by_what_nothing_else_catches():
    rows = [
        row("one", catch("a")),
        row("both", catch("a"), catch("b")),
        row("all", catch("b"), catch(check="cost")),
    ]
    assert lines_of(rows) == {
        "answers": "3     needed by 2: wrong one, wrong both",
        "a": "2     needed by 1: wrong one",
        "b": "2     NOT NEEDED",
        "cost": "1     NOT NEEDED",
    }
    assert spare(rows) == ["cost"]


def test_a_case_may_be_needed_for_its_words():
    rows = [row("told", catch("a", "say this"), catch("b", "say that"), says="this")]
    assert lines_of(rows)["a"] == "1     NOT NEEDED; for words by 1: wrong told"
    assert lines_of(rows)["b"] == "1     NOT NEEDED"
    assert set(spare(rows)) == {"answers: b", "cost"}


def test_of_two_cases_that_catch_the_same_one_stays():
    assert sum(name.startswith("answers: ") for name in spare([row("both", catch("a"), catch("b"))])) == 1


def test_an_assertion_is_needed_where_nothing_catches_its_answer_without_it(folder):
    cost = {"check": "cost"}
    rows = [
        row("slow", catch(line="lesson.py:17", **cost), alone="lesson.py:17"),
        row("dear", catch(line="lesson.py:18", **cost)),
        row("passes"),
    ]
    found = lines_of(rows, folder / "world.py", folder / "lesson.py")
    assert [found[name] for name in found if ".py:" in name] == [
        "0     NOT NEEDED",
        "1     needed by 1: wrong slow",
        "1     NOT NEEDED",
    ]
    assert "Nothing catches each time: wrong passes." in found


class Looks(Kept):
    """Looks that were prepared, by what was left out."""

    def __init__(self, found):
        self.found = found

    def look(self, answer, without=()):
        caught = self.found.get(tuple(without))
        return (
            None
            if caught is None
            else {"caught": [vars(each) for each in caught], "played": ["answers"], "by_luck": []}
        )


@pytest.mark.parametrize(
    ("then", "alone"), [([], "lesson.py:3"), ([catch(line="lesson.py:5")], ""), (None, None)]
)
def test_an_answer_that_an_assertion_alone_catches_is_judged_without_it(then, alone):
    found = row_of(Looks({(): [catch(line="lesson.py:3")], ("lesson.py:3",): then}), row("one").answer)
    assert (found and found.alone) == alone


def test_an_answer_that_hangs_in_a_case_is_judged_without_it():
    hangs = Catch("answers", "a", hangs=True)
    found = row_of(Looks({(): [hangs], ("answers: a",): [catch("b")]}), row("one").answer)
    assert found.found == (hangs, catch("b"))


def test_what_was_found_is_kept_and_counts_until_the_lesson_changes(tmp_path, monkeypatch):
    judged, path = [], tmp_path / "build" / "kept.jsonl"
    monkeypatch.setattr(needed, "digest", lambda stem: stem)

    def judge(answer, runs, begun, by):
        judged.append((answer.name, runs, by.keywords["without"]))
        looks = [
            {"caught": [], "played": ["cost"], "busy": len(judged) == 1 and run == 0} for run in range(runs)
        ]
        return ([], "it ended") if answer.name == "dies" else (looks, "")

    monkeypatch.setattr(needed, "judged", judge)
    kept = Kept(path, 2, float("inf"))
    nothing = {"caught": [], "by_luck": [], "played": ["cost"]}
    assert kept.look(row("one").answer) == nothing
    assert kept.look(row("one").answer, ["answers: a"]) == nothing
    assert kept.look(row("dies").answer)["caught"][0]["check"] == "(its process ended)"
    busy, again = [("one", 2, ()), ("one", 1, ())], [("one", 2, ("answers: a",))]
    assert judged == [*busy, *again, ("dies", 2, ()), ("dies", 1, ())]
    later = Kept(path, 2, time.monotonic() - 1)
    assert later.look(row("one").answer) == nothing
    assert later.look(row("another").answer) is None
    assert Kept(path, 3, time.monotonic() - 1).look(row("one").answer) is None
    monkeypatch.setattr(needed, "digest", lambda stem: "changed")
    assert later.look(row("one").answer) is None
    assert len(judged) == 5
    assert len([json.loads(line) for line in path.read_text().splitlines()]) == 3


def test_what_catches_by_luck_does_not_count():
    looks = [[catch("a"), catch("b")], [catch("b")], [catch(check="cost"), catch("b")]]
    found = together([{"caught": [vars(each) for each in one], "played": ["cost"]} for one in looks])
    assert found == {"caught": [vars(catch("b"))], "by_luck": ["answers: a", "cost"], "played": ["cost"]}
    rows = [row("one", catch("b"), by_luck=("answers: a",))]
    assert lines_of(rows)["a"] == "0 +1  NOT NEEDED"
    assert lines_of(rows)["b"] == "1     needed by 1: wrong one"


def test_a_cell_that_stops_needs_no_check():
    (caught,) = stopped({"outcome": "broken", "message": "no"})["caught"]
    assert (caught["check"], caught["message"]) == ("(broken)", "no")


def test_it_says_what_there_was_no_time_for(tmp_path):
    command = [sys.executable, needed.__file__, "14", "--minutes", "0", "--keep", tmp_path / "kept.jsonl"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Not all is judged yet: say it again to go on.") == 2
    assert not (tmp_path / "kept.jsonl").exists()

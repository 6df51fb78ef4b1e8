"""The panels: what they show, what a click does, and the plain text for those who see no widgets."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from kettle.checking import Finding, Question, Verdict
from kettle.checking.runner.verdict import verdict_of
from kettle.files.notebook import NotebookTrouble
from kettle.panels import compare, solution, style, verdict, warm_up
from kettle.panels.predict import Asked, Predict, parse
from kettle.panels.run import Face
from kettle.probes.ratio import TOO_NOISY
from kettle.shop.traffic import Request, Traffic

ASKED = Question("Which one?", ("this", "that <b>"), 1, "Because `that` is it.")


def test_a_sentence_is_escaped_and_told_as_text_too():
    said = style.say("Is `a < b`?", heading="Not yet", tone="wrong")
    assert "<code>a &lt; b</code>" in said.html
    assert said.text == repr(said) == "Not yet. Is `a < b`?"
    assert said._repr_mimebundle_()["text/plain"] == said.text


@pytest.fixture
def decks(monkeypatch):
    known = {}
    monkeypatch.setattr(warm_up, "_questions", lambda stem: known.get(stem, ()))
    monkeypatch.setattr(warm_up, "_guess", lambda stem: ())

    def add(*stems, count=3):
        known.update(
            {
                stem: tuple(Question(f"{stem} {n}", ("a", "b"), 0, "why") for n in range(count))
                for stem in stems
            }
        )

    return add


def test_the_warm_up_asks_one_three_and_seven_lessons_back(decks):
    stems = [f"{n:02}_x" for n in range(1, 15)]
    decks(*stems, "00_start_here")
    assert [stem for stem, _ in warm_up.choose("14_x", stems)] == ["13_x", "11_x", "07_x"]


def test_the_warm_up_asks_only_about_lessons_done_also_about_later_ones(decks):
    decks("07_x", "11_x", "12_x", "19_x", "00_start_here")
    assert [stem for stem, _ in warm_up.choose("14_x", ["07_x", "14_x"])] == ["07_x"] * 3
    chosen = warm_up.choose("14_x", ["07_x", "14_x", "19_x"])
    assert [stem for stem, _ in chosen] == ["07_x", "19_x", "07_x"]
    assert len({question.text for _, question in chosen}) == 3
    assert [stem for stem, _ in warm_up.choose("14_x", ["07_x", "11_x", "12_x"])] == ["12_x", "11_x", "07_x"]


def asked(stem, done, answered=None):
    return [question.text for _, question in warm_up.choose(stem, done, answered)]


def test_what_was_answered_wrong_comes_back_first_and_what_was_right_last(decks):
    done = ["11_x", "12_x", "13_x"]
    decks(*done)
    first = asked("14_x", done)
    assert [text[:4] for text in first] == ["13_x", "11_x", "12_x"]
    right, wrong = first[0], first[1]
    again = asked("14_x", done, {right: True, wrong: False})
    assert again[0] == wrong
    assert right not in again
    assert [text[:4] for text in again] == ["11_x", "13_x", "12_x"]
    every = [f"{stem} {n}" for stem in done for n in range(3)]
    assert asked("14_x", done, dict.fromkeys(every, True)) == ["13_x 0", "11_x 0", "12_x 0"]
    assert asked("14_x", done, dict.fromkeys(every, False)) == every[:3], "longest ago first"


def test_a_question_that_was_missed_is_asked_from_whichever_lesson_it_is(decks):
    done = ["02_x", "05_x", "11_x", "13_x", "19_x"]
    decks(*done)
    chosen = asked("14_x", done, {"19_x 1": False, "02_x 0": False, "13_x 1": True})
    assert chosen[:2] == ["19_x 1", "02_x 0"]
    assert chosen[2][:4] == "13_x"
    assert chosen[2] != "13_x 1"
    assert asked("14_x", [], {"19_x 1": False}) == [], "its lesson was not done"


def test_the_warm_up_of_who_has_done_nothing_is_a_guess_or_nothing(monkeypatch, decks):
    decks("07_x", "14_x")
    monkeypatch.setattr(warm_up, "_guess", lambda stem: (ASKED,) if stem == "14_x" else ())
    assert warm_up.choose("14_x", []) == (("14_x", ASKED),)
    panel = warm_up.WarmUp("14_x", warm_up.choose("14_x", ["14_x"]), print)
    assert panel.text().startswith("Guess before you read on.")
    assert warm_up.WarmUp("07_x", warm_up.choose("07_x", []), print).text() == warm_up.NOTHING


def test_a_question_can_be_answered_again_and_the_first_answer_is_recorded():
    told = []
    panel = warm_up.WarmUp("14_x", [("07_x", ASKED)], lambda event, **details: told.append((event, details)))
    panel._widget()
    (first, second), below = panel._cards[0]
    first.click()
    assert "Not this time." in below.value
    assert "that &lt;b&gt;" in below.value
    assert second.description.startswith("✓")
    second.click()
    assert "Right." in below.value
    assert not first.description.startswith("✗")
    assert panel.answer(0, 0).text.startswith("Not this time.")
    assert told == [("recalled", {"question": "Which one?", "right": False})]
    assert "1. Which one?" in panel.text()


@pytest.mark.parametrize(
    ("typed", "value"),
    [("3", 3), (" 1,5 s", 1.5), ("2.5s", 2.5), ("10,000", 10_000), ("0,125", 0.125), ("1 000", 1000)],
)
def test_numbers_are_read_as_people_write_them(typed, value):
    assert parse(typed) == value


@pytest.mark.parametrize("typed", ["", "many", "-1", "inf", "nan", "1.2.3"])
def test_what_is_no_number_is_not_taken(typed):
    with pytest.raises(ValueError):
        parse(typed)


def test_a_prediction_is_locked_in_by_the_button_and_stays():
    asked = (Asked("total", "How many seconds?", "s"), Asked("calls", "How many calls?", "calls"))
    kept = {}
    panel = Predict(asked, kept, lambda numbers: kept.update(numbers) or kept)
    panel._widget()
    panel._fields["total"].value = "3"
    panel._button.click()
    assert kept == {}
    assert "How many calls?" in panel._below.value
    panel._fields["calls"].value = "2"
    panel._button.click()
    assert kept == {"total": 3, "calls": 2}
    assert all(field.disabled for field in panel._fields.values())
    assert panel._button.disabled
    again = Predict(asked, kept, lambda numbers: kept)
    again._widget()
    assert again._fields["total"].value == "3.00 s"
    assert "Locked in: 3.00 s." in again.text()


@pytest.mark.parametrize("outcome", ["right", "not yet", "undecided", "broken", "stopped"])
def test_a_verdict_is_told_in_words_and_announced(outcome):
    findings = (Finding("Same answers", "passed", "3 of 3"), Finding("In flight", "not yet", "At most <1>."))
    said = verdict.draw(Verdict(outcome, "The sentence.", findings, ("A note.",)), "Save first.")
    assert 'role="status" aria-live="polite"' in said.html
    assert Verdict(outcome, "").heading in said.html
    for part in ("The sentence.", "(passed)", "(not yet)", "At most &lt;1&gt;.", "A note.", "Save first."):
        assert part in said.html
    assert "✗ In flight" in said.text
    assert "Save first." in said.text


def test_the_ladder_of_hints_says_where_it_stands():
    said = verdict.ladder(("look", "think", "tool", "code"), 2)
    assert said.text == "Hint 2 of 4. think"
    assert said.html.index("1. look") < said.html.index("2. think")
    assert "tool" not in said.html
    over = verdict.ladder(("look", "think"), 3)
    assert over.text.startswith("No more hints.")
    assert "1. look" in over.html
    assert "2. think" in over.html


def test_an_error_of_the_learners_code_is_shown_before_anything_is_said_about_it():
    error = "KeyError: 'tea'\n  in page(), line 4 of the cell: return stock[name] < 1"
    finding = Finding("Same page", "not yet", "Expected a result; your code raised KeyError.", raised=error)
    found = verdict_of([finding])
    assert found.raised == error
    said = verdict.draw(found)
    assert said.html.index("return stock[name] &lt; 1") < said.html.index("Expected a result")
    assert said.text.splitlines()[:3] == [
        "Not yet. KeyError: 'tea'",
        "  in page(), line 4 of the cell: return stock[name] < 1",
        "Expected a result; your code raised KeyError.",
    ]
    assert "wk-raised" not in verdict.draw(Verdict("not yet", "Three calls.")).html


def test_the_difference_keeps_every_line_and_can_be_read_without_colours():
    said = solution.draw("a\nb\nc", "a\nB < 2\nc\nd")
    assert said.text.splitlines()[1:] == ["  a", "- b", "+ B < 2", "  c", "+ d"]
    assert "<ins><b>+</b>B &lt; 2</ins>" in said.html
    assert "<del><b>−</b>b</del>" in said.html
    assert "is the same as the solution" in solution.draw("a", "a").text


def test_the_solution_is_the_fix_of_the_right_kind_with_the_prose_before_it(tmp_path):
    def fix(source, of):
        return {"cell_type": "code", "metadata": {"tags": ["fix"], "kettle": {"of": of}}, "source": source}

    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": "why one"},
        fix("one", "lesson"),
        {"cell_type": "markdown", "metadata": {}, "source": ["why ", "two"]},
        fix("two", "exercise"),
    ]
    path = tmp_path / "14_x.ipynb"
    path.write_text(json.dumps({"cells": cells}))
    assert solution.load(path, "lesson") == solution.Solution("one", "why one")
    assert solution.load(path, "exercise") == solution.Solution("two", "why two")
    path.write_text(json.dumps({"cells": cells[:2]}))
    with pytest.raises(NotebookTrouble, match="no fix for this exercise"):
        solution.load(path, "exercise")


def comparison(before, after, **subject):
    sides = (compare.Side("old", tuple(before)), compare.Side("new", tuple(after)))
    return compare.Comparison(*sides, compare.Subject(**subject) if subject else compare.TIME)


STEADY = (1.0, 1.01, 0.99, 1.0, 1.02, 1.0)
NOISY = (1.0, 3.0, 0.9, 2.8, 1.1, 2.9)
LATE = "the delay of /health"
AGAIN = "Run this cell again when the machine has less to do."


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        (
            [3 * t for t in STEADY],
            STEADY,
            "Faster: `new` is about 3 times as fast as `old` here (2.9 to 3.1).",
        ),
        (
            STEADY,
            [2 * t for t in STEADY],
            "Slower: `new` takes about 2 times as long as `old` here (1.96 to 2).",
        ),
        (
            STEADY,
            STEADY[::-1],
            "The same within a tenth: `new` takes as long as `old` here (0.97 to 1.03 times).",
        ),
        (
            [3 * t for t in NOISY],
            NOISY,
            "Too noisy to say; so far `new` is about 3 times as fast as `old` (0.9 to 10).",
        ),
    ],
)
def test_a_comparison_has_three_outcomes_in_words(before, after, says):
    found = comparison(before, after)
    noisy = f" {AGAIN}" if found.found.outcome == TOO_NOISY else ""
    assert compare.told(found) == says + noisy


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        (
            [1130 * t for t in STEADY],
            [38 * t for t in STEADY],
            "The delay of /health is about 30 times shorter with `new` than with `old` (29 to 30).",
        ),
        (
            STEADY,
            [2 * t for t in STEADY],
            "The delay of /health is longer with `new`, about 2 times that of `old` (1.96 to 2).",
        ),
        (
            STEADY,
            STEADY[::-1],
            f"The same within a tenth: {LATE}, with `new` as with `old` (0.97 to 1.03 times).",
        ),
        (
            NOISY,
            [3 * t for t in NOISY],
            f"Too noisy to say; so far {LATE} is longer with `new`, about 3 times that of `old` (0.9 to 10).",
        ),
    ],
)
def test_something_else_than_the_time_of_a_run_is_compared_in_words_of_its_own(before, after, says):
    found = comparison(before, after, what=LATE, unit="ms")
    noisy = f" {AGAIN}" if found.found.outcome == TOO_NOISY else ""
    assert compare.told(found) == says + noisy
    assert f"{LATE}, median: " in compare.draw(found)[0].text


def test_what_is_counted_is_smaller():
    found = comparison([40.0] * 6, [2.0] * 6, what="the number of open files", unit="open")
    assert "is about 20 times smaller with `new`" in compare.told(found)
    assert "the number of open files, median: 40 open, then 2 open" in compare.draw(found)[0].text


def test_answers_are_compared_as_a_whole():
    assert compare.same(np.arange(3), np.arange(3))
    assert not compare.same(np.arange(3), np.arange(1, 4))
    assert not compare.same([1, 2], [2, 1])


@pytest.mark.parametrize("wrapped", [tuple, list, lambda parts: dict(enumerate(parts))])
def test_answers_made_of_arrays_are_compared_part_by_part(wrapped):
    def answer(last):
        return wrapped([np.arange(3), np.array([0.5, np.nan, last])])

    assert compare.same(answer(1.5), answer(1.5))
    assert not compare.same(answer(1.5), answer(2.5))


def test_what_is_not_a_number_is_like_itself():
    assert compare.same([float("nan")], [float("nan")])
    assert compare.same(np.array([np.nan]), np.array([np.nan]))
    assert not compare.same([float("nan")], [0.0])


def test_an_array_is_like_the_list_of_its_values():
    assert compare.same([0, 1, 2], np.arange(3))
    assert compare.same(np.arange(3), [0, 1, 2])
    assert not compare.same(np.arange(3), [0, 1])


def test_refusals_are_counted_where_there_were_any():
    def side(name, *statuses):
        requests = tuple(
            Request("stock", "GET", "/", number / 10, number / 10 + 0.05, status, 1, False)
            for number, status in enumerate(statuses)
        )
        return compare.Side(name, (1.0,) * 6, Traffic(requests))

    def text(*sides):
        return compare.draw(compare.Comparison(*sides))[0].text

    assert "of these refused (429): 2, then 0" in text(side("a", 429, 200, 429), side("b", 200))
    assert "refused" not in text(side("a", 200), side("b", 200))


def test_how_long_a_run_took_is_an_output_of_its_own(capsys):
    face, replaced = Face("`f`"), []
    face._handle = SimpleNamespace(update=lambda said: replaced.append(said.text))
    face.finish("`f` took 3 s.")
    assert replaced == [""]
    assert capsys.readouterr().out == "`f` took 3 s.\n"

"""The lessons are what the file names say, whatever else lies in the folder."""

import json

import pytest

from kettle.files import course


def write_notebook(path, *sources):
    path.parent.mkdir(parents=True, exist_ok=True)
    cells = [
        {"cell_type": "markdown", "id": f"c{i}", "metadata": {}, "source": s} for i, s in enumerate(sources)
    ]
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))


@pytest.fixture
def root(tmp_path):
    write_notebook(
        tmp_path / "notebooks" / "14_one_await_at_a_time.ipynb", "no heading", "# One await at a time\n\nText"
    )
    write_notebook(
        tmp_path / "notebooks" / "07_same_answer_again.ipynb", ["# 07 The same answer again\n", "text"]
    )
    write_notebook(tmp_path / "notebooks" / "00_start_here.ipynb", "# Watched Kettle")
    return tmp_path


def test_lessons_come_from_file_names_in_order(root):
    found = course.lessons(root)
    assert [(each.number, each.stem, each.title) for each in found] == [
        (7, "07_same_answer_again", "The same answer again"),
        (14, "14_one_await_at_a_time", "One await at a time"),
    ]
    assert found[1].exercise == root / "exercises" / "14_one_await_at_a_time.ipynb"
    assert found[1].solution == root / "solutions" / "14_one_await_at_a_time.ipynb"
    assert found[1].checks == root / "checks" / "14_one_await_at_a_time"
    assert found[1].notebook_id("exercise") == "exercises/14_one_await_at_a_time"
    assert found[1].path("lesson") == found[1].notebook


@pytest.mark.parametrize(
    "name",
    [
        "14_one_await_at_a_time-Copy1",
        "14_one_await_at_a_time.2026-11-21",
        "notes",
        "00_start_here",
        "Untitled",
    ],
)
def test_a_learners_copies_are_not_lessons(root, name):
    write_notebook(root / "notebooks" / f"{name}.ipynb", "# A copy")
    assert len(course.lessons(root)) == 2


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"cells": 3}', '{"cells": [{}]}', '{"cells": []}', "[" * 100_000]
)
def test_a_damaged_notebook_still_has_a_title(root, text):
    (root / "notebooks" / "07_same_answer_again.ipynb").write_text(text)
    assert course.lessons(root)[0].title == "Same answer again"


def test_an_unknown_lesson_gets_a_sentence(root):
    assert course.lesson("07_same_answer_again", root).number == 7
    for name in ("08_nothing", "../secret", "00_start_here"):
        with pytest.raises(LookupError, match=r"The lessons that exist: 07_same_answer_again, 14_one"):
            course.lesson(name, root)


def test_the_parts_cover_every_lesson_once():
    assert [number for part in course.PARTS for number in part.numbers] == list(range(1, 28))


def test_a_path_names_each_lesson_once_and_one_holds_all():
    for path in course.PATHS:
        assert len(path.numbers) == len(set(path.numbers)), path.name
        assert set(path.numbers) <= set(range(1, 28)), path.name
    assert sorted(course.PATHS[-1].numbers) == list(range(1, 28))


def test_a_path_takes_no_longer_than_its_name_says_also_once_all_lessons_exist():
    known = {each.number: each.minutes for each in course.lessons()}
    most = {"Half a day": 210, "One day": 420, "Two days": 840}
    for path in course.PATHS[:3]:
        assert sum(known.get(number, course.CORE) for number in path.numbers) + path.beside <= most[path.name]


@pytest.mark.parametrize(
    ("table", "minutes"),
    [
        ("| 0 | begin (4) |\n| 4 | the fix, alone (12) |\n| 16 | the end (24) |", 40),
        ("| 0 | begin (4) |\n| 25 | the end |", 25),
        ("no table", course.CORE),
        (None, course.CORE),
    ],
)
def test_the_minutes_of_a_lesson_are_those_of_its_card(root, table, minutes):
    if table is not None:
        (root / "workshop").mkdir()
        (root / "workshop" / "07_same_answer_again.md").write_text(f"| minute | step |\n|---|---|\n{table}\n")
    assert course.lesson("07_same_answer_again", root).minutes == minutes


def test_every_card_has_minutes_to_read():
    silent = [each.card.name for each in course.lessons() if not course._STEP.search(each.card.read_text())]
    assert silent == [], "without a table of minutes, a path would count 25 for the lesson"

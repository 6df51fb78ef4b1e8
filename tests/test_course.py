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
    assert found[1].check == root / "checks" / "14_one_await_at_a_time.py"
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


def test_the_paths_add_up():
    by_name = {path.name: path for path in course.PATHS}
    # welcome, breaks and close, from the curriculum
    rest = {"Half a day": 30, "One day": 90, "Two days": 20 + 15 + 150, "Everything": 20 + 15 + 150}
    for name, path in by_name.items():
        assert sum(minutes for _, minutes in path.stops) + rest[name] == path.minutes, name
        numbers = [number for number, _ in path.stops] + list(path.at_home)
        assert len(numbers) == len(set(numbers)), name
    everything = by_name["Everything"]
    assert sorted([number for number, _ in everything.stops] + list(everything.at_home)) == list(range(1, 28))

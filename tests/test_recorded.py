"""The picture of an idle machine, beneath the learner's own."""

import json
import re

import nbformat
import pytest

from kettle.files import course
from kettle.panels.recorded import FILE, SUMMARY, recorded

RECORDED = [each for each in course.lessons() if (each.checks / FILE).exists()]


def test_lessons_whose_story_needs_idle_cores_have_a_recorded_picture():
    assert {10, 12, 13, 22} <= {each.number for each in RECORDED}


@pytest.mark.parametrize("lesson", RECORDED, ids=lambda each: each.stem)
def test_a_recorded_picture_is_shown_folded_with_its_words(lesson):
    shown = recorded(lesson.checks)
    kept = json.loads((lesson.checks / FILE).read_text(encoding="utf-8"))
    assert shown.html.startswith(f"<details><summary>{SUMMARY}</summary><style>")
    assert kept["html"] in shown.html
    assert str(shown) == f"{SUMMARY}:\n{kept['text']}"
    assert not re.search(r"<script|/home/|/work/|/tmp/", kept["html"] + kept["text"])


@pytest.mark.parametrize("lesson", RECORDED, ids=lambda each: each.stem)
def test_a_recorded_picture_is_that_of_the_run(lesson):
    cells = {each.id: each.source for each in nbformat.read(lesson.notebook, as_version=4).cells}
    assert "lesson.run(" in cells["run-it"]
    assert "picture=" in cells["run-it"]


def test_without_a_record_or_with_a_damaged_one_nothing_is_shown(tmp_path):
    assert recorded(tmp_path) is None
    (tmp_path / FILE).write_text("{", encoding="utf-8")
    assert recorded(tmp_path) is None
    (tmp_path / FILE).write_text('{"html": ""}', encoding="utf-8")
    assert recorded(tmp_path) is None

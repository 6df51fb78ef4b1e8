"""The learner's notebook on disk: found, read, saved, put back; and no edit is ever lost."""

import json
import subprocess
import threading
import time

import pytest

from kettle.files import course, notebook, pristine
from kettle.panels.actions import Actions

STEM = "14_one_await_at_a_time"


def write(path, *cells):
    path.parent.mkdir(parents=True, exist_ok=True)
    cells = [
        {"cell_type": "code", "metadata": {"tags": list(tags)}, "source": source} for source, *tags in cells
    ]
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    return path


@pytest.fixture
def lesson(tmp_path):
    return write(tmp_path / "notebooks" / f"{STEM}.ipynb", ("x = 1", "fix"))


def test_it_is_found_from_the_session_even_as_a_copy_and_as_an_exercise(tmp_path, lesson, monkeypatch):
    copy = write(tmp_path / "exercises" / f"{STEM}-Copy1.ipynb", ("x = 2", "fix"))
    monkeypatch.setenv("JPY_SESSION_NAME", str(copy))
    assert notebook.find(STEM, root=tmp_path) == (copy, "exercise")
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "notebooks" / "07_another.ipynb"))
    assert notebook.find(STEM, root=tmp_path) == (lesson, "lesson")
    monkeypatch.delenv("JPY_SESSION_NAME")
    monkeypatch.chdir(tmp_path / "exercises")
    assert notebook.find(STEM, root=tmp_path) == (tmp_path / "exercises" / f"{STEM}.ipynb", "exercise")


def test_a_fix_cell_that_was_split_counts_as_one(tmp_path):
    path = write(tmp_path / "a.ipynb", ("x = 1\n", "fix"), ("no",), (["y = 2\n", "z = 3"], "fix"))
    assert notebook.fix_of(path) == "x = 1\n\ny = 2\nz = 3"


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"metadata": {}}', "null"])
def test_damaged_json_gets_a_sentence(tmp_path, damage):
    path = tmp_path / "a.ipynb"
    path.write_text(damage)
    with pytest.raises(notebook.NotebookTrouble, match="is damaged"):
        notebook.fix_of(path)


def test_a_missing_cell_and_a_missing_file_get_a_sentence(tmp_path):
    with pytest.raises(notebook.NotebookTrouble, match="cell with the fix is missing"):
        notebook.fix_of(write(tmp_path / "a.ipynb", ("x = 1",)))
    with pytest.raises(notebook.NotebookTrouble, match=r"no notebook b\.ipynb"):
        notebook.fix_of(tmp_path / "b.ipynb")


def test_reset_restores_the_committed_starter_and_keeps_the_edit_each_time(tmp_path, lesson):
    for command in (
        ["init", "-q"],
        ["add", "."],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "a"],
    ):
        subprocess.run(["git", "-C", tmp_path, *command], check=True, timeout=20)
    starter = lesson.read_bytes()
    kept = []
    for edit in (b"first edit", b"second edit"):
        lesson.write_bytes(edit)
        copy = notebook.reset(lesson, STEM, "lesson", tmp_path)
        kept.append(copy.read_bytes())
        assert lesson.read_bytes() == starter
        assert copy.parent == lesson.parent
    assert kept == [b"first edit", b"second edit"]
    assert len(list(lesson.parent.iterdir())) == 3


def test_upstream_comes_before_a_commit_of_the_learners_edit(tmp_path, lesson):
    def git(*arguments, where=tmp_path):
        who = ("-c", "user.name=a", "-c", "user.email=a@b")
        subprocess.run(["git", "-C", where, *who, *arguments], check=True, timeout=20, capture_output=True)

    git("init", "-q", "-b", "main")
    git("add", ".")
    git("commit", "-qm", "the course")
    clone = tmp_path / "clone"
    git("clone", "-q", str(tmp_path), str(clone))
    (clone / "notebooks" / lesson.name).write_text("an edit that an update committed")
    git("commit", "-qam", "edit", where=clone)
    assert notebook.starter(STEM, "lesson", clone) == lesson.read_bytes()


def test_without_git_the_pristine_folder_serves_and_without_that_nothing_is_touched(tmp_path, lesson):
    lesson.write_text("mine")
    with pytest.raises(notebook.NotebookTrouble, match="neither in git nor"):
        notebook.reset(lesson, STEM, "lesson", tmp_path)
    assert lesson.read_text() == "mine"
    assert list(lesson.parent.iterdir()) == [lesson]
    pristine = tmp_path / ".kettle" / "pristine" / "notebooks" / lesson.name
    pristine.parent.mkdir(parents=True)
    pristine.write_text("starter")
    notebook.reset(lesson, STEM, "lesson", tmp_path)
    assert lesson.read_text() == "starter"


def test_starters_are_kept_once_and_only_where_git_does_not_know_them(tmp_path, lesson):
    starter = lesson.read_bytes()
    exercise = write(tmp_path / "exercises" / f"{STEM}.ipynb", ("y = 1", "fix"))
    write(lesson.with_name(f"{STEM} 2026-11-22 10.00.00.ipynb"), ("mine", "fix"))
    kept = pristine.keep(tmp_path)
    assert [path.relative_to(pristine.place_of(tmp_path)) for path in kept] == [
        path.relative_to(tmp_path) for path in (lesson, exercise)
    ]
    lesson.write_text("an edit")
    another = write(tmp_path / "notebooks" / "15_new.ipynb", ("z = 1", "fix"))
    assert [path.name for path in pristine.keep(tmp_path)] == [another.name], "what is kept stays"
    notebook.reset(lesson, STEM, "lesson", tmp_path)
    assert lesson.read_bytes() == starter

    clone = tmp_path / "clone"
    write(clone / "notebooks" / lesson.name, ("x = 1", "fix"))
    (clone / ".git").mkdir()
    assert pristine.keep(clone) == []


def test_a_lesson_that_is_opened_keeps_its_starter(tmp_path, lesson):
    starter = lesson.read_bytes()
    files = course.lesson(STEM, tmp_path)
    Actions(files, "lesson", lesson, tmp_path)
    lesson.write_text("an edit")
    Actions(files, "lesson", lesson, tmp_path)
    notebook.reset(lesson, STEM, "lesson", tmp_path)
    assert lesson.read_bytes() == starter


class FrontEnd:
    """Saves as Jupyter does: an old copy beside it while it writes in place."""

    def __init__(self, path):
        self.path = path

    def execute(self, command, arguments):
        threading.Thread(target=self.save, daemon=True).start()

    def save(self):
        time.sleep(0.05)
        content = self.path.read_text()
        beside = self.path.with_name(f".~{self.path.name}")
        beside.write_text(content)
        self.path.write_text(content[:10])
        time.sleep(0.1)
        self.path.write_text(content.replace("x = 1", "x = 2"))
        beside.unlink()


def test_a_save_is_over_only_when_the_file_is_whole(lesson):
    saver = notebook.Saver(lesson)
    saver._commands = FrontEnd(lesson)
    assert saver.save(patience=20)
    assert notebook.fix_of(lesson) == "x = 2"


def test_where_nobody_saves_the_wait_is_bounded(lesson, monkeypatch):
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    assert notebook.Saver(lesson).save() is False
    saver = notebook.Saver(lesson)
    saver._commands = type("Deaf", (), {"execute": lambda self, command, arguments: None})()
    assert saver.save(patience=0.1) is False

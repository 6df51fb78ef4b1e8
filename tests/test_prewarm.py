"""When a checking process waits for a click: from the fix on, and again as soon as somebody is at work."""

import json
from types import SimpleNamespace

import pytest
from IPython.core.events import EventManager, available_events

from kettle.panels import prewarm


class FakeChecker:
    resting = True

    def __init__(self):
        self.calls = []

    def warm_up(self):
        self.resting = False
        self.calls.append("warm up")

    def touch(self):
        self.calls.append("touch")


@pytest.fixture
def at_work(tmp_path, monkeypatch):
    """A lesson in a kernel; gives its Prewarm, and a function that runs a cell."""
    shell = SimpleNamespace(kernel=object())
    shell.events = EventManager(shell, available_events)
    monkeypatch.setattr(prewarm, "get_ipython", lambda: shell)
    monkeypatch.setattr(prewarm, "owner", lambda: SimpleNamespace(mark=lambda: None))
    monkeypatch.setattr(prewarm, "_watching", [])
    monkeypatch.setenv("JPY_SESSION_NAME", "14_x.ipynb")
    monkeypatch.delenv("KETTLE_CERTIFYING", raising=False)
    cells = [{"cell_type": "code", "id": "mine", "metadata": {"tags": ["fix"]}, "source": "x = 1"}]
    path = tmp_path / "14_x.ipynb"
    path.write_text(json.dumps({"cells": cells}))

    def run(cell):
        shell.events.trigger("post_run_cell", SimpleNamespace(info=SimpleNamespace(cell_id=cell)))

    return lambda: prewarm.Prewarm(path, FakeChecker()), run


def test_the_process_starts_with_the_fix_and_is_kept_by_work(at_work):
    lesson, run = at_work[0](), at_work[1]
    run("imports")
    run(None)
    assert lesson.checker.calls == []
    run("mine")
    run("imports")
    assert lesson.checker.calls == ["warm up", "touch"]


def test_once_the_buttons_are_there_any_cell_brings_it_back(at_work):
    lesson, run = at_work[0](), at_work[1]
    lesson.expect()
    lesson.checker.resting = True
    run("imports")
    assert lesson.checker.calls == ["warm up", "warm up"]


def test_a_lesson_that_is_opened_again_takes_the_place_of_the_first(at_work):
    first, second = at_work[0](), at_work[0]()
    at_work[1]("mine")
    assert (first.checker.calls, second.checker.calls) == ([], ["warm up"])


def test_nothing_starts_where_a_notebook_is_being_checked(at_work, monkeypatch):
    monkeypatch.setenv("KETTLE_CERTIFYING", "1")
    lesson, run = at_work[0](), at_work[1]
    run("mine")
    lesson.expect()
    assert lesson.checker.calls == []

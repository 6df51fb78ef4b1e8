"""kettle.lessons.limited runs a program with few descriptors, and tells which lines left handles unclosed."""

import linecache
import sys

import pytest

from kettle.lessons.limited import run_limited

CELL = """
kept = []


def leak(path):
    kept.append(open(path))


def close(path):
    with open(path) as file:
        return file.read()
"""
LOOP = """
def main():
    step()
    for _ in range({times}):
        {call}(__file__)
        step()
    kept.clear()
"""


@pytest.fixture
def cell():
    """Two functions of one cell, known as IPython makes cells known."""
    name, names = "/somewhere/ipykernel_1/cell.py", {}
    linecache.cache[name] = (len(CELL), None, CELL.splitlines(keepends=True), name)
    exec(compile(CELL, name, "exec"), names)
    yield names["leak"]
    del linecache.cache[name]


def test_what_leaks_stops_at_the_limit(cell):
    ran = run_limited([cell], LOOP.format(times=200, call="leak"), descriptors=40)
    assert "Too many open files" in ran.error
    assert len(ran.opened) < 40
    assert {after - before for before, after in zip(ran.opened, ran.opened[1:], strict=False)} == {1}
    assert "Too many open files" in repr(ran)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows counts files otherwise")
def test_the_line_that_opened_what_nobody_closed_is_told(cell):
    ran = run_limited([cell], LOOP.format(times=5, call="leak"), descriptors=40)
    assert ran.error == ""
    assert ran.lines == {"kept.append(open(path))": 5}
    assert "unclosed file" in ran.example
    assert "kept.append(open(path))" in ran.example


def test_what_is_closed_runs_to_its_end(cell):
    ran = run_limited([cell], LOOP.format(times=60, call="close"), descriptors=40)
    assert (ran.error, ran.lines, ran.example) == ("", {}, "")
    assert len(ran.opened) == 61
    assert len(set(ran.opened)) == 1
    assert "it came to its end" in repr(ran)


def test_another_error_is_told(cell):
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        run_limited([cell], "def main():\n    1 / 0", descriptors=40)

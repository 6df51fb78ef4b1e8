"""mypy finds nothing in our packages and checks; pyproject.toml says with which settings."""

import os
import re
from pathlib import Path

import pytest
from mypy.build import build
from mypy.errors import CompileError
from mypy.main import process_options
from mypy.modulefinder import BuildSource

ROOT = Path(__file__).resolve().parents[1]


def found(*files: Path) -> list[str]:
    """Return what mypy says of the whole course, or of some files in the folders of lessons."""
    sources, options = process_options([])  # as the command `mypy` does: from pyproject.toml
    if files:
        sources = []
    # By the command line these could not be checked: a folder whose name begins with a digit is no package
    # that code could import by name. They are packages all the same, with modules that import each other,
    # but for those that are imported as modules of kettle.lessons.
    files = files or tuple(sorted(ROOT.glob("checks/[0-9]*/*.py")))
    texts = (file.read_text(encoding="utf-8") for file in files)
    by_name = {name for text in texts for name in of_lessons(text)}
    for file in files:
        package = "kettle.lessons" if file.stem in by_name else f"checks.{file.parent.name}"
        sources.append(BuildSource(os.path.relpath(file, ROOT), f"{package}.{file.stem}"))
    try:
        return build(sources, options).errors
    except CompileError as error:
        return error.messages


def of_lessons(text: str) -> set[str]:
    """Return the modules of kettle.lessons that a file imports."""
    listed = re.findall(r"^\s*from kettle\.lessons import ([\w, ]+)", text, re.MULTILINE)
    return {*re.findall(r"\bkettle\.lessons\.(\w+)", text), *re.findall(r"\w+", " ".join(listed))}


@pytest.mark.every
def test_mypy_finds_nothing(monkeypatch):
    monkeypatch.chdir(ROOT)
    assert not (told := found()), "\n".join(told)


def test_an_ignore_says_why():
    files = (file for room in ("kettle", "kettle_room", "checks") for file in ROOT.glob(f"{room}/**/*.py"))
    lines = "\n".join(file.read_text(encoding="utf-8") for file in files).splitlines()
    ignores = [line.strip() for line in lines if "type: ignore" in line]
    assert [line for line in ignores if not re.search(r"# type: ignore\[[\w-]+\]  # \w", line)] == []


def test_mypy_finds_what_is_wrong_in_the_folder_of_a_lesson(monkeypatch, tmp_path):
    monkeypatch.chdir(ROOT)
    folder = tmp_path / "99_not_a_name"
    folder.mkdir()
    (folder / "world.py").write_text("SIZE: int = 3\n")
    (folder / "lesson.py").write_text("from .world import SIZE\n\nSIZE.append(1)\n")
    (told,) = found(folder / "world.py", folder / "lesson.py")
    assert "lesson.py:3" in told
    assert '"int" has no attribute "append"' in told

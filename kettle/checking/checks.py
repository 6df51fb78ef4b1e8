"""The check files: where they are, and what one holds."""

from __future__ import annotations

import ast
import importlib.util
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

COPY = re.compile(r"(\d\d_[a-z0-9_]+)[- ].*")  # JupyterLab's "…-Copy1", and the dated copies of a reset
CHECK = re.compile(r"(?:check|interest)_(exercise_)?")
INTEREST = "interest"  # the kind of a check that is told, and decides nothing
CHECKS = Path(__file__).resolve().parents[2] / "checks"


@dataclass(frozen=True)
class Question:
    """A question to be answered from memory, by clicking.

    Args:
        text: the question.
        choices: the answers to choose from.
        answer: the index of the right one in `choices`.
        why: a sentence that says why it is right.
    """

    text: str
    choices: tuple[str, ...]
    answer: int
    why: str

    def __post_init__(self) -> None:
        if not 0 <= self.answer < len(self.choices):
            raise ValueError(f"answer {self.answer} is not one of the {len(self.choices)} choices")


class Undecided(Exception):
    """A check cannot tell right from wrong, such as on a machine that is too busy; the sentence says why."""


@dataclass(frozen=True)
class Check:
    """One hidden assertion: a function of a check file.

    Args:
        name: the function's name.
        title: its docstring's first line.
        kind: "check", or "interest" for what is told but decides nothing.
    """

    name: str
    title: str
    kind: str


def find_checks(notebook: Path) -> Path:
    """Return where the check file of a notebook is: in the course that it lies in, else in this one.

    Args:
        notebook: path of a notebook in notebooks/ or exercises/, or of a copy of one.
    """
    copied = COPY.fullmatch(notebook.stem)
    name = f"{copied[1] if copied else notebook.stem}.py"
    beside = notebook.resolve().parent.parent / "checks" / name
    return beside if beside.is_file() else CHECKS / name


def load_checks(lesson: str | Path) -> ModuleType:
    """Import the check file of one lesson.

    Args:
        lesson: the name that the lesson's four files share ("14_one_await_at_a_time"), or the file's path.

    Raises:
        FileNotFoundError: there is no such check file.
    """
    path = _path(lesson)
    name = f"kettle_checks_{path.stem}"
    known = sys.modules.get(name)
    stamp = (str(path), path.stat().st_mtime_ns)
    if known is not None and known.__stamp__ == stamp:
        return known
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    module.__stamp__ = stamp
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def checks_of(lesson: str | Path, kind: str) -> tuple[Check, ...]:
    """List the hidden assertions of a lesson or of its exercise, those of interest last.

    The file is read, not imported: what it imports is needed where it is run, not where tests are collected.

    Args:
        lesson: the lesson's name, or the path of its check file.
        kind: "lesson" or "exercise".

    Raises:
        FileNotFoundError: there is no such check file.
    """
    found = []
    for node in ast.parse(_path(lesson).read_text(encoding="utf-8")).body:
        purpose, _, rest = getattr(node, "name", "").partition("_")
        if purpose in ("check", "interest") and rest.startswith("exercise_") == (kind == "exercise"):
            title = (ast.get_docstring(node) or node.name).splitlines()[0]
            found.append(Check(node.name, title.rstrip("."), purpose))
    return tuple(sorted(found, key=lambda check: check.kind == "interest"))


def wants(lesson: str | Path, name: str, notebook: Path | None = None) -> bool:
    """Tell whether any function of a lesson's check file takes `name`; the file is read, not imported.

    Given a notebook, of those that its verdict may call: a lesson has no use for its exercise's checks.
    """
    return any(_takes(top, name) for top in _tops(lesson, notebook))


def how_many_want(lesson: str | Path, name: str, notebook: Path) -> int:
    """Count the hidden assertions on a notebook that take `name`, but for those made for interest."""
    return sum(_takes(top, name) for top in _tops(lesson, notebook) if _name(top).startswith("check_"))


def _tops(lesson: str | Path, notebook: Path | None) -> Iterator[ast.stmt]:
    """Yield what stands at the top of a check file, without what is of the other notebook of the lesson."""
    exercise = notebook and notebook.parent.name == "exercises"
    for top in ast.parse(_path(lesson).read_text(encoding="utf-8")).body:
        if not (notebook and (of := CHECK.match(_name(top))) and bool(of[1]) != exercise):
            yield top


def _name(top: ast.stmt) -> str:
    return getattr(top, "name", "")


def _takes(top: ast.stmt, name: str) -> bool:
    return any(node.arg == name for node in ast.walk(top) if isinstance(node, ast.arg))


def hints_of(lesson: str | Path, kind: str) -> tuple[str, ...]:
    """Return the ladder of hints of a lesson or of its exercise, from where to look to nearly the code."""
    module = load_checks(lesson)
    return tuple(module.HINTS if kind == "lesson" else module.EXERCISE_HINTS)


def gone_of(notebook: Path) -> str:
    """Return the sentence that says what a right answer to a notebook has done away with; "" without one.

    It is `GONE` or `EXERCISE_GONE` of the check file, which is read and not imported.

    Args:
        notebook: path of a notebook in notebooks/ or exercises/, or of a copy of one.
    """
    wanted = "EXERCISE_GONE" if notebook.parent.name == "exercises" else "GONE"
    with suppress(OSError, SyntaxError, ValueError):
        for node in ast.parse(find_checks(notebook).read_text(encoding="utf-8")).body:
            names = [getattr(target, "id", "") for target in getattr(node, "targets", ())]
            if isinstance(node, ast.Assign) and wanted in names:
                return str(ast.literal_eval(node.value))
    return ""


def _path(lesson: str | Path) -> Path:
    path = lesson if isinstance(lesson, Path) else CHECKS / f"{lesson}.py"
    if not path.is_file():
        raise FileNotFoundError(f"There are no checks named {path.stem}.")
    return path

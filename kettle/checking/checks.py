"""The checks of a lesson: their folder, the hidden assertions they hold, and how they are imported."""

from __future__ import annotations

import importlib
import importlib.util
import re
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

from kettle.files.words import LessonWords, Question, read_words

__all__ = ["Check", "Question", "Undecided"]

COPY = re.compile(r"(\d\d_[a-z0-9_]+)[- ].*")  # JupyterLab's "…-Copy1", and the dated copies of a reset
INTEREST = "interest"  # the kind of a check that is told, and decides nothing
CHECKS = Path(__file__).resolve().parents[2] / "checks"


class Undecided(Exception):
    """A check cannot tell right from wrong, such as on a machine that is too busy; the sentence says why."""


@dataclass(frozen=True)
class Check:
    """One hidden assertion of a lesson or its exercise.

    Args:
        name: the key of its title in words.toml; its function is called so, too.
        title: what it looks for, in a few words.
        kind: "check", or "interest" for what is told but decides nothing.
    """

    name: str
    title: str
    kind: str


def kind_of(notebook: Path) -> str:
    """Return "exercise" or "lesson", by the folder that a notebook lies in."""
    return "exercise" if notebook.parent.name == "exercises" else "lesson"


def find_checks(notebook: Path) -> Path:
    """Return the folder of a notebook's checks: in the course that it lies in, else in this one.

    Args:
        notebook: path of a notebook in notebooks/ or exercises/, or of a copy of one.
    """
    copied = COPY.fullmatch(notebook.stem)
    name = copied[1] if copied else notebook.stem
    beside = notebook.resolve().parent.parent / "checks" / name
    return beside if beside.is_dir() else CHECKS / name


def words_of(lesson: str | Path) -> LessonWords:
    """Return the words of a lesson.

    Args:
        lesson: the name that the lesson's files share ("14_one_await_at_a_time"), the folder of its checks,
            or a file in that.

    Raises:
        FileNotFoundError: there are no such checks.
    """
    return read_words(folder_of(lesson))


def checks_of(lesson: str | Path, kind: str) -> tuple[Check, ...]:
    """List the hidden assertions of a lesson or of its exercise, those of interest last.

    Args:
        lesson: the lesson's name, or the folder of its checks.
        kind: "lesson" or "exercise".

    Raises:
        FileNotFoundError: there are no such checks.
    """
    words = words_of(lesson).of(kind)
    found = [Check(name, title, "check") for name, title in words.checks.items()]
    return (*found, *(Check(name, title, INTEREST) for name, title in words.interest.items()))


def load_checks(lesson: str | Path, kind: str) -> ModuleType:
    """Import lesson.py or exercise.py of a lesson's checks, anew where a file of its folder has changed.

    Args:
        lesson: the lesson's name, or the folder of its checks.
        kind: "lesson" or "exercise".

    Raises:
        FileNotFoundError: there are no such checks.
    """
    module = load_module(folder_of(lesson), kind)
    if (contract := getattr(module, kind, None)) is not None:
        contract.words = words_of(lesson).of(kind)
    return module


def load_module(folder: Path, name: str) -> ModuleType:
    """Import one module of a lesson's checks; its folder is a package of its own, whatever it is called."""
    if not (folder / f"{name}.py").is_file():
        raise FileNotFoundError(f"checks/{folder.name} has no {name}.py.")
    package = f"kettle_checks_{folder.name}"
    stamp = (str(folder), *(file.stat().st_mtime_ns for file in sorted(folder.glob("*.py"))))
    if getattr(sys.modules.get(package), "__stamp__", None) != stamp:
        for known in [each for each in sys.modules if each == package or each.startswith(f"{package}.")]:
            del sys.modules[known]
        spec = ModuleSpec(package, None, is_package=True)
        spec.submodule_search_locations = [str(folder)]
        sys.modules[package] = importlib.util.module_from_spec(spec)
        vars(sys.modules[package])["__stamp__"] = stamp
        importlib.invalidate_caches()
    return importlib.import_module(f"{package}.{name}")


def function_of(lesson: str | Path, kind: str, check: Check) -> Callable:
    """Return the function of one hidden assertion.

    Raises:
        LookupError: words.toml has a title for it, and the module has no function.
    """
    module = load_checks(lesson, kind)
    contract = getattr(module, kind, None)
    function = (
        contract.checks.get(check.name)
        if contract is not None
        else getattr(module, f"{check.kind}_{check.name}", None)
    )
    if function is None:
        raise LookupError(f"{module.__name__} has nothing for “{check.title}”.")
    return function


def hints_of(lesson: str | Path, kind: str) -> tuple[str, ...]:
    """Return the ladder of hints of a lesson or of its exercise, from where to look to nearly the code."""
    return words_of(lesson).of(kind).hints


def gone_of(notebook: Path) -> str:
    """Return the sentence that says what a right answer to a notebook has done away with; "" without one.

    Args:
        notebook: path of a notebook in notebooks/ or exercises/, or of a copy of one.
    """
    with suppress(OSError, ValueError):
        return words_of(find_checks(notebook)).of(kind_of(notebook)).gone
    return ""


def folder_of(lesson: str | Path) -> Path:
    """Return the folder of a lesson's checks; FileNotFoundError where there is none."""
    path = (
        lesson
        if isinstance(lesson, Path)
        else Path(lesson)
        if "/" in lesson or "\\" in lesson
        else CHECKS / lesson
    )
    folder = path.parent if path.suffix else path
    if not folder.is_dir():
        raise FileNotFoundError(f"There are no checks named {folder.name}.")
    return folder

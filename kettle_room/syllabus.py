"""What the room knows of the course: its notebooks, their steps, questions and causes, and their pictures."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from kettle.files.course import FOLDERS, ROOT, LessonFiles, lesson, lessons
from kettle.files.notebook import NotebookTrouble, read, source
from kettle.files.words import read_words

STEPS = ("opened", "predicted", "run", "fix tried", "right")
FIX = STEPS.index("fix tried") + 1  # from this step on, the fix may be caught up with
ELSEWHERE = {"cell": "A cell of the notebook stopped", "unknown": "Another reason"}
NUMBERS = re.compile(r"^## Numbers to expect\s*\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Question:
    """A number that a notebook asks for: its name, the question, and the unit, which may be empty."""

    name: str
    text: str
    unit: str


@dataclass(frozen=True)
class Notebook:
    """One notebook as the room knows it.

    Args:
        id: such as "notebooks/14_one_await_at_a_time".
        title: what the teacher reads.
        questions: whose answers are predicted, by name.
        causes: titles of what a verdict may name, by key.
        files: of the lesson.
    """

    id: str
    title: str
    questions: Mapping[str, Question]
    causes: Mapping[str, str]
    files: LessonFiles

    @property
    def numbers(self) -> str:
        """What the teacher's card says about the numbers to expect; "" where it says nothing."""
        try:
            found = NUMBERS.search(self.files.card.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return ""
        return " ".join(found[1].split()) if found else ""


@cache
def syllabus(root: Path = ROOT) -> Mapping[str, Notebook]:
    """Return every notebook of the course by its id, in the course's order."""
    ids = [each.notebook_id(kind) for each in lessons(root) for kind in FOLDERS]
    return {each: notebook for each in ids if (notebook := find(each, root))}


@cache
def find(notebook_id: str, root: Path = ROOT) -> Notebook | None:
    """Return one notebook of the course by its id; None where there is no such notebook."""
    folder, _, stem = notebook_id.partition("/")
    kind = next((kind for kind, where in FOLDERS.items() if where == folder), "")
    try:
        files = lesson(stem, root)
        return _notebook(files, kind) if kind and files.path(kind).exists() else None
    except LookupError:
        return None


def cause_of(notebook: Notebook, title: str) -> str:
    """Return the key of the cause that a verdict names by its title; "" where it names none."""
    if not title:
        return ""
    return next((key for key, told in notebook.causes.items() if told == title), "cell")


def picture_of(notebook: Notebook) -> tuple[str, str]:
    """Return the recorded picture of a lesson, as HTML and as text; ("", "") where there is none."""
    for name, keys in (("recorded.json", ()), ("deck.json", ("lesson/", ""))):
        try:
            kept = json.loads((notebook.files.checks / name).read_text(encoding="utf-8"))
            if not keys:
                return kept["html"], kept["text"]
            first = next(each for key in keys for where, each in kept.items() if where.startswith(key))
            return first.get("html", ""), first["text"]
        except (OSError, ValueError, KeyError, StopIteration):
            continue
    return "", ""


def _notebook(files: LessonFiles, kind: str) -> Notebook:
    try:
        checks = read_words(files.checks).of(kind).checks
    except (OSError, ValueError):
        checks = {}
    exercise = ": the exercise" if kind == "exercise" else ""
    title = f"{files.number:02} {files.title}{exercise}"
    asked = {each.name: each for each in questions_in(files.path(kind))}
    return Notebook(files.notebook_id(kind), title, asked, {**checks, **ELSEWHERE}, files)


def questions_in(path: Path) -> list[Question]:
    """Read from a notebook which numbers its `lesson.predict(...)` asks for, without running it."""
    try:
        cells = read(path)["cells"]
    except NotebookTrouble:
        return []
    code = (source(each) for each in cells if each["cell_type"] == "code")
    return [asked for each in code if "lesson.predict(" in each for asked in _asked(each)]


def _asked(code: str) -> list[Question]:
    try:
        tree = ast.parse(code)
    except SyntaxError:  # a learner's notebook may hold anything
        return []
    found = []
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        if isinstance(call.func, ast.Attribute) and call.func.attr == "predict":
            given = {word.arg: _literal(word.value) for word in call.keywords if word.arg}
            unit = given.pop("unit", "") or ""
            given.pop("answer", None)
            for name, text in given.items():
                of = unit.get(name, "") if isinstance(unit, dict) else unit
                found.append(Question(name, text if isinstance(text, str) else name, str(of)))
    return found


def _literal(node: ast.expr) -> object:
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None

"""The course's files as the tests of its rules read them: lessons, notebooks, cells."""

import json

from kettle.files.course import ROOT, lessons

LESSONS = lessons()
STEMS = [each.stem for each in LESSONS]
FOLDERS = ("notebooks", "exercises", "solutions")
NOTEBOOKS = sorted(path for folder in FOLDERS for path in (ROOT / folder).glob("[0-9]*.ipynb"))


def read(path):
    """Return a notebook as JSON."""
    return json.loads(path.read_text(encoding="utf-8"))


def cells_of(folder, stem):
    """Return the cells of a lesson's notebook in a folder."""
    return read(ROOT / folder / f"{stem}.ipynb")["cells"]


def source(cell):
    """Return a cell's source as one text."""
    return "".join(cell["source"])


def tags(cell):
    """Return a cell's tags."""
    return cell["metadata"].get("tags", [])


def about(cell):
    """Return which of the two a cell of solutions/ belongs to, "lesson" or "exercise"."""
    return cell["metadata"].get("kettle", {}).get("of")

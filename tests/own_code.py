"""What a lesson gives its learners to take home: guards for their tests, and the fix in their frameworks."""

import re
from typing import Any

import nbformat

from kettle.checking import load_checks  # noqa: F401 - makes sure that the course can be imported
from kettle.files import course

FENCED = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
OPENING = ("open-lesson", "open-exercise")


def cells_of(stem: str, kind: str = "lesson") -> list:
    """Return the cells of a learner's notebook."""
    return nbformat.read(course.lesson(stem).path(kind), as_version=4).cells


def tags(cell) -> set[str]:
    """Return a cell's tags."""
    return set(cell.metadata.get("tags", ()))


def snippet(stem: str, name: str) -> str:
    """Return the code of the markdown cell whose metadata say that it runs, {"kettle": {"runs": name}}."""
    (cell,) = (c for c in cells_of(stem) if c.metadata.get("kettle", {}).get("runs") == name)
    (code,) = FENCED.findall(cell.source)
    return code


def run_snippet(stem: str, name: str, **names: Any) -> dict[str, Any]:
    """Run such code, and return what it defines.

    Args:
        stem: of the lesson.
        name: that the cell goes by.
        **names: what it finds defined already.
    """
    names["__name__"] = f"{name}_of_{stem}"
    exec(compile(snippet(stem, name), f"<{name} in {stem}>", "exec"), names)
    return names


def guards_of(stem: str) -> list:
    """Return the cells of a lesson that hold a guard."""
    return [cell for cell in cells_of(stem) if "guard" in tags(cell)]


def names_with(stem: str, guard, fix: str | None = None) -> dict[str, Any]:
    """Run a lesson's cells as far as a guard needs them, with an answer in the place of its fix.

    Args:
        stem: of the lesson.
        guard: the guard's cell; its metadata may name further cells, {"kettle": {"needs": [id, …]}}.
        fix: source of the answer; the starter's own, where None.
    """
    needs = {*OPENING, *guard.metadata.get("kettle", {}).get("needs", ())}
    names: dict[str, Any] = {"__name__": "__main__"}
    for cell in cells_of(stem):
        if cell.cell_type != "code" or not (tags(cell) <= {"fix"} or cell.id in needs):
            continue
        source = fix if fix is not None and "fix" in tags(cell) else cell.source
        exec(compile(source, f"<{cell.id}>", "exec"), names)
    exec(compile(guard.source, f"<{guard.id}>", "exec"), names)
    return names

"""A page for each lesson: its core as it is read, with recorded pictures; the fix is left out."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable

import book
from book import Cell, box, fenced, raw

from kettle.files.course import LessonFiles
from kettle.files.words import Question, read_words
from kettle.panels.style import inline

LEAD = (
    "This is the lesson as a page to read, up to the one thing to remember. In the course you predict, run "
    "and fix it yourself, and hidden checks certify your fix: [set the course up](/set_up.md). "
    "The pictures are recordings of real runs."
)
YOUR_TURN = (
    "**Your turn.** In the course, this cell holds the slow code from above, and you change it there. "
    "Hints and a solution are one click away. This page leaves the fix out: try it first."
)
COMPARED = (
    "In the course, the merged code and your fix run here in turn, and their answers are compared first."
)
RUN_IT = re.compile(r"Run the cells from the top with <kbd>Shift</kbd>\+<kbd>Enter</kbd>\. ?")
OPENED = re.compile(r"^\w+ = Lesson\(", re.MULTILINE)


def page(lesson: LessonFiles, repository: str = "") -> str:
    """Return a lesson's page as MyST Markdown.

    Raises:
        ValueError: the notebook has no core, or the lesson no entry in the field guide.
    """
    parts, comparing = [], False
    for cell in book.core(lesson):
        if cell.kind == "markdown":
            heading = next((line for line in cell.source.splitlines() if line.startswith("## ")), "")
            comparing = heading == "## Compare" or (comparing and not heading)
            parts.append(prose(lesson, cell, repository))
        else:
            parts += code(lesson, cell, comparing=comparing)
    said = book.signature(lesson)
    found = f"/field_guide.md#guide-{lesson.number:02}"
    where = f"The line and the guard are also on [one page to print](/handouts/{lesson.stem}.md)."
    parts.append(f"## In the field guide\n\n[{said.signature}]({found}). {where}")
    return "\n\n".join(_without_repeats(parts)) + "\n"


def _without_repeats(parts: list[str]) -> list[str]:
    return [part for before, part in zip(["", *parts], parts, strict=False) if part != before]


def prose(lesson: LessonFiles, cell: Cell, repository: str) -> str:
    """Return a cell of prose: links lead to pages, and the title has the lesson's number and its lead."""
    text = book.relinked(cell.source, repository)
    if cell.source.startswith("# "):
        _, _, rest = text.partition("\n")
        rest = RUN_IT.sub("", rest).replace(" · needs nothing but this notebook", "")
        return f"# {book.title(lesson)}\n\n{box(LEAD)}\n{rest}"
    return text


def code(lesson: LessonFiles, cell: Cell, *, comparing: bool) -> list[str]:
    """Return what stands for a cell of code: its text, what it asks for or shows, or a sentence.

    Args:
        lesson: whose cell it is.
        cell: the cell.
        comparing: whether it stands under *Compare*, where there is only a fix to look at.
    """
    if "fix" in cell.tags:
        return [box(YOUR_TURN, "turn")]
    for call, shown in PANELS.items():
        if f"lesson.{call}(" in cell.source:
            return [shown(lesson, cell)]
    if comparing:
        return [box(COMPARED)]
    block = fenced(cell.source, "ipython3" if re.search(r"^[%!]", cell.source, re.MULTILINE) else "python")
    if cell.hidden or OPENED.search(cell.source):
        block = f"<details><summary>Code that is collapsed in the lesson</summary>\n\n{block}\n\n</details>"
    return [block, *map(raw, pictures_of(lesson, cell))]


def pictures_of(lesson: LessonFiles, cell: Cell) -> list[str]:
    """Return the recorded pictures of a cell; those of a fixed run are left out."""
    found = []
    for name, html in book.pictures(lesson).items():
        kind, _, rest = name.partition("/")
        where, *marks = rest.split("/") if kind == "lesson" else ["run-it" if kind == "recorded" else ""]
        if where == cell.id and "fixed" not in marks:
            found.append(html)
    return found


def warm_up(lesson: LessonFiles, cell: Cell) -> str:
    """Return the question on the lesson's idea, with its answer folded up."""
    return "\n\n".join(raw(question(each)) for each in read_words(lesson.checks).guess)


def question(asked: Question) -> str:
    """Return a question and its choices as HTML; the answer is folded up."""
    choices = "".join(f"<li>{inline(choice)}</li>" for choice in asked.choices)
    right = inline(asked.choices[asked.answer])
    return (
        f'<div class="wk-here"><p><b>Guess.</b> {inline(asked.text)}</p><ol type="A">{choices}</ol>'
        f"<details><summary>The answer</summary><p><b>{right}.</b> {inline(asked.why)}</p></details></div>"
    )


def predict(lesson: LessonFiles, cell: Cell) -> str:
    """Return the numbers that a learner predicts, as a list of questions."""
    calls = (node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Call))
    asked = next(node.keywords for node in calls if ast.unparse(node.func) == "lesson.predict")
    texts = [each.value.value for each in asked if isinstance(each.value, ast.Constant)]
    items = "".join(f"<li>{inline(str(text))}</li>" for text in texts if isinstance(text, str))
    return raw(listed("<b>Write your numbers down before you read on.</b>", items))


def panel(lesson: LessonFiles, cell: Cell) -> str:
    """Return what the checks look at."""
    titles = read_words(lesson.checks).lesson.checks.values()
    items = "".join(f"<li>{inline(title)}</li>" for title in titles)
    return raw(listed("In the course, a click checks your fix:", items))


def listed(heading: str, items: str) -> str:
    """Return a box with a list, as HTML."""
    return f'<div class="wk-here"><p>{heading}</p><ul>{items}</ul></div>'


def compare(lesson: LessonFiles, cell: Cell) -> str:
    """Return a sentence in the place of the comparison."""
    return box(COMPARED)


PANELS: dict[str, Callable[[LessonFiles, Cell], str]] = {
    "warm_up": warm_up,
    "predict": predict,
    "panel": panel,
    "compare": compare,
}

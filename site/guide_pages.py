"""The field guide, which starts where people start, and a handout of one page for each lesson."""

from __future__ import annotations

import book
from book import Signature, fenced, raw

from kettle.files.course import LessonFiles, lessons

GUIDE = """# Field guide

Start with what you see. Each of the {count} entries begins with what people say who have the problem, and
shows a picture of a real run. Then it tells what it is, the line to look for, a guard, and the lesson.

{search}
"""
SEARCH = (
    '<p class="wk-filter" id="wk-filter" hidden>'
    '<label for="wk-words">Show only entries with these words:</label> '
    '<input id="wk-words" type="search" autocomplete="off"> <span role="status" id="wk-found"></span></p>'
)
HANDOUTS = """# Handouts

One page for each lesson: the signature, its picture, the line and the guard. Print them from your browser:
the navigation is left out on paper, and each fits on one page of A4. [All of them](/handouts/all.md) can be
printed at once.
"""


def guide() -> str:
    """Return the field guide as MyST Markdown."""
    found = [(lesson, book.signature(lesson)) for lesson in lessons()]
    entries = [entry(lesson, said) for lesson, said in found]
    return GUIDE.format(count=len(found), search=raw(SEARCH)) + "\n" + "\n\n".join(entries) + "\n"


def entry(lesson: LessonFiles, said: Signature) -> str:
    """Return one entry of the field guide."""
    also = "\n".join(f"- {each}" for each in said.also)
    return "\n\n".join(
        [
            f"(guide-{lesson.number:02})=\n## {said.signature}",
            f"People also say:\n\n{also}",
            raw(said.picture),
            f"**What it is.** {said.is_}",
            f"**The line to look for.** {said.look} In the lesson:",
            fenced(said.line),
            f"**The guard.** {said.guard} [The test is in the handout](/handouts/{lesson.stem}.md).",
            f"**The lesson.** [{book.title(lesson)}](/lessons/{lesson.stem}.md)",
        ]
    )


def handout(lesson: LessonFiles, level: int = 1) -> str:
    """Return the handout of a lesson.

    Args:
        lesson: which one.
        level: of its heading; the parts have the next one.
    """
    said = book.signature(lesson)
    part = "#" * (level + 1)
    return "\n\n".join(
        [
            f"{'#' * level} {said.signature}",
            f"*Watched Kettle, lesson [{book.title(lesson)}](/lessons/{lesson.stem}.md):* {lesson.cause}.",
            raw(said.picture),
            f"{part} The line",
            f"{said.look} In the lesson:",
            fenced(said.line),
            f"{part} The guard",
            said.guard,
            fenced(said.code),
        ]
    )


def handouts() -> str:
    """Return the page that lists the handouts."""
    rows = [
        f"- [{book.title(lesson)}](/handouts/{lesson.stem}.md): {book.signature(lesson).signature}"
        for lesson in lessons()
    ]
    stems = "\n".join(["all", *(lesson.stem for lesson in lessons())])
    return HANDOUTS + "\n" + "\n".join(rows) + f"\n\n```{{toctree}}\n:hidden:\n\n{stems}\n```\n"


def all_handouts() -> str:
    """Return all handouts on one page, each beginning on a new sheet of paper."""
    start = "# All handouts\n\nOne sheet of paper for each lesson, when printed."
    sheets = [handout(lesson, 2) for lesson in lessons()]
    return "\n\n".join([start, *sheets]) + "\n"

"""What a page is made of: a lesson's cells, guide entry and recorded pictures, and links between pages."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from kettle.files.course import PARTS, ROOT, LessonFiles, lessons
from kettle.files.words import read_words
from kettle.lessons.deck import Card, cards
from kettle.lessons.deck_cards import draw
from kettle.lessons.landing_tables import name_of

HERE = Path(__file__).parent
END = "## The one thing to remember"  # the last part of a lesson's core
PAGES = {"notebooks/99_ledger": "/ledger.md", "notebooks/00_start_here": "/index.md"}
LINK = re.compile(r"\[([^\]]+)\]\((?!https?:|#|mailto:)([^)\s]+)\)")


@dataclass(frozen=True)
class Cell:
    """One cell of a notebook.

    Args:
        id: its name within the notebook.
        kind: "markdown" or "code".
        source: its text.
        tags: such as "fix", "demo", "guard" and "curious".
        hidden: whether the notebook shows it collapsed.
    """

    id: str
    kind: str
    source: str
    tags: tuple[str, ...] = ()
    hidden: bool = False


@dataclass(frozen=True)
class Signature:
    """An entry of the field guide: `[guide]` in the words of a lesson.

    Args:
        signature: what people say who have the problem.
        also: what else they say.
        is_: what it is.
        line: the line to look for, as it stands in the lesson.
        look: what such lines look like elsewhere.
        guard: what the test does that keeps it out.
        code: that test, from the notebook.
        picture: HTML of a recorded picture.
    """

    signature: str
    also: tuple[str, ...]
    is_: str
    line: str
    look: str
    guard: str
    code: str
    picture: str


@cache
def cells(path: Path) -> tuple[Cell, ...]:
    """Return the cells of a notebook."""
    found = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return tuple(
        Cell(
            cell["id"],
            cell["cell_type"],
            "".join(cell["source"]),
            tuple(cell["metadata"].get("tags", ())),
            bool(cell["metadata"].get("jupyter", {}).get("source_hidden")),
        )
        for cell in found
    )


def core(lesson: LessonFiles) -> list[Cell]:
    """Return the cells of a lesson up to and including the one thing to remember.

    Raises:
        ValueError: the lesson has no such part.
    """
    found = cells(lesson.notebook)
    for place, cell in enumerate(found):
        if cell.kind == "markdown" and cell.source.startswith(END):
            return list(found[: place + 1])
    raise ValueError(f"{lesson.notebook.name} has no part called “{END.lstrip('# ')}”.")


@cache
def pictures(lesson: LessonFiles) -> Mapping[str, str]:
    """Return the recorded pictures of a lesson as HTML, by the names that the decks give them."""
    dealt = (card for part in PARTS for card in cards(part) if card.lesson.stem == lesson.stem)
    found = {card.picture: draw(card).html for card in dealt}
    return found | {card.picture: draw(card).html for card in _own(lesson)}


def _own(lesson: LessonFiles) -> list[Card]:
    """Return the pictures that are in no deck, since they show several mistakes: site/recorded/ has them."""
    path = HERE / "recorded" / f"{lesson.stem}.json"
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return [Card(lesson, name, why="", others=(), **each) for name, each in kept.items()]


def signature(lesson: LessonFiles) -> Signature:
    """Return a lesson's entry of the field guide.

    Raises:
        ValueError: the entry lacks something, or names a picture that is not there.
    """
    words: dict[str, Any] = dict(read_words(lesson.checks).guide)
    shown = pictures(lesson)
    try:
        name = words.pop("picture", next(iter(shown), ""))
        code = next(cell.source for cell in cells(lesson.notebook) if "guard" in cell.tags)
        return Signature(
            also=tuple(words.pop("also")), is_=words.pop("is"), code=code, picture=shown[name], **words
        )
    except (KeyError, TypeError, StopIteration) as error:
        raise ValueError(f"The guide entry of {lesson.stem} is not complete: {error!r}") from None


def title(lesson: LessonFiles) -> str:
    """Return what a lesson is called, with its number."""
    return name_of(lesson)


def page_of(target: str, folder: str = "notebooks") -> str:
    """Return the page that stands for a file of the course; "" if none does.

    Args:
        target: where a link leads, such as "15_all_or_nothing_gather.ipynb".
        folder: where in the course the link stands.
    """
    path = (ROOT / folder / target).resolve()
    if not path.is_file() or not path.is_relative_to(ROOT):
        return ""
    top, stem = path.relative_to(ROOT).parts[0], path.stem
    if top == "workshop" and path.suffix == ".md":
        return "/teach/index.md" if stem == "README" else f"/teach/{stem.lower()}.md"
    if top == "notebooks" and stem in {lesson.stem for lesson in lessons()}:
        return f"/lessons/{stem}.md"
    return PAGES.get(f"{top}/{stem}", "")


def relinked(text: str, repository: str = "", folder: str = "notebooks") -> str:
    """Return Markdown whose links lead to pages of the site, to files of the repository, or nowhere.

    Args:
        text: Markdown of the course.
        repository: address of the repository; "" where it has none yet: then only the words stay.
        folder: where in the course the text is from.
    """

    def link(match: re.Match) -> str:
        words, target = match[1], match[2].partition("#")[0]
        if page := page_of(target, folder):
            return f"[{words}]({page})"
        path = (ROOT / folder / target).resolve()
        if repository and path.exists() and path.is_relative_to(ROOT):
            kind = "tree" if path.is_dir() else "blob"
            return f"[{words}]({repository}/{kind}/main/{path.relative_to(ROOT).as_posix()})"
        return words

    return LINK.sub(link, text)


def fenced(code: str, language: str = "python") -> str:
    """Return code as a block of Markdown, whatever it contains."""
    fence = "`" * max(3, 1 + max(map(len, re.findall(r"`+", code)), default=0))
    return f"{fence}{language}\n{code.strip()}\n{fence}"


def raw(html: str) -> str:
    """Return HTML as a block that MyST leaves alone."""
    return f"~~~~~~~~{{raw}} html\n{html}\n~~~~~~~~"


def box(text: str, kind: str = "here") -> str:
    """Return sentences in a box of the site."""
    return f":::{{container}} wk-{kind}\n{text}\n:::"

"""The teacher's pages: whatever Markdown is in workshop/; the final code of a card stays in the card."""

from __future__ import annotations

import re
from pathlib import Path

import book

from kettle.files.course import ROOT

FOLDER = ROOT / "workshop"
FINAL = re.compile(r"^## The final code\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
LEFT_OUT = """## The final code

It is in the card itself, `workshop/{name}` in the course. The site shows no fixes.

"""
START = """# Teach it

The course is made for a group as well as for one person. Each lesson has a card for the teacher: a plan in
minutes, what people get wrong, and what to ask the room.
"""


def pages(repository: str = "") -> dict[str, str]:
    """Return the teacher's pages as MyST Markdown, by their names within teach/."""
    files = [path for path in sorted(FOLDER.rglob("*.md")) if path.name != "README.md"]
    found = {f"{path.stem.lower()}.md": card(path, repository) for path in files}
    return {"index.md": index(files, repository), **found}


def card(path: Path, repository: str) -> str:
    """Return one file of the folder, without the final code."""
    text = path.read_text(encoding="utf-8")
    text = FINAL.sub(LEFT_OUT.format(name=path.name), text)
    return book.relinked(text, repository, path.parent.relative_to(ROOT).as_posix())


def index(files: list[Path], repository: str) -> str:
    """Return the front page: the README, which lists the rest; a list of the cards where there is none."""
    readme = FOLDER / "README.md"
    start = card(readme, repository) if readme.exists() else START + "\n" + "\n".join(map(listed, files))
    stems = "\n".join(path.stem.lower() for path in files)
    handouts = "[The handouts](/handouts/index.md) have one page for each lesson, to print."
    return "\n\n".join([start.rstrip(), handouts, f"```{{toctree}}\n:hidden:\n\n{stems}\n```"]) + "\n"


def listed(path: Path) -> str:
    """Return the line of a list that leads to a file."""
    return f"- [{heading(path)}](/teach/{path.stem.lower()}.md)"


def heading(path: Path) -> str:
    """Return the first heading of a file; its name where it has none."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return next((line.lstrip("# ").strip() for line in lines if line.startswith("# ")), path.stem)

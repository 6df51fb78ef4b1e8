"""A course of one tiny lesson in a folder of its own, to try the checker on."""

from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

WORDS = """
[lesson]
gone = ""
hints = ["one", "two", "three", "four"]

[lesson.checks]
doubles = "It doubles a number"
waits = "It waits"

[lesson.interest]
how_fast = "How fast it is"
"""

CHECKS = '''
"""Scratch."""
import asyncio


def check_doubles(double, rng):
    """It doubles a number."""
    number = rng.randrange(1, 1000)
    assert double(number) == 2 * number, f"double({number}) is {double(number)}. Which sign is it?"
    return f"{number} became {2 * number}."


async def check_waits(wait):
    """It waits."""
    await wait()


def interest_how_fast(double):
    """How fast it is."""
    return "It was quick."
'''

SETUP = "import asyncio\nimport time"
FIX = "def double(n):\n    return 2 * n\n\n\nasync def wait():\n    await asyncio.sleep(0)"


def make_course(folder: Path, fix: str = FIX, before: str = SETUP, after: str = "x = double(2)") -> Path:
    """Write the course; return its notebook's path.

    Args:
        folder: an empty folder.
        fix: source of the cell that the learner changes.
        before: source of the cell before it.
        after: source of the cell after it.
    """
    (folder / "notebooks").mkdir(parents=True, exist_ok=True)
    checks = folder / "checks" / "50_scratch"
    checks.mkdir(parents=True, exist_ok=True)
    (checks / "lesson.py").write_text(CHECKS, encoding="utf-8")
    (checks / "words.toml").write_text(WORDS, encoding="utf-8")
    cells = [
        new_markdown_cell("# Scratch"),
        new_code_cell(before),
        new_code_cell("raise RuntimeError('a demo is left out')", metadata={"tags": ["demo"]}),
        new_code_cell(fix, metadata={"tags": ["fix"]}),
        new_code_cell(after),
        new_code_cell("raise RuntimeError('so is a cell for the curious')", metadata={"tags": ["curious"]}),
    ]
    path = folder / "notebooks" / "50_scratch.ipynb"
    nbformat.write(new_notebook(cells=cells), path)
    return path

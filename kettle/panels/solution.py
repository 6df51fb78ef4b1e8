"""The solution as a difference from the learner's code, and why it works."""

from __future__ import annotations

import difflib
import html
import re
from dataclasses import dataclass
from pathlib import Path

from kettle.files.notebook import NotebookTrouble, read, source, tagged
from kettle.panels.style import Said

WORDS = {"+": "added", "-": "removed"}


HEADING = re.compile(r"\A#+ .*\n+")


@dataclass(frozen=True)
class Solution:
    """The fix of the answer key, and the prose before it."""

    code: str
    why: str


def load(path: Path, kind: str) -> Solution:
    """Read the fix of a lesson or of its exercise from solutions/.

    Raises:
        NotebookTrouble: there is none yet.
    """
    notebook = read(path)
    why = ""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            why = HEADING.sub("", source(cell))  # in the learner's notebook it stands under another heading
        elif (
            cell in tagged(notebook, "fix") and cell["metadata"].get("kettle", {}).get("of", "lesson") == kind
        ):
            return Solution(source(cell).strip("\n"), why)
    raise NotebookTrouble(f"solutions/{path.name} has no fix for this {kind} yet.")


def debrief(path: Path, kind: str) -> str:
    """Return what is told after a right answer: the cells of solutions/ tagged `debrief`; "" without any.

    Args:
        path: of the notebook in solutions/.
        kind: "lesson" or "exercise".

    Raises:
        NotebookTrouble: it cannot be read.
    """
    cells = tagged(read(path), "debrief")
    of = [source(cell) for cell in cells if cell["metadata"].get("kettle", {}).get("of", "exercise") == kind]
    return "\n\n".join(of)


def difference(before: str, after: str) -> list[tuple[str, str]]:
    """Compare two pieces of code by lines.

    Returns:
        Pairs of a sign ("+", "-" or " ") and a line; no line is left out.
    """
    merged, yours = before.splitlines(), after.splitlines()
    matcher = difflib.SequenceMatcher(None, merged, yours, autojunk=False)
    lines: list[tuple[str, str]] = []
    for _, start, end, new_start, new_end in matcher.get_opcodes():
        old, new = merged[start:end], yours[new_start:new_end]
        if old == new:
            lines += [(" ", line) for line in old]
        else:
            lines += [("-", line) for line in old] + [("+", line) for line in new]
    return lines


def draw(yours: str, solution: str) -> Said:
    """Draw the difference from the learner's code to the solution; signs say what the colours say."""
    lines = difference(yours, solution)
    elements = {"+": "ins", "-": "del", " ": "span"}
    body = "".join(
        f"<{elements[sign]}><b>{'−' if sign == '-' else sign}</b>{html.escape(line)}</{elements[sign]}>"
        for sign, line in lines
    )
    if all(sign == " " for sign, _ in lines):
        what = "Your code is the same as the solution, line by line."
    else:
        what = "From your code to the solution: − marks lines to remove, + marks lines to add."
    box = (
        f'<div class="wk wk-solution-code"><p>{what}</p>'
        '<div class="wk-diff" tabindex="0" role="group" aria-label="From your code to the solution">'
        f"{body}</div></div>"
    )
    return Said(box, "\n".join([what, *(f"{sign} {line}".rstrip() for sign, line in lines)]))

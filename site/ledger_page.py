"""The ledger as a page: every claim, whether it holds and why, and what one machine measured."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import book
from book import HERE

from kettle.checking.claims import TRUTHS, Claim
from kettle.files.course import lessons
from kettle.lessons.ledger_claims import every_claim_of

FILE = HERE / "measured.json"  # measure.py writes it
START = """# The ledger

Claims that are often made about the speed of Python. Each says whether it holds, and why: {truths}. {machine}
In the course, the ledger measures the same claims on your own machine, and keeps your votes.
"""
MEASURED = (
    "*Measured* is what one machine found on {date}: {cores} cores ({processor}), {memory} of memory, "
    "{system}, Python {python}. Times depend on the machine: believe ratios and counts."
)
BUSY = " Other programs kept that machine busy meanwhile, so its times are longer than they need be."
NOT_MEASURED = "Nothing was measured for this copy of the page."
MARKDOWN = re.compile(r"([\\*_\[\]<>{}$|~^])")


def page() -> str:
    """Return the ledger as MyST Markdown."""
    kept = measured()
    claims = {lesson: every_claim_of(lesson.checks) for lesson in lessons()}
    counts = Counter(claim.truth for found in claims.values() for claim in found)
    truths = ", ".join(f"{counts[truth]} × *{truth}*" for truth in TRUTHS if counts[truth])
    machine = MEASURED.format(date=kept["date"], **kept["machine"]) if kept else NOT_MEASURED
    machine += BUSY if kept.get("busy") else ""
    parts = [START.format(truths=truths, machine=machine)]
    for lesson, found in claims.items():
        told = kept.get("claims", {}).get(lesson.stem, {})
        parts.append(f"## {book.title(lesson)}\n\n[The lesson](/lessons/{lesson.stem}.md)")
        parts += [entry(claim, told.get(claim.name, {})) for claim in found]
    return "\n\n".join(parts) + "\n"


def measured(path: Path = FILE) -> Mapping[str, Any]:
    """Return what was measured; nothing where there is no such file.

    Raises:
        ValueError: the file is damaged.
    """
    if not path.exists():
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        MEASURED.format(date=found["date"], **found["machine"])
        return found
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{path.name} cannot be read ({error!r}). Write it again with site/measure.py."
        ) from None


def entry(claim: Claim, told: Mapping[str, str]) -> str:
    """Return one claim; a claim that was not measured says so, and why."""
    if told.get("said"):
        found = f"*Measured:* {plain(told['said'])}"
    else:
        reason = f": {plain(told['failed'])}" if told.get("failed") else "."
        found = f"*Not measured on that machine{reason}*" if reason == "." else f"*Not measured*{reason}"
    kind = claim.truth.replace(" ", "-")
    return (
        f":::{{container}} wk-claim wk-{kind}\n**{plain(claim.said)}**\n\n"
        f"**{claim.truth.capitalize()}.** {plain(claim.why)}\n\n{found}\n:::"
    )


def plain(text: str) -> str:
    """Return a sentence as Markdown in which only backticks mean something."""
    pieces = re.split(r"(`[^`]+`)", " ".join(text.split()))
    return "".join(piece if piece.startswith("`") else MARKDOWN.sub(r"\\\1", piece) for piece in pieces)

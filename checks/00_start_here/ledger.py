"""The ledger: every claim of the course, with this learner's vote and what this machine has measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kettle.checking import DOES_NOT_HOLD, HOLDS, Claim
from kettle.files.course import LessonFiles, lessons
from kettle.files.progress import Progress
from kettle.lessons.ledger_claims import every_claim_of


@dataclass(frozen=True)
class Entry:
    """One claim in the ledger.

    Args:
        lesson: the lesson that answers for it.
        claim: what is said, and whether it holds.
        vote: this learner's first vote; "" if there is none.
        said: what this machine measured; "" if nothing was.
        failed: why it could not be measured here; "" if it was, or nobody has tried.
        when: it was measured, or tried.
    """

    lesson: LessonFiles
    claim: Claim
    vote: str = ""
    said: str = ""
    failed: str = ""
    when: datetime | None = None

    @property
    def surprise(self) -> int:
        """How far the vote was off: 2 between "holds" and "does not hold", else 1; 0 if it was right; -1 without one."""
        if not self.vote:
            return -1
        if self.vote == self.claim.truth:
            return 0
        return 2 if {self.vote, self.claim.truth} == {HOLDS, DOES_NOT_HOLD} else 1

    @property
    def missing(self) -> bool:
        """Whether it is still to be measured; what has failed is tried again."""
        return not self.said


def entries(progress: Progress) -> list[Entry]:
    """Return all claims, the greatest surprise first, then in the order of the lessons."""
    found = [
        _entry(lesson, claim, known.votes.get(claim.name, ""), known.measured.get(claim.name, {}))
        for lesson in lessons()
        for known in [progress.of(lesson.notebook_id("lesson"))]
        for claim in every_claim_of(lesson.checks)
    ]
    return sorted(found, key=lambda entry: -entry.surprise)


def _entry(lesson: LessonFiles, claim: Claim, vote: str, event: Mapping[str, Any]) -> Entry:
    when = datetime.fromisoformat(event["when"]) if event else None
    return Entry(lesson, claim, vote, str(event.get("said", "")), str(event.get("failed", "")), when)

"""What a check says: findings, and the verdict that they add up to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field

PASSED = "passed"
NOT_YET = "not yet"
UNDECIDED = "undecided"
BROKEN = "broken"
SKIPPED = "skipped"

RIGHT = "right"
STOPPED = "stopped"

HEADINGS = {
    RIGHT: "Right",
    NOT_YET: "Not yet",
    UNDECIDED: "Cannot tell",
    BROKEN: "No verdict",
    STOPPED: "Stopped",
}
MARKS = {PASSED: "✓", NOT_YET: "✗", UNDECIDED: "?", BROKEN: "✗", SKIPPED: "–"}


@dataclass(frozen=True)
class Finding:
    """What one hidden assertion, or one cell that failed, has to say.

    Args:
        title: what was looked at, in the learner's words.
        outcome: "passed", "not yet", "undecided", "broken" or "skipped".
        message: the evidence when it passed, else the sentence that names the cause.
        notes: further sentences for the learner, which decide nothing.
        seconds: how long it took in the kernel, in seconds.
        kind: "check", "interest" (told, never decides) or "cell".
        raised: an error of the learner's code, as Python shows it, with its line.
    """

    title: str
    outcome: str
    message: str = ""
    notes: tuple[str, ...] = ()
    seconds: float = field(default=0.0, compare=False)
    kind: str = "check"
    raised: str = ""

    def as_dict(self) -> dict:
        """Return it as plain JSON data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict) -> Finding:
        """Rebuild a finding from `as_dict`."""
        return cls(**{**data, "notes": tuple(data.get("notes", ()))})

    def __str__(self) -> str:
        lines = [f"{MARKS[self.outcome]} {self.title}"]
        return "\n    ".join([*lines, *self.raised.splitlines(), *filter(None, [self.message])])


@dataclass(frozen=True, repr=False)
class Verdict:
    """The answer to “is my fix right?”.

    Args:
        outcome: "right", "not yet", "undecided", "broken" or "stopped".
        message: the one sentence to read first.
        findings: what each hidden assertion said, in order.
        notes: sentences of interest that decide nothing.
        seconds: from the request to the verdict, in seconds.
        code_seconds: of these, spent in the learner's own code and in the checks.
        raised: an error of the learner's code, as Python shows it, with its line; read before the message.
    """

    outcome: str
    message: str
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    seconds: float = field(default=0.0, compare=False)
    code_seconds: float = field(default=0.0, compare=False)
    raised: str = ""

    @property
    def solved(self) -> bool:
        """Whether the fix is certified."""
        return self.outcome == RIGHT

    @property
    def heading(self) -> str:
        """The outcome in words."""
        return HEADINGS[self.outcome]

    def __repr__(self) -> str:
        lines = [*self.raised.splitlines(), self.message]
        lines[0] = f"{self.heading}. {lines[0]}"
        lines += [f"  {line}" for finding in self.findings for line in str(finding).splitlines()]
        lines += [f"  Note: {note}" for note in self.notes]
        return "\n".join(lines)


def verdict_of(findings: Iterable[Finding], seconds: float = 0.0, gone: str = "") -> Verdict:
    """Add findings up: the first that did not pass gives the verdict its sentence.

    Args:
        findings: of one notebook, in the order in which they were found.
        seconds: how long all of it took, in seconds.
        gone: what a right answer is told: the mistake that is gone. Without it, the last check's evidence.
    """
    findings = tuple(findings)
    shown = tuple(
        f for f in findings if f.kind == "check" or (f.kind == "cell" and f.outcome not in (PASSED, SKIPPED))
    )
    notes = tuple(note for f in findings for note in f.notes)
    notes += tuple(f.message for f in findings if f.kind == "interest" and f.outcome == PASSED and f.message)
    told = (shown, notes, seconds, sum(f.seconds for f in findings))
    for outcome in (BROKEN, NOT_YET, UNDECIDED):
        first = next((f for f in shown if f.outcome == outcome), None)
        if first:
            return Verdict(outcome, first.message, *told, raised=first.raised)
    passed = [f for f in shown if f.outcome == PASSED]
    if not passed:
        return Verdict(BROKEN, "Nothing was checked: there are no checks for this notebook.", *told)
    return Verdict(RIGHT, gone or passed[-1].message or "Every check passes.", *told)

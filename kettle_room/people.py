"""Who is in the room and how far: what the events add up to."""

from __future__ import annotations

import unicodedata
from collections import Counter
from dataclasses import dataclass, field

from kettle_room.events import Event, Refused
from kettle_room.syllabus import STEPS

LONGEST_NAME = 40
IN_A_ROW = 3  # times "not yet" after which somebody is stuck
QUIET = 8 * 60.0  # seconds without a step after which somebody is stuck
_STEP_OF = {"opened": 1, "predicted": 2, "ran": 3, "compared": 4, "checked": 4, "solved": 5}


def clean_name(raw: object) -> str:
    """Return a name as it is shown: no control characters, single spaces, not too long.

    Raises:
        Refused: nothing is left of it, or it is too long.
    """
    if not isinstance(raw, str):
        raise Refused("Choose a name.")
    # Categories that begin with C: control characters, and those that turn the direction of text around.
    kept = "".join(" " if unicodedata.category(each)[0] in "CZ" else each for each in raw[:1000])
    name = " ".join(kept.split())
    if not name:
        raise Refused("Choose a name, so that the teacher knows whom to help. It need not be your own.")
    if len(name) > LONGEST_NAME:
        raise Refused(f"Choose a shorter name: at most {LONGEST_NAME} characters.")
    return name


def key_of(name: str) -> str:
    """Return what two names that look alike have in common."""
    return unicodedata.normalize("NFKC", name).casefold()


@dataclass
class Work:
    """What one learner has done in one notebook; `moved` is when something last happened, in seconds."""

    step: int = 0
    predicted: dict[str, float] = field(default_factory=dict)
    in_a_row: int = 0
    outcome: str = ""
    cause: str = ""
    causes: Counter[str] = field(default_factory=Counter)
    hints: int = 0
    solution: bool = False
    moved: float = 0.0

    def add(self, event: Event, at: float) -> None:
        """Take an event in; events may come late, but each learner's come in order.

        Args:
            event: what happened.
            at: when, in seconds since the epoch.
        """
        self.step = max(self.step, _STEP_OF.get(event.kind, 0))
        self.moved = max(self.moved, at)
        if event.kind == "predicted":
            self.predicted.setdefault(event.told["name"], float(event.told["value"]))
        elif event.kind == "checked":
            self._judged(event.told["outcome"], event.told["cause"])
        elif event.kind == "hinted":
            self.hints = max(self.hints, event.told["rung"])
        elif event.kind in ("solution", "caught_up"):
            self.solution, self.in_a_row = True, 0
        elif event.kind == "reset":
            self.hints = self.in_a_row = 0

    def _judged(self, outcome: str, cause: str) -> None:
        self.outcome, self.cause = outcome, cause if outcome != "right" else ""
        if outcome == "right":
            self.step, self.in_a_row = len(STEPS), 0
        elif outcome == "not yet":
            self.in_a_row += 1
            self.causes[cause or "unknown"] += 1


@dataclass
class Learner:
    """Somebody in the room.

    Args:
        id: by which the teacher's page knows them.
        name: as chosen.
        joined: when, in seconds since the epoch.
    """

    id: str
    name: str
    joined: float
    works: dict[str, Work] = field(default_factory=dict)
    here: str = ""

    def add(self, event: Event, at: float) -> None:
        """Take an event in."""
        work = self.works.setdefault(event.notebook, Work())
        work.add(event, at)
        if not self.here or work.moved >= self.works[self.here].moved:
            self.here = event.notebook

    @property
    def work(self) -> Work | None:
        """What they are at."""
        return self.works.get(self.here)

    def stuck(self, now: float, quiet: float = QUIET) -> str:
        """Say why they seem to be stuck; "" where they do not.

        Args:
            now: seconds since the epoch.
            quiet: seconds without a step after which somebody is stuck.
        """
        work = self.work
        if work is None:
            idle = now - self.joined
            return f"no step for {idle / 60:.0f} min" if idle > quiet else ""
        if work.step == len(STEPS):
            return ""
        if work.in_a_row >= IN_A_ROW:
            return f"{work.in_a_row} times “not yet” in a row"
        idle = now - work.moved
        return f"no step for {idle / 60:.0f} min" if idle > quiet else ""

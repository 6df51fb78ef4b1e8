"""The history of one notebook: its events, how two histories merge, and what they say about the learner."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Event = dict[str, Any]

KINDS = (
    *("predicted", "ran", "compared", "hinted", "checked", "solved"),
    *("solution", "recalled", "reset", "voted", "measured"),
)
_MOST_OF_A_KIND = 200  # a file stays readable, and quick to rewrite, even if a run is repeated all day


@dataclass(frozen=True)
class Run:
    """One timed run: how long it took, in seconds, and the fact that a prediction is held against."""

    when: datetime
    seconds: float | None
    fact: Any


@dataclass(frozen=True)
class PastCheck:
    """One verdict: its outcome ("right", "not yet", …) and the sentence that the learner read."""

    when: datetime
    outcome: str
    message: str


@dataclass(frozen=True, repr=False)
class NotebookProgress:
    """What a learner has done in one notebook, derived from its events (oldest first)."""

    notebook_id: str
    events: tuple[Event, ...] = field(default=())

    @property
    def predictions(self) -> dict[str, Any]:
        """The value last locked in for each question, by name."""
        return {e["name"]: e.get("value") for e in self._all("predicted") if isinstance(e.get("name"), str)}

    @property
    def runs(self) -> tuple[Run, ...]:
        """Every timed run, oldest first."""
        return tuple(Run(_when(e), e.get("seconds"), e.get("fact")) for e in self._all("ran"))

    @property
    def checks(self) -> tuple[PastCheck, ...]:
        """Every verdict, oldest first."""
        return tuple(
            PastCheck(_when(e), str(e.get("outcome", "")), str(e.get("message", "")))
            for e in self._all("checked")
        )

    @property
    def hints(self) -> int:
        """How many rungs of the hint ladder were shown since the last reset; 0 to 4."""
        resets = [i for i, e in enumerate(self.events) if e["event"] == "reset"]
        since = self.events[resets[-1] :] if resets else self.events
        rungs = (e.get("rung") for e in since if e["event"] == "hinted")
        return max((rung for rung in rungs if isinstance(rung, int)), default=0)

    @property
    def recalled(self) -> dict[str, bool]:
        """The warm-up questions answered, and whether the last answer to each was right."""
        return {str(e.get("question")): bool(e.get("right")) for e in self._all("recalled")}

    @property
    def votes(self) -> dict[str, str]:
        """The first vote on each claim of the fact check, by its name."""
        return {str(e.get("name")): str(e.get("vote")) for e in reversed(self._all("voted"))}

    @property
    def measured(self) -> dict[str, Event]:
        """The last measurement of each claim, by name: `when`, and what was `said`, or why it `failed`."""
        return {str(e.get("name")): e for e in self._all("measured")}

    @property
    def compared(self) -> tuple[Any, Any, Any] | None:
        """The last comparison: ratio of before to after, and the ends of its interval."""
        return next(
            ((e.get("ratio"), e.get("low"), e.get("high")) for e in reversed(self._all("compared"))), None
        )

    @property
    def solved_at(self) -> datetime | None:
        """When the fix was first certified. A reset does not take that back."""
        return next((_when(e) for e in self._all("solved")), None)

    @property
    def solved(self) -> bool:
        """Whether the fix was ever certified."""
        return self.solved_at is not None

    @property
    def solution_seen(self) -> bool:
        """Whether the solution was shown, before or after."""
        return bool(self._all("solution"))

    @property
    def resets(self) -> int:
        """How often the notebook was put back to its starter."""
        return len(self._all("reset"))

    def __repr__(self) -> str:
        if not self.events:
            return f"{self.notebook_id}: not started"
        guesses = ", ".join(f"{name}={value}" for name, value in self.predictions.items())
        facts = (
            f"predicted {guesses}" if guesses else "",
            _count(len(self.runs), "run"),
            _count(self.hints, "hint"),
            _count(len(self.checks), "check"),
            f"solved {self.solved_at:%Y-%m-%d %H:%M} UTC" if self.solved_at else "not solved yet",
        )
        return f"{self.notebook_id}: {', '.join(filter(None, facts))}"

    def _all(self, kind: str) -> list[Event]:
        return [event for event in self.events if event["event"] == kind]


def last_answers(histories: Iterable[NotebookProgress]) -> dict[str, bool]:
    """Tell for each warm-up question, longest ago first, whether the last answer to it was right."""
    answers = [event for history in histories for event in history.events if event["event"] == "recalled"]
    last: dict[str, bool] = {}
    for event in sorted(answers, key=_when):
        question = str(event.get("question"))
        last.pop(question, None)  # so that it moves to the end
        last[question] = bool(event.get("right"))
    return last


def new_event(kind: str, details: dict[str, Any]) -> Event:
    """Make an event of now; ValueError for a kind that does not exist."""
    if kind not in KINDS:
        raise ValueError(f"{kind!r} is not a kind of event: {', '.join(KINDS)}.")
    event = {"when": datetime.now(UTC).isoformat(timespec="microseconds"), "event": kind, **details}
    # By way of JSON, so that what is remembered and what is read back tomorrow are the same.
    return json.loads(json.dumps(event, default=_plain))


def read_events(raw: object) -> list[Event]:
    """Return a list of events that came from a file; ValueError where it is not one.

    Kinds that this version does not know are kept: a newer version may have written them.
    """
    if not isinstance(raw, list):
        raise ValueError("events are a list")
    for event in raw:
        if not isinstance(event, dict) or not isinstance(event.get("event"), str):
            raise ValueError("an event has a kind")
        if not isinstance(event.get("when"), str) or _when(event).utcoffset() is None:
            raise ValueError("an event has a time, with its offset from UTC")
    return raw


def merged(*histories: Iterable[Event]) -> list[Event]:
    """Put histories together: each event once, oldest first; of very many, the first and the latest."""
    unique = {json.dumps(event, sort_keys=True): event for history in histories for event in history}
    ordered = sorted(unique.values(), key=_when)
    first = {event["event"]: event for event in reversed(ordered)}
    seen: Counter[str] = Counter()
    kept = []
    for event in reversed(ordered):
        seen[event["event"]] += 1
        if seen[event["event"]] < _MOST_OF_A_KIND or event is first[event["event"]]:
            kept.append(event)
    return kept[::-1]


def _when(event: Event) -> datetime:
    return datetime.fromisoformat(event["when"])


def _plain(value: object) -> object:
    return value.item() if hasattr(value, "item") else str(value)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}" if number else ""

"""What may be sent to a room, and nothing else: the kinds of events, and how each is looked at."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kettle_room.syllabus import Notebook

OUTCOMES = ("right", "not yet", "undecided", "broken", "stopped")
MOST_AGO = 7 * 24 * 3600.0  # seconds; what is older counts as so old
_ID = re.compile(r"[0-9a-f]{32}")


class Refused(ValueError):
    """What was sent is not taken; the sentence says why, and `status` is that of HTTP.

    Args:
        sentence: for whoever sent it.
        status: of HTTP.
        after: seconds after which to try again, if that helps.
    """

    def __init__(self, sentence: str, status: int = 400, after: float = 0) -> None:
        super().__init__(sentence)
        self.status, self.after = status, after


@dataclass(frozen=True)
class Event:
    """Something that a learner has done.

    Args:
        id: by which it is told apart from all others, so that what is sent twice counts once.
        notebook: its id.
        kind: a key of KINDS.
        ago: seconds between it and its sending.
        told: what else the kind has, by name.
    """

    id: str
    notebook: str
    kind: str
    ago: float
    told: Mapping[str, Any]


def _number(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1e300


def _value(value: Any, _: Notebook) -> bool:
    return _number(value) and 0 <= value < 1e15


def _question(value: Any, notebook: Notebook) -> bool:
    return isinstance(value, str) and value in notebook.questions


def _rung(value: Any, _: Notebook) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 9


def _outcome(value: Any, _: Notebook) -> bool:
    return value in OUTCOMES


def _cause(value: Any, notebook: Notebook) -> bool:
    return isinstance(value, str) and (not value or value in notebook.causes)


KINDS: Mapping[str, Mapping[str, Callable[[Any, Notebook], bool]]] = {
    "opened": {},
    "predicted": {"name": _question, "value": _value},
    "ran": {},
    "compared": {},
    "checked": {"outcome": _outcome, "cause": _cause},
    "hinted": {"rung": _rung},
    "solution": {},
    "solved": {},
    "reset": {},
    "caught_up": {},
}
"""The kinds of events, and what each tells, with a function that looks at it."""


def read_event(raw: Any, notebooks: Mapping[str, Notebook]) -> Event:
    """Make an event of what was sent.

    Raises:
        Refused: it is none; the sentence says what is wrong with it.
    """
    if not isinstance(raw, dict):
        raise Refused("An event is an object.")
    raw = dict(raw)
    identity, name, kind, ago = (raw.pop(key, None) for key in ("id", "notebook", "kind", "ago"))
    if not isinstance(identity, str) or not _ID.fullmatch(identity):
        raise Refused("An event has an id of 32 hexadecimal digits.")
    if not isinstance(kind, str) or kind not in KINDS:
        raise Refused(f"There is no such kind of event: {shown(kind)}.")
    if not isinstance(name, str) or name not in notebooks:
        raise Refused(f"There is no such notebook: {shown(name)}.")
    if not _number(ago):
        raise Refused("An event says how many seconds ago it was.")
    wanted = KINDS[kind]
    if raw.keys() != wanted.keys():
        raise Refused(f"An event of the kind `{kind}` has {', '.join(wanted) or 'nothing'} besides.")
    for key, fits in wanted.items():
        if not fits(raw[key], notebooks[name]):
            raise Refused(f"`{key}` cannot be {shown(raw[key])} in {name}.")
    return Event(identity, name, kind, min(max(0.0, float(ago)), MOST_AGO), raw)


def read_json(body: bytes) -> Any:
    """Read JSON without NaN.

    Raises:
        Refused: it is none.
    """
    try:
        return json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise Refused("The body is not JSON.") from None


def shown(value: Any) -> str:
    """Return something strange as a short text, fit for a sentence."""
    text = ascii(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no number of JSON")

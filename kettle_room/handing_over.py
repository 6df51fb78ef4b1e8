"""What of a recorded event is for the room: this module decides it, and nothing else is ever handed over."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kettle_room.events import KINDS
from kettle_room.outbox import Outbox
from kettle_room.sending import sender
from kettle_room.syllabus import cause_of, find

SENT = (
    "the name that you choose",
    "which lesson or exercise you are in, and which step of it you have reached",
    "the numbers that you predict",
    "of each check: whether it is right or not yet, and which of the lesson's causes it names",
    "how many hints you took, and whether you looked at the solution",
    "how many seconds ago each of these was",
)
NEVER = "Your code, its output and anything about your machine are never sent."


def hand_over(folder: Path, notebook_id: str, event: Mapping[str, Any]) -> None:
    """Put into the outbox what the room may know of an event, and have it sent.

    Args:
        folder: of the outbox.
        notebook_id: such as "notebooks/14_one_await_at_a_time".
        event: as it is recorded.
    """
    told, outbox = for_the_room(notebook_id, event), Outbox(folder)
    joined = outbox.joined
    if told is not None and joined is not None and not joined.unknown:
        outbox.put(told)
        sender(folder).wake()


def for_the_room(notebook_id: str, event: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what the room may know of an event; None where that is nothing."""
    kind, notebook = str(event.get("event")), find(notebook_id)
    if notebook is None or kind not in KINDS:
        return None
    told = {key: event.get(key) for key in KINDS[kind]}
    if kind == "checked":
        told["cause"] = cause_of(notebook, str(event.get("title", "")))
    if not all(fits(told[key], notebook) for key, fits in KINDS[kind].items()):
        return None
    return {"notebook": notebook_id, "kind": kind, **told}

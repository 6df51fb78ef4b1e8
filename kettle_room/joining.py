"""Joining a room, leaving it, and what a learner is told about it."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

from kettle.files.notebook import certifying
from kettle.panels.style import Said as Shown
from kettle.panels.style import say
from kettle_room import client
from kettle_room.handing_over import NEVER, SENT, hand_over
from kettle_room.outbox import Joined, Outbox
from kettle_room.sending import sender

HUB_TOKEN, HUB_ROOM = "JUPYTERHUB_API_TOKEN", "KETTLE_ROOM"  # the second: the room's address, set by the hub

CHECKED = "This notebook is being checked. A check joins no room and leaves none."
BEHIND = (
    "If the class gets ahead of you, `lesson.catch_up()` gives you the fix and keeps a copy of your work."
)


def join(
    folder: Path, address: str = "", code: str = "", name: str = "", here: str = "", listed: bool = True
) -> Shown:
    """Join a room; return what to show. From now on, what the list names is sent, and nothing else.

    Args:
        folder: of the outbox.
        address: of the room; on a hub that has one, it may be left out, as may the rest.
        code: of the room, from the teacher.
        name: for the teacher to see.
        here: id of the notebook that is open; "" for none of a lesson.
        listed: whether to list what is sent.
    """
    if certifying():
        return _box(CHECKED)
    outbox = Outbox(folder)
    before = outbox.joined
    if before is not None and not before.unknown:
        return _box(
            f"You are in a room already, as {before.name}. Leave it first: `lesson.leave()`.", "unsure"
        )
    hub = os.environ.get(HUB_ROOM, "") if not address else ""
    try:
        place = client.tidy(address or hub)
        identity = {"token": os.environ.get(HUB_TOKEN, ""), "scheme": "token"} if hub else {}
        given = client.ask(place, "api/join", {"code": str(code), "name": str(name)}, **identity)
        new = Joined(place, str(given["name"]), str(given["token"]))
        outbox.clear()
        outbox.join(new)
    except (ValueError, client.NoAnswer, client.Said) as error:
        return _box(str(error), "wrong", "Not joined")
    except KeyError:
        return _box("What answers there is no room.", "wrong", "Not joined")
    except OSError as error:
        return _box(f"The course's folder cannot be written ({error.strerror}).", "wrong", "Not joined")
    hand_over(folder, here, {"event": "opened"})
    text = f"The teacher of this room now sees you as {new.name}. {BEHIND}"
    if listed:
        every = "\n\n".join(f"– {each}" for each in SENT)
        text += f" What is sent:\n\n{every}\n\n{NEVER} To leave, and be forgotten there: `lesson.leave()`."
    return _box(text, "right", "Joined")


def leave(folder: Path) -> Shown:
    """Leave the room and be forgotten there; return what to show."""
    if certifying():
        return _box(CHECKED)
    outbox = Outbox(folder)
    room = outbox.joined
    sender(folder).end()
    outbox.clear()
    if room is None:
        return _box("You are in no room, and nothing is sent.")
    try:
        client.ask(room.address, "api/leave", {}, room.token)
    except client.Said as error:
        if error.status != 401:  # else it has forgotten you before
            return _box(f"Nothing is sent any more. The room said: {error}", "unsure", "Left")
    except client.NoAnswer:
        text = "Nothing is sent any more. The room does not answer, so it could not be asked to forget you: "
        return _box(f"{text}tell your teacher to take {room.name} out.", "unsure", "Left")
    return _box("Nothing is sent any more, and the room has forgotten you.", "right", "Left")


def joined(folder: Path) -> bool:
    """Tell whether a room was joined that still knows this learner."""
    found = Outbox(folder).joined
    return found is not None and not found.unknown


def state(folder: Path) -> str:
    """Say in a sentence or two whether a room was joined, and when something was last sent."""
    outbox = Outbox(folder)
    room = outbox.joined
    if room is None:
        return "You are in no room, and nothing is sent."
    if room.unknown:
        return f"{room.unknown} Nothing is sent."
    told = [f"You are in the room at {room.address} as {room.name}."]
    shown, waiting = outbox.shown(), outbox.waiting()
    if shown:
        when = time.strftime("%H:%M:%S", time.localtime(shown[0]["sent"]))
        told.append(f"Last sent at {when}.")
    if waiting:
        told.append(f"{waiting} waiting to be sent. {sender(folder).trouble}".strip())
    return " ".join(told)


def sent(folder: Path) -> list[str]:
    """Return what was sent lately, exactly, newest first, one line for each."""
    lines = []
    for each in Outbox(folder).shown():
        when = time.strftime("%H:%M:%S", time.localtime(each.pop("sent", 0)))
        lines.append(f"{when}  {json.dumps(each, ensure_ascii=False)}")
    return lines


def _box(text: str, tone: str = "", heading: str = "") -> Shown:
    return say(text, heading=heading, tone=tone, where="wk-room")

"""What a learner has agreed to send, on disk until it is sent: in the folder `room` beside their progress.

Several notebooks write here at once, so each thing to send is a file of its own, put in place in one step.
A file is deleted when the room has taken it. What was sent lately is kept for the learner to read.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

JOINED, SENT, OUT = "joined.json", "sent.jsonl", "outbox"
MOST_WAITING = 500
MOST_SHOWN = 40


@dataclass(frozen=True)
class Joined:
    """The room that a learner has joined; `token` is theirs alone.

    Args:
        address: of the room, up to its last "/".
        name: as the teacher sees it.
        token: by which only this learner writes in that name.
        unknown: what the room said when it did not know the token any more; "" while it does.
    """

    address: str
    name: str
    token: str
    unknown: str = ""


class Outbox:
    """What is to be sent, and what was.

    Args:
        folder: where it lies.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    # --- the room

    @property
    def joined(self) -> Joined | None:
        """The room that was joined; None where there is none."""
        try:
            return Joined(**json.loads((self.folder / JOINED).read_bytes()))
        except (OSError, ValueError, TypeError):
            return None

    def join(self, joined: Joined) -> None:
        """Remember a room; only the owner of the folder may read it."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write(self.folder / JOINED, json.dumps(asdict(joined)))

    def clear(self) -> None:
        """Forget the room, what waits, and what was sent."""
        for path in (self.folder / JOINED, self.folder / SENT, *self._files()):
            path.unlink(missing_ok=True)

    # --- what waits

    def put(self, event: dict[str, Any]) -> None:
        """Add something to send; of very much, the oldest goes."""
        out = self.folder / OUT
        out.mkdir(parents=True, exist_ok=True, mode=0o700)
        made = {"id": uuid.uuid4().hex, **event, "at": time.time()}
        _write(out / f"{time.time_ns():020}-{made['id']}.json", json.dumps(made))
        for path in self._files()[:-MOST_WAITING]:
            path.unlink(missing_ok=True)

    def waiting(self) -> int:
        """Count what waits."""
        return len(self._files())

    def oldest(self, most: int) -> list[tuple[Path, dict[str, Any]]]:
        """Return what waits longest, with its file; what cannot be read is deleted."""
        found = []
        for path in self._files()[:most]:
            try:
                found.append((path, json.loads(path.read_bytes())))
            except FileNotFoundError:  # another notebook has sent it
                continue
            except (OSError, ValueError):
                path.unlink(missing_ok=True)
        return found

    def _files(self) -> list[Path]:
        return sorted((self.folder / OUT).glob("*.json"))

    # --- what was sent

    def sent(self, files: list[Path], bodies: list[dict[str, Any]]) -> None:
        """Note that the room has it: delete the files, keep the last few for the learner."""
        for path in files:
            path.unlink(missing_ok=True)
        lines = [json.dumps({"sent": time.time(), **each}) for each in bodies]
        kept = [*self._lines(), *lines][-MOST_SHOWN:]
        _write(self.folder / SENT, "".join(f"{line}\n" for line in kept))

    def shown(self) -> list[dict[str, Any]]:
        """Return what was sent lately, exactly, newest first, with the time when it was."""
        found = []
        for line in reversed(self._lines()):
            with contextlib.suppress(ValueError):
                found.append(json.loads(line))
        return found

    def _lines(self) -> list[str]:
        try:
            return (self.folder / SENT).read_text(encoding="utf-8").splitlines()
        except (OSError, ValueError):
            return []


def _write(path: Path, text: str) -> None:
    """Write a file in one step; only its owner may read it."""
    part = path.with_name(f"{path.name}.{uuid.uuid4().hex}.part")
    try:
        with os.fdopen(
            os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
        ) as file:
            file.write(text)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise

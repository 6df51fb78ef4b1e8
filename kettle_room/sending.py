"""Sends what waits in an outbox, in a thread of its own, so that a lesson never waits for the room."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from kettle_room.client import NoAnswer, Said, age, ask
from kettle_room.outbox import Joined, Outbox

MOST = 40  # events in one request
SOON, LATE = 1.0, 30.0  # seconds between two tries, at first and at last
LOOK = 20.0  # seconds between two looks where nothing waits


class Sender:
    """Sends what waits, whenever there is something and the room answers.

    Args:
        folder: of the outbox.
    """

    def __init__(self, folder: Path) -> None:
        self.outbox = Outbox(folder)
        self.trouble = ""  # why nothing is sent just now, as a sentence
        self._wake = threading.Event()
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def wake(self) -> None:
        """Look now; the thread is started if need be."""
        self._over.clear()
        with self._starting:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._work, name="kettle-room", daemon=True)
                self._thread.start()
        self._wake.set()

    def end(self) -> None:
        """Send no more."""
        self._over.set()
        self._wake.set()

    def _work(self) -> None:
        pause = SOON
        while not self._over.is_set():
            self._wake.clear()
            wait = LOOK
            try:
                while self.send():
                    pause = SOON
                self.trouble = ""
            except NoAnswer as error:
                self.trouble, wait = str(error), pause * random.uniform(0.8, 1.2)
                pause = min(2 * pause, LATE)
            except Said as error:
                self.trouble, wait = str(error), max(error.after, SOON)
            except OSError as error:
                self.trouble, wait = f"What waits cannot be read ({error.strerror}).", LATE
            if wait == LOOK:
                self._wake.wait(LOOK)
            else:  # what is new does not make the room answer sooner
                self._over.wait(wait)

    def send(self) -> bool:
        """Send what waits longest; return whether there may be more.

        Raises:
            NoAnswer: the room cannot be reached.
            Said: it takes nothing just now.
            OSError: the folder cannot be read.
        """
        joined = self.outbox.joined
        waiting = self.outbox.oldest(MOST)
        if joined is None or joined.unknown or not waiting:
            return False
        now = time.time()
        bodies = [body(each, now) for _, each in waiting]
        try:
            ask(joined.address, "api/events", {"events": bodies}, joined.token)
        except Said as error:
            if error.status == 401:
                self._unknown(joined, str(error))
                return False
            if error.status != 400:
                raise
            # Some were refused, and will always be; the others are taken.
        self.outbox.sent([path for path, _ in waiting], bodies)
        return True

    def _unknown(self, joined: Joined, sentence: str) -> None:
        if self.outbox.joined == joined:  # else the learner has left, or joined again
            self.outbox.join(replace(joined, unknown=sentence))


def body(event: dict[str, Any], now: float) -> dict[str, Any]:
    """Return an event as it is sent: how long ago it was stands for its time, which is the machine's own.

    Args:
        event: from the outbox.
        now: seconds since the epoch.
    """
    told = {key: value for key, value in event.items() if key != "at"}
    return {**told, "ago": round(age(event.get("at", now), now), 1)}


_senders: dict[Path, Sender] = {}
_lock = threading.Lock()


def sender(folder: Path) -> Sender:
    """Return the one sender of a folder in this process."""
    with _lock:
        return _senders.setdefault(folder, Sender(folder))

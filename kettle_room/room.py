"""The room while it is served: who is in it, kept in memory and on disk alike."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

from kettle_room.events import Event, Refused
from kettle_room.limits import Limit
from kettle_room.people import QUIET, Learner, clean_name
from kettle_room.store import Gone, NameTaken, Store, digest
from kettle_room.syllabus import STEPS, Notebook, syllabus

ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that looks like something else
CODE_LENGTH = 12  # 59 bits
EVENTS_AT_ONCE, EVENTS_A_SECOND = 120, 2.0  # of one learner
MOST_PEOPLE = 1_000
UNKNOWN = "This room does not know you any more. Join it again with its code."


def new_code() -> str:
    """Make a code for a room, in groups of four, to be read out."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
    return "-".join(letters[start : start + 4] for start in range(0, CODE_LENGTH, 4))


def plain_code(text: object) -> str:
    """Return a code as typed, without what people add or leave out: spaces, hyphens, capitals."""
    return "".join(each for each in str(text)[:200].lower() if each.isalnum())


class Room:
    """The room; made by `opened`.

    Args:
        store: what is on disk.
        code: that learners join with.
        secret: that opens the teacher's page.
        quiet: seconds without a step after which somebody is stuck.
        clock: seconds since the epoch.
    """

    def __init__(
        self,
        store: Store,
        code: str,
        secret: str,
        quiet: float = QUIET,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.store, self.code, self.secret, self.quiet, self.clock = store, code, secret, quiet, clock
        self.notebooks: Mapping[str, Notebook] = syllabus()
        self.learners: dict[str, Learner] = {}
        self.reached: dict[str, int] = {}
        self.facts: dict[tuple[str, str], float] = {}
        self.version = secrets.randbelow(2**32)  # another one after a restart
        self.flood = Limit(EVENTS_AT_ONCE, EVENTS_A_SECOND)
        self._by_token: dict[str, str] = {}
        self._changed = asyncio.Event()

    @classmethod
    async def opened(cls, store: Store, quiet: float = QUIET) -> Room:
        """Make the room of what is on disk; the first time, with a new code."""
        code = await store.setting("code", new_code())
        room = cls(store, code, await store.setting("secret", secrets.token_urlsafe(24)), quiet)
        for identity, name, token, joined in await store.learners():
            room.learners[identity] = Learner(identity, name, joined)
            room._by_token[token] = identity
        for learner, event, at in await store.events():
            if event.notebook in room.notebooks:  # an update may have taken it away
                room.learners[learner].add(event, at)
        room.reached, room.facts = await store.reached(), await store.facts()
        return room

    # --- learners

    def opens(self, code: object) -> bool:
        """Tell whether a code is that of the room."""
        return secrets.compare_digest(plain_code(code).encode(), plain_code(self.code).encode())

    async def admit(self, name: object, identity: str | None = None) -> tuple[Learner, str]:
        """Let somebody in; return them, and the token by which only they write in that name.

        Args:
            name: as chosen.
            identity: who they are elsewhere, such as on a hub.

        Raises:
            Refused: the name is none, or somebody else's; or the room is full.
        """
        shown = clean_name(name)
        if len(self.learners) >= MOST_PEOPLE:
            raise Refused("This room is full.", 503)
        now = self.clock()
        try:
            made, token = await self.store.admit(shown, now, identity)
        except NameTaken:
            raise Refused(
                f"Somebody in this room is called {shown} already. Choose another name, such as {shown} 2. "
                "If that was you, on another machine, ask your teacher to take the old name out.",
                409,
            ) from None
        self._by_token = {key: each for key, each in self._by_token.items() if each != made}
        self._by_token[digest(token)] = made
        self.learners.setdefault(made, Learner(made, shown, now))
        self.change()
        return self.learners[made], token

    def holder(self, token: str) -> Learner:
        """Return whose token it is.

        Raises:
            Refused: nobody's.
        """
        learner = self.learners.get(self._by_token.get(digest(token), ""))
        if learner is None:
            raise Refused(UNKNOWN, 401)
        return learner

    async def take(self, learner: Learner, events: list[Event]) -> None:
        """Keep what a learner has done; what was sent before counts once.

        Raises:
            Refused: too much in too short a time.
        """
        wait = self.flood.wait(learner.id, len(events))
        if wait > 0:
            raise Refused("Too much at once. Send the rest later.", 429, wait)
        self.flood.take(learner.id, len(events))
        now = self.clock()
        timed = [(each, now - each.ago) for each in events]
        try:
            new = await self.store.add(learner.id, timed)
        except Gone:
            raise Refused(UNKNOWN, 401) from None
        for event, at in timed:
            if event.id in new:
                new.discard(event.id)
                learner.add(event, at)
        self.change()

    async def forget(self, learner: Learner) -> None:
        """Delete a learner and all that they have sent."""
        self._by_token = {key: each for key, each in self._by_token.items() if each != learner.id}
        self.learners.pop(learner.id, None)
        await self.store.forget(learner.id)
        self.change()

    # --- the teacher

    async def reach(self, notebook: str, step: int) -> None:
        """Say which step the class has reached.

        Raises:
            Refused: there is no such notebook, or step.
        """
        if notebook not in self.notebooks or not 0 <= step <= len(STEPS):
            raise Refused("There is no such notebook, or no such step.")
        await self.store.reach(notebook, step)
        self.reached[notebook] = step
        self.change()

    async def give(self, notebook: str, name: str, value: float) -> None:
        """Take a fact from the teacher, to be shown beside the predictions.

        Raises:
            Refused: there is no such question.
        """
        if notebook not in self.notebooks or name not in self.notebooks[notebook].questions:
            raise Refused("There is no such question.")
        await self.store.fact(notebook, name, value)
        self.facts[notebook, name] = value
        self.change()

    def change(self) -> None:
        """Tell who waits that something has changed."""
        self.version += 1
        self._changed.set()
        self._changed = asyncio.Event()

    async def wait(self, version: int, seconds: float) -> None:
        """Wait until something is newer than a version, or some seconds."""
        if version == self.version:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), seconds)

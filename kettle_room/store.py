"""What the room keeps on disk, in one SQLite file: it may be killed at any moment, and goes on from there."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

import aiosqlite

from kettle_room.commits import Commits
from kettle_room.events import Event
from kettle_room.people import key_of

FILE = "class.sqlite"
TABLES = """
CREATE TABLE IF NOT EXISTS settings (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS learners (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, name_key TEXT NOT NULL UNIQUE,
    token TEXT NOT NULL UNIQUE, identity TEXT UNIQUE, joined REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS events (
    number INTEGER PRIMARY KEY, learner TEXT NOT NULL REFERENCES learners ON DELETE CASCADE,
    id TEXT NOT NULL, notebook TEXT NOT NULL, kind TEXT NOT NULL, at REAL NOT NULL, told TEXT NOT NULL,
    UNIQUE (learner, id)
);
CREATE TABLE IF NOT EXISTS reached (notebook TEXT PRIMARY KEY, step INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS facts (
    notebook TEXT NOT NULL, name TEXT NOT NULL, value REAL NOT NULL, PRIMARY KEY (notebook, name)
);
"""
# Every commit is on the disk when it returns, and what is deleted is overwritten.
PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON", "busy_timeout=5000")


def digest(secret: str) -> str:
    """Return what is kept of a token, which itself only its holder has."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


class NameTaken(ValueError):
    """Somebody else in the room has that name."""


class Gone(ValueError):
    """That learner has left, or was taken out."""


class Store:
    """The room on disk; an asynchronous context manager.

    Args:
        folder: where its file lies; it is made, readable by its owner only.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._commits: Commits

    async def __aenter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = self.folder / FILE
        file.touch(mode=0o600)
        db = await aiosqlite.connect(file, isolation_level=None)
        for each in PRAGMAS:
            await db.execute_fetchall(f"PRAGMA {each}")
        await db.executescript(TABLES)
        self._commits = Commits(db)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._commits.close()

    async def setting(self, key: str, first: str) -> str:
        """Return a setting; the first value that it was ever asked with stays."""
        await self._commits.run("INSERT OR IGNORE INTO settings VALUES (?, ?)", key, first)
        ((value,),) = await self._commits.run("SELECT value FROM settings WHERE key = ?", key)
        return value

    async def change(self, key: str, value: str) -> None:
        """Give a setting another value."""
        await self._commits.run("INSERT OR REPLACE INTO settings VALUES (?, ?)", key, value)

    async def clear(self) -> None:
        """Delete the room: everybody in it, its code, its secret."""
        for table in ("learners", "reached", "facts", "settings"):
            await self._commits.run(f"DELETE FROM {table}")
        await self._commits.tidy()

    # --- learners

    async def learners(self) -> list[tuple[str, str, str, float]]:
        """Return (id, name, digest of the token, when they joined) of each learner."""
        return await self._commits.run("SELECT id, name, token, joined FROM learners ORDER BY joined")

    async def admit(self, name: str, at: float, identity: str | None = None) -> tuple[str, str]:
        """Let somebody in; return their id and their token. An identity that is known gets another token.

        Args:
            name: as it is shown.
            at: seconds since the epoch.
            identity: who they are elsewhere, such as on a hub; None where a name is all.

        Raises:
            NameTaken: by somebody else.
        """
        made, token = secrets.token_hex(8), secrets.token_urlsafe(32)
        row = (made, name, key_of(name), digest(token), identity, at)
        renewed = "ON CONFLICT (identity) DO UPDATE SET token = excluded.token"
        try:
            await self._commits.run(f"INSERT INTO learners VALUES (?, ?, ?, ?, ?, ?) {renewed}", *row)
        except aiosqlite.IntegrityError:
            raise NameTaken(name) from None
        ((known,),) = await self._commits.run("SELECT id FROM learners WHERE token = ?", digest(token))
        return known, token

    async def forget(self, learner: str) -> None:
        """Delete a learner and all that they have sent."""
        await self._commits.run("DELETE FROM learners WHERE id = ?", learner)
        await self._commits.tidy()  # nor does the journal keep it

    # --- what they have done

    async def add(self, learner: str, events: Iterable[tuple[Event, float]]) -> set[str]:
        """Keep events, in one commit; return the ids of those that were not there yet.

        Args:
            learner: their id.
            events: each with its time, in seconds since the epoch.

        Raises:
            Gone: there is no such learner.
        """
        rows = [
            (learner, each.id, each.notebook, each.kind, at, json.dumps(dict(each.told)))
            for each, at in events
        ]
        places = ", ".join(["(?, ?, ?, ?, ?, ?)"] * len(rows))
        if not rows:
            return set()
        columns = "(learner, id, notebook, kind, at, told)"
        try:
            added = await self._commits.run(
                f"INSERT OR IGNORE INTO events {columns} VALUES {places} RETURNING id",
                *(value for row in rows for value in row),
            )
        except aiosqlite.IntegrityError:
            raise Gone(learner) from None
        return {identity for (identity,) in added}

    async def events(self) -> list[tuple[str, Event, float]]:
        """Return (the learner's id, event, when) of all that was ever sent, in order."""
        rows = await self._commits.run(
            "SELECT learner, id, notebook, kind, at, told FROM events ORDER BY number"
        )
        return [(row[0], Event(row[1], row[2], row[3], 0.0, json.loads(row[5])), row[4]) for row in rows]

    # --- what the teacher has said

    async def reached(self) -> dict[str, int]:
        """Return the step that the class has reached, by notebook."""
        return dict(await self._commits.run("SELECT notebook, step FROM reached"))

    async def reach(self, notebook: str, step: int) -> None:
        """Keep that the class has reached a step."""
        await self._commits.run("INSERT OR REPLACE INTO reached VALUES (?, ?)", notebook, step)

    async def facts(self) -> dict[tuple[str, str], float]:
        """Return the facts that the teacher has given, by notebook and question."""
        rows = await self._commits.run("SELECT notebook, name, value FROM facts")
        return {(notebook, name): value for notebook, name, value in rows}

    async def fact(self, notebook: str, name: str, value: float) -> None:
        """Keep a fact that the teacher gives."""
        await self._commits.run("INSERT OR REPLACE INTO facts VALUES (?, ?, ?)", notebook, name, value)

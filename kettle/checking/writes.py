"""A small write and a large one: whether round trips grow with the rows, and how often it commits."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kettle.checking.equivalence.tables import Tables
from kettle.checking.words import many
from kettle.database.statements import TABLES, changes_data

if TYPE_CHECKING:
    from kettle.database import Database, Seen, Statement

MORE = 3  # round trips for each further hundred rows: batches of some hundred, of two or three kinds
ENOUGH = 24  # round trips for a small write: BEGIN, COMMIT, a temporary table, a few statements
CONNECTING = 16  # round trips of a new connection, before it is asked for anything
NAMED = 4  # kinds of statements that a sentence lists
_TABLE = re.compile(rf"\b({'|'.join(TABLES)})\b", re.IGNORECASE)


@dataclass(frozen=True)
class Writes:
    """What crossed the wire for `few` rows and for `many`.

    Args:
        noun: what is written, such as "row".
        small: what the wire saw of the small write.
        large: and of the large one.
        few: rows of the small write.
        many: and of the large one.
        connections: that a write may open; none where it is given an engine that has one.
    """

    noun: str
    small: Seen
    large: Seen
    few: int
    many: int
    connections: int = 1

    def judge(self, question: str, wholly: str) -> str:
        """Raise AssertionError, with a sentence, if trips grow with the rows, or if it commits in parts.

        Args:
            question: is asked where the database is waited for again and again.
            wholly: is said where there is more than one commit.

        Returns:
            What a right write took.
        """
        few, more = trips(self.small), trips(self.large)
        told = f"{many(more, 'round trip')} for {self.many:,} {self.noun}s, {few:,} for {self.few:,}"
        opened = self.large.connections
        assert opened <= self.connections, (
            f"It opens {many(opened, 'connection')} for {self.many} {self.noun}s, where there is one "
            "already. Spread over connections round trips are no fewer, and no transaction spans two of them."
        )
        ended = commits(self.large)
        assert not 1 < ended < self.many / 2, (
            f"{ended} commits for {self.many:,} {self.noun}s, one for about {self.many // ended}: {wholly}"
        )
        allowed = MORE * -(-(self.many - self.few) // 100)
        assert more - few <= allowed, f"{told}: {self._again()}. {question}"
        assert few <= ENOUGH, f"{told}: {self._again()}. What are they for, if not for the {self.noun}s?"
        ended = max(ended, commits(self.small))
        assert ended <= 1, f"{ended} commits for one write of {self.noun}s: {wholly}"
        return f"{told}; {many(ended, 'commit')}."

    def _again(self) -> str:
        """List the statements that are waited for most often."""
        counted = Counter(map(label, waited_for(self.large))).most_common(NAMED)
        often = [(name, times) for name, times in counted if times > 1] or counted
        return ", ".join(f"{times:,} × `{name}`" for name, times in often)


def watched(database: Database, write: Callable[[int], Any], *counts: int) -> list[Seen]:
    """Watch what crosses the wire while so many rows are written, for each of the counts."""
    found = []
    for count in counts:
        with database.wire() as wire:
            write(count)
        found.append(wire.seen)
    return found


def trips(seen: Seen) -> int:
    """Count the round trips of a write, without those that only connect."""
    return max(0, seen.round_trips - CONNECTING * seen.connections)


def waited_for(seen: Seen) -> list[Statement]:
    """List the statements that were sent after the answer to the one before: in a pipeline only the first."""
    ended: dict[int, float] = {}
    waited = []
    for each in sorted(seen.everything, key=lambda statement: statement.started):
        if each.started >= ended.get(each.connection, 0.0):
            waited.append(each)
        ended[each.connection] = max(each.ended, ended.get(each.connection, 0.0))
    return waited


def commits(seen: Seen) -> int:
    """Count the transactions that changed rows of the shop's tables and were committed."""
    if not any(each.sql.upper().startswith("COMMIT") for each in seen.everything):
        return seen.transactions.commits  # SQLite's driver commits without a statement
    found, open_now, changed = 0, set(), set()
    for each in seen.everything:
        word = each.sql.split(None, 1)[0].rstrip(";").upper() if each.sql.strip() else ""
        if word in ("BEGIN", "START"):
            open_now.add(each.connection)
        elif word in ("COMMIT", "END", "ROLLBACK", "ABORT") and " TO " not in each.sql.upper():
            found += word in ("COMMIT", "END") and each.connection in changed
            open_now.discard(each.connection)
            changed.discard(each.connection)
        elif not each.failed and changes_data(each.sql) and _TABLE.search(each.sql):
            if each.connection in open_now:
                changed.add(each.connection)
            else:
                found += 1  # a transaction of its own
    return found


def label(statement: Statement) -> str:
    """Name a statement by its first word and its table, such as `UPDATE products`."""
    word = (statement.sql.split() or ["?"])[0].rstrip(";").upper()
    table = _TABLE.search(statement.sql) if statement.kind == "data" else None
    return f"{word} {table[1].lower()}" if table else word


@contextmanager
def refusing(database: Database, table: str, column: str, value: int) -> Iterator[None]:
    """Let a table refuse rows with one value of a column; on SQLite, every row of it."""
    from sqlalchemy import text

    if database.kind == "SQLite":
        tables = Tables(database)
        tables.fail(table)
        yield
        tables.put_back()
        return

    def alter(how: str) -> None:
        database.end_transactions()
        with database.behind.begin() as connection:
            connection.execute(text(f"ALTER TABLE {table} {how}"))

    alter(f"ADD CONSTRAINT refused CHECK ({column} <> {value}) NOT VALID")
    try:
        yield
    finally:
        alter("DROP CONSTRAINT refused")

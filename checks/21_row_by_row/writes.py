"""Writes: whether round trips grow with the rows, how often it commits, and what a refused row leaves behind."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from kettle.checking.contract import Contract, taking
from kettle.checking.equivalence.difference import difference
from kettle.checking.words import many
from kettle.checking.worlds import World
from kettle.database.statements import TABLES, changes_data

if TYPE_CHECKING:
    from kettle.database import Seen, Statement

Rows = Callable[[int], Sequence]
"""Given a number, returns so many rows, in what a case of the contract is given."""

MORE = 3  # round trips for each further hundred rows: batches of some hundred, of two or three kinds
ENOUGH = 24  # round trips for a small write: BEGIN, COMMIT, a temporary table, a few statements
CONNECTING = 16  # round trips of a new connection, before it is asked for anything
NAMED = 4  # kinds of statements that a sentence lists
SHORT = 3  # rows of a list that a loop gives up early
TOGETHER = (
    "Write many rows at a time: give one `execute` the whole list, or write one statement for all rows."
)
ONE_TRANSACTION = "Put one transaction around the whole list."
_TABLE = re.compile(rf"\b({'|'.join(TABLES)})\b", re.IGNORECASE)


@dataclass(frozen=True)
class RoundTrips:
    """A list of many rows takes hardly more round trips than a list of few, one connection, and one commit.

    Args:
        rows: makes the list; see Rows.
        world: where it is written.
        noun: what is written, such as "row".
        few: rows of the short list.
        many: and of the long one.
    """

    rows: Rows
    world: World
    noun: str = "row"
    few: int = 40
    many: int = 400
    name = "round_trips"

    def check(self, contract: Contract) -> Callable:
        """Return the check."""

        def round_trips(database: Any, rng: Any, **given: Any) -> str:
            seen = []
            with self.world.open(database=database, rng=rng)() as w:
                w.engine.connect().close()  # the pool has one now
                for count in (self.few, self.many):
                    with database.wire() as wire:
                        contract.call(given[contract.name], w, *self.rows(count))
                    seen.append(wire.seen)
            return self.judge(*seen)

        return taking(round_trips, contract.name, "database", "rng")

    def judge(self, short: Seen, long: Seen) -> str:
        """Raise AssertionError, with a sentence, for what a write should not do; return what a right one took."""
        few, more = trips(short), trips(long)
        told = f"{many(more, 'round trip')} for {self.many:,} {self.noun}s, {few:,} for {self.few:,}"
        assert long.connections <= 1, (
            f"Expected one connection for {self.many} {self.noun}s, got {long.connections} new ones. A transaction "
            "cannot span two connections."
        )
        ended = commits(long)
        assert not 1 < ended < self.many / 2, (
            f"{ended} commits for {self.many:,} {self.noun}s, about one for each {self.many // ended}: if the job stops "
            f"between two of them, a part is written. {ONE_TRANSACTION}"
        )
        allowed = MORE * -(-(self.many - self.few) // 100)
        assert more - few <= allowed, f"{told}: {_most(long)}. {TOGETHER}"
        assert few <= ENOUGH, f"{told}: {_most(long)}. {TOGETHER}"
        ended = max(ended, commits(short))
        assert ended <= 1, f"Expected one commit for a list, got {ended}. {ONE_TRANSACTION}"
        return f"{told}; {many(ended, 'commit')}."


@dataclass(frozen=True)
class AllOrNothing:
    """If the database refuses the last row of a list, the function raises, and nothing of the list is written.

    A list of three rows first, where a loop fails without many round trips; then a long one, which may be cut.

    Args:
        rows: makes the list; see Rows.
        refused: given a row, returns one that the database refuses.
        world: where it is written.
        noun: what is written, such as "row".
        long: rows of the long list.
    """

    rows: Rows
    refused: Callable[[Any], Any]
    world: World
    noun: str = "row"
    long: int = 1100
    name = "all_or_nothing"

    def check(self, contract: Contract) -> Callable:
        """Return the check; the contract observes what is written, by the key of each row."""
        if contract.observe is None:
            raise TypeError("all or nothing is judged by what the contract observes, and it observes nothing")
        observe = contract.observe

        def all_or_nothing(database: Any, rng: Any, **given: Any) -> None:
            with self.world.open(database=database, rng=rng)() as w:
                for count in (SHORT, self.long):
                    self._refuses(
                        partial(contract.call, given[contract.name], w), partial(observe, w), w, count
                    )

        return taking(all_or_nothing, contract.name, "database", "rng")

    def _refuses(self, call: Callable, observe: Callable[[], dict], w: Any, count: int) -> None:
        *rows, last = self.rows(count)
        before = observe()
        said = f"The database refuses the last of {count:,} {self.noun}s: expected "
        try:
            call(*rows, self.refused(last))
        except Exception:  # noqa: BLE001 - however it fails
            w.database.end_transactions()
        else:
            raise AssertionError(f"{said}an exception, got a result. Let the exception reach the caller.")
        changed = sum(difference(before.get(key), now) is not None for key, now in observe().items())
        assert not changed, f"{said}that nothing is written, got {changed:,} changes. {ONE_TRANSACTION}"


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


def _most(seen: Seen) -> str:
    """List the statements that are waited for most often."""
    counted = Counter(map(label, waited_for(seen))).most_common(NAMED)
    often = [(name, times) for name, times in counted if times > 1] or counted
    return ", ".join(f"{times:,} × `{name}`" for name, times in often)

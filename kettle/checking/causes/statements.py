"""Reads: whether a longer page takes more statements, and whether it brings rows that nobody shows."""

from __future__ import annotations

import inspect
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kettle.checking.contract import Contract, taking
from kettle.checking.equivalence import driven
from kettle.checking.equivalence.situations import entered
from kettle.checking.words import many
from kettle.checking.worlds import World
from kettle.database.statements import TABLES

if TYPE_CHECKING:
    from kettle.database import Seen, Statement
    from kettle.database.data import Rows

ENOUGH = 8  # statements for a page of any size; plain fixes take one to five
CONNECTIONS = 3  # for one page; one does
SPARE = 12  # rows beyond those of the page: an edge of the data has a few more
COLLECTIONS = ("order_lines", "order_events")  # of an order
_READS_ON = re.compile(r"\s*(FETCH|MOVE|CLOSE)\b", re.IGNORECASE)
_ABOUT = re.compile(
    rf'\bFROM\s+\(*\s*(?:SELECT\b.*?\bFROM\s+)?"?({"|".join(TABLES)})\b', re.IGNORECASE | re.DOTALL
)


@dataclass(frozen=True)
class Statements:
    """A page of many things takes no more statements than a page of few, and only rows that it shows.

    Args:
        noun: what the page shows, such as "order"; the contract's `call` is given the number of them.
        own: given the tables' rows and a number of things, how many rows belong to a page of so many.
        few: things on the short page.
        many: and on the long one.
        world: where the pages are made, if not in the contract's.
        name: of the title in words.toml.
    """

    noun: str
    own: Callable[[Rows, int], int]
    few: int = 5
    many: int = 40
    world: World | None = None
    name: str = "statements"

    def check(self, contract: Contract) -> Callable:
        """Return the check."""

        def statements(database: Any, rng: Any, equivalence: Any, **given: Any) -> Any:
            function = given[contract.name]
            judged = self._watch(contract, function, database, rng)
            return judged if equivalence.is_asynchronous(function) else driven(judged)

        return taking(statements, contract.name, "equivalence", "database", "rng")

    async def _watch(self, contract: Contract, function: Callable, database: Any, rng: Any) -> str:
        seen: list[Seen] = []
        async with entered((self.world or contract.world).open(database=database, rng=rng)()) as w:
            for count in (self.few, self.many):
                with database.wire() as wire:
                    page = contract.call(function, w, count)
                    if inspect.isawaitable(page):
                        await page
                seen.append(wire.seen)
        short, long = seen
        return self.judge(short, long, database.data)

    def judge(self, short: Seen, long: Seen, rows: Rows) -> str:
        """Raise AssertionError, with a sentence, for what a page should not do; return what a right one took."""
        few, more = len(questions(short)), len(questions(long))
        for count, seen in ((self.many, long), (self.few, short)):
            self._judge_product(seen, count, rows)
        assert more <= few, self._why(short, long)
        assert few <= ENOUGH, (
            f"A page of {self.few} {self.noun}s takes {few} statements, and {_most(questions(short))}. "
            f"Expected at most {ENOUGH}: one for each relation is enough."
        )
        for count, seen in ((self.few, short), (self.many, long)):
            assert seen.rows <= self.own(rows, count) + SPARE, self._too_many(seen, count, rows)
        assert long.connections <= CONNECTIONS, (
            f"Expected one connection for a page of {self.many} {self.noun}s, got {long.connections}. Other "
            "visitors cannot have these in the meantime."
        )
        return (
            f"{many(more, 'statement')} and {long.rows} rows for {self.many} {self.noun}s, "
            f"{many(few, 'statement')} and {short.rows} rows for {self.few}."
        )

    def _judge_product(self, seen: Seen, count: int, rows: Rows) -> None:
        """Find a statement that joins two collections, and so brings every pair of their rows."""
        both = [each for each in seen.statements if all(table in each.sql for table in COLLECTIONS)]
        largest = max(both, key=lambda each: each.rows, default=None)
        assert largest is None or largest.rows <= self.own(rows, count) + SPARE, (
            f"{largest.rows:,} rows in one statement for {count} {self.noun}s: it joins both `order_lines` and "
            "`order_events`, so each line comes once for each event of its order. Load each collection with a "
            "statement of its own."
        )

    def _why(self, short: Seen, long: Seen) -> str:
        """Explain growing statements by the tables that are asked again."""
        asked = questions(long)
        told = f"{len(asked)} statements for {self.many} {self.noun}s, {len(questions(short))} for {self.few}"
        if long.connections > CONNECTIONS:
            return (
                f"{told}, over {long.connections} connections. More connections do not make the statements fewer: "
                "load everything with the one that you have, before the loop."
            )
        before, now = (Counter(map(table_of, each)) for each in (questions(short), asked))
        grown = [table for table in (*TABLES, "") if now[table] > before[table]]
        for table in filter(None, reversed(grown)):  # a collection before those its rows lead to
            if bulk := self._bulk(asked, table):
                more = now[table] - (table_of(bulk) == table)
                return (
                    f"{told}: one statement loaded `{table}` for the whole page, and then {more} more asked for "
                    f"`{table}` again. Use what is loaded: a new query in the loop, or a `.filter()`, does not."
                )
        if len(grown) == 1 and grown[0]:
            return f"{told}: {self._only([each for each in asked if table_of(each) == grown[0]], grown[0])}"
        named = [f"{now[table]} for {f'`{table}`' if table else 'other things'}" for table in grown]
        growing = f"{', '.join(named[:-1])} and {named[-1]} grow" if len(named) > 1 else "the number grows"
        return f"{told}: {growing} with the page. Load these for the whole page, before the loop reads them."

    def _only(self, asked: list[Statement], table: str) -> str:
        """Say how the only table that is asked again and again is asked."""
        by_key = re.compile(rf'\b{table}"?\."?id"? = ')
        singly = all(by_key.search(each.sql) for each in asked)
        if len(asked) >= (1.0 if singly else 0.9) * self.many:
            return (
                f"only `{table}` still grows, with {len(asked)} statements. Load it for the whole page, too, before "
                "the loop reads it."
            )
        if singly:
            return (
                f"only `{table}` still grows, with {len(asked)} statements, each for one row by its key. No row is "
                "asked for twice, but a longer page still has more of them: load them all at once."
            )
        return (
            f"`{table}` is asked {len(asked)} times, for some {self.noun}s at a time. A longer page still takes "
            "more: ask once for all of them."
        )

    def _bulk(self, asked: list[Statement], table: str) -> Statement | None:
        """Return the one statement that brought this table for the whole page, if there is one."""
        names = re.compile(rf"\b{table}\b", re.IGNORECASE)
        first, *others = sorted(
            (each for each in asked if names.search(each.sql)), key=lambda each: each.rows, reverse=True
        )
        whole = first.rows >= self.many / 2 and all(each.rows <= first.rows / 4 for each in others)
        return first if whole else None

    def _too_many(self, seen: Seen, count: int, rows: Rows) -> str:
        told = (
            f"Expected at most {self.own(rows, count)} rows for a page of {count} {self.noun}s, got {seen.rows}: one "
            "statement alone brought"
        )
        largest = max(seen.statements, key=lambda statement: statement.rows)
        for table, all_rows in rows.tables().items():
            if _brings_all(largest, table, len(all_rows)):
                return f"{told} {largest.rows}, all `{table}` of the shop. Let the database choose the rows of the page."
        return f"{told} {largest.rows}. Load only what the page shows, and each row once."


def questions(seen: Seen) -> list[Statement]:
    """List the statements that ask: a cursor on the server is one, however it is read and closed."""
    return [each for each in seen.statements if not _READS_ON.match(each.sql)]


def table_of(statement: Statement) -> str:
    """Return the table that a statement is first of all about; "" where it names none."""
    found = _ABOUT.search(statement.sql)
    return found[1].lower() if found else ""


def _brings_all(statement: Statement, table: str, count: int) -> bool:
    """Tell whether a statement brought all rows of a table: as many by luck are not the same ones."""
    if table_of(statement) == table:
        return statement.rows == count
    joined = re.search(rf"\bJOIN\s+\W*{table}\b", statement.sql, re.IGNORECASE)
    chosen = re.search(r"\bWHERE\b|\bLIMIT\b", statement.sql, re.IGNORECASE)
    return bool(joined) and not chosen and count <= statement.rows <= count + 2  # one without any, too


def _most(asked: list[Statement]) -> str:
    table, count = Counter(map(table_of, asked)).most_common(1)[0]
    return (
        f"{count} of them ask for `{table}`" if table else f"{count} of them name none of the shop's tables"
    )

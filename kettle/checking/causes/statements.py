"""Statements of a short page and of a long one: whether they grow, and by what; which rows nobody shows."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kettle.database.statements import TABLES

if TYPE_CHECKING:
    from kettle.database import Database, Seen, Statement

GROWTH = 0  # statements by which a long page may exceed a short one
ENOUGH = 8  # statements for a page of any size; plain fixes take one to four
CONNECTIONS = 3  # for one page; one does
SPARE = 12  # rows beyond what is counted for each thing: an edge of the data has a few more
_READS_ON = re.compile(r"\s*(FETCH|MOVE|CLOSE)\b", re.IGNORECASE)
_ABOUT = re.compile(
    rf'\bFROM\s+\(*\s*(?:SELECT\b.*?\bFROM\s+)?"?({"|".join(TABLES)})\b', re.IGNORECASE | re.DOTALL
)


@dataclass(frozen=True)
class Pages:
    """What crossed the wire for a page of `few` things and for one of `many`.

    Args:
        noun: what the page shows, such as "order".
        short: what the wire saw of the short page.
        long: and of the long one.
        few: things on the short page.
        many: and on the long one.
    """

    noun: str
    short: Seen
    long: Seen
    few: int
    many: int

    def judge(self, database: Database, *, each: int, question: str) -> str:
        """Raise AssertionError, with a sentence, if statements grow, or if rows come that nobody shows.

        Args:
            database: whose rows say what a whole table is.
            each: rows of all tables that one thing on the page may take.
            question: is asked where several tables are asked again and again.

        Returns:
            What a right page took.
        """
        short, long = questions(self.short), questions(self.long)
        growth = len(long) - len(short)
        assert growth <= GROWTH, self._why(long, question)
        assert len(short) <= ENOUGH, (
            f"A page of {self.few} {self.noun}s takes {len(short)} statements, and {_most(short)}. "
            f"What are they sent for, if not for the {self.noun}s on the page?"
        )
        for count, seen in ((self.few, self.short), (self.many, self.long)):
            assert seen.rows <= each * count + SPARE, self._too_many(seen, count, each, database)
        assert self.long.connections <= CONNECTIONS, (
            f"A page of {self.many} {self.noun}s opens {self.long.connections} connections, where one does: "
            "what would 50 visitors take?"
        )
        return (
            f"{_many(len(long), 'statement')} and {self.long.rows} rows for {self.many} {self.noun}s, "
            f"{_many(len(short), 'statement')} and {self.short.rows} rows for {self.few}."
        )

    def _why(self, long: list[Statement], question: str) -> str:
        """Explain growing statements by the tables that are asked again."""
        few = len(questions(self.short))
        told = f"{len(long)} statements for {self.many} {self.noun}s, {few} for {self.few}"
        if self.long.connections > CONNECTIONS:
            return (
                f"{told}, over {self.long.connections} connections: spread over more connections they are no "
                "fewer, and each connection is one that another visitor cannot have."
            )
        before, now = (Counter(map(table_of, asked)) for asked in (questions(self.short), long))
        grown = [table for table in (*TABLES, "") if now[table] - before[table] > GROWTH]
        for table in filter(None, reversed(grown)):  # a collection before those its rows lead to
            if bulk := self._bulk(long, table):
                more = now[table] - (table_of(bulk) == table)
                return (
                    f"{told}: one statement brought `{table}` for the whole page, and then {more} more "
                    f"asked for `{table}` again. What in the loop does not use what is there?"
                )
        if len(grown) == 1 and grown[0]:
            return f"{told}: {self._only([each for each in long if table_of(each) == grown[0]], grown[0])}"
        named = [f"{now[table]} for {f'`{table}`' if table else 'other things'}" for table in grown]
        growing = f"{', '.join(named[:-1])} and {named[-1]} grow" if len(named) > 1 else "the number grows"
        return f"{told}: {growing} with the page. {question}"

    def _only(self, asked: list[Statement], table: str) -> str:
        """Say how the only table that is asked again and again is asked."""
        by_key = re.compile(rf'\b{table}"?\."?id"? = ')
        singly = all(by_key.search(each.sql) for each in asked)
        if len(asked) >= (1.0 if singly else 0.9) * self.many:
            return (
                f"only `{table}` still grows, with {len(asked)} statements. "
                "What else does the page read in its loop?"
            )
        if singly:
            return (
                f"only `{table}` still grows, with {len(asked)} statements, each for one row by its key. To "
                "remember rows spares repeats, and a longer page still has more of them."
            )
        return (
            f"`{table}` is asked {len(asked)} times, for some {self.noun}s at a time: fewer than one for "
            "each, and a longer page still takes more."
        )

    def _bulk(self, long: list[Statement], table: str) -> Statement | None:
        """Return the one statement that brought this table for the whole page, if there is one."""
        names = re.compile(rf"\b{table}\b", re.IGNORECASE)
        first, *others = sorted(
            (each for each in long if names.search(each.sql)), key=lambda each: each.rows, reverse=True
        )
        whole = first.rows >= self.many / 2 and all(each.rows <= first.rows / 4 for each in others)
        return first if whole else None

    def _too_many(self, seen: Seen, count: int, each: int, database: Database) -> str:
        told = f"It loaded {seen.rows} rows for a page of {count} {self.noun}s"
        largest = max(seen.statements, key=lambda statement: statement.rows)
        for table, rows in database.data.tables().items():
            if _brings_all(largest, table, len(rows)):
                return (
                    f"{told}: one statement alone brought {largest.rows}, and there are {len(rows)} "
                    f"`{table}` in all. Who throws the rest away, and how many will there be next year?"
                )
        return (
            f"{told}, one statement alone {largest.rows}, where {each * count} are enough for everything "
            "shown. Which rows come over the wire and are not shown, or come more than once?"
        )


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


def _many(count: int, thing: str) -> str:
    return f"{count} {thing}{'' if count == 1 else 's'}"

"""Tables whose rows a situation changes behind a program's back, and that are put back afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy import Row

    from kettle.database import Database

AWAY = "{}_taken_away"


class Tables:
    """The tables of a Database, to be changed and put back; neither delayed nor counted."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._undo: list[Any] = []  # statements, in the order of what they undo

    def ask(self, statement: Any) -> Sequence[Row]:
        """Return the rows that a statement, or plain SQL, brings."""
        from sqlalchemy import text

        # a look needs no transaction, which would cost two more round trips
        with self._database.behind.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            return connection.execute(text(statement) if isinstance(statement, str) else statement).all()

    def change(self, table: str, number: int, **columns: Any) -> None:
        """Change columns of one row."""
        from sqlalchemy import select

        kept = _table(table)
        (before,) = self.ask(select(*(kept.c[name] for name in columns)).where(kept.c.id == number))
        update = kept.update().where(kept.c.id == number)
        self._do(update.values(**columns), update.values(**before._mapping))

    def insert(self, table: str, *rows: dict) -> None:
        """Put rows in; one that brings no id gets the next one, the same in each world."""
        from sqlalchemy import func, select

        kept = _table(table)
        last = self.ask(select(func.max(kept.c.id)))[0][0] or 0
        new = [{"id": number, **row} for number, row in enumerate(rows, last + 1)]
        numbers = [row["id"] for row in new]
        self._do(kept.insert().values(new), kept.delete().where(kept.c.id.in_(numbers)))

    def fail(self, table: str) -> None:
        """Let each statement that asks for a table fail, as if it were gone."""
        from sqlalchemy import text

        self._database.end_transactions()
        rename = "ALTER TABLE {} RENAME TO {}"
        away = AWAY.format(table)
        self._do(text(rename.format(table, away)), text(rename.format(away, table)))

    def put_back(self) -> None:
        """Undo all changes, the last one first."""
        if not self._undo:
            return
        self._database.end_transactions()
        with self._database.behind.begin() as connection:
            while self._undo:
                connection.execute(self._undo.pop())

    def _do(self, statement: Any, undo: Any) -> None:
        with self._database.behind.begin() as connection:
            connection.execute(statement)
        self._undo.append(undo)


@contextmanager
def put_back(database: Database, *tables: str, **more: Any) -> Iterator[SimpleNamespace]:
    """Enter a world whose named tables get the rows back that they had: quicker than all tables anew.

    Args:
        database: whose `data` says which rows.
        *tables: children before parents; nothing else may lead to their rows.
        **more: what else the world has, beside `w.database` and `w.tables`.
    """
    changes = Tables(database)
    try:
        yield SimpleNamespace(database=database, tables=changes, **more)
    finally:
        changes.put_back()
        database.end_transactions()
        kept = [(_table(name), list(getattr(database.data, name))) for name in tables]
        kept = [] if all(_holds(changes.ask(table.select()), rows) for table, rows in kept) else kept
        with database.behind.begin() as connection:
            for table, _ in kept:
                connection.execute(table.delete())
            for table, rows in reversed(kept):
                if rows:
                    connection.execute(table.insert(), rows)


def _holds(found: Sequence[Row], rows: list[dict]) -> bool:
    return {row.id: dict(row._mapping) for row in found} == {row["id"]: row for row in rows}


def _table(name: str) -> Any:
    from kettle.database.models import Base

    return Base.metadata.tables[name]

"""SQLite in the place of a server: a file, with a driver that counts and delays statements.

There is no wire to look at, so the counts are taken in the driver's connection, below SQLAlchemy and
Django: each execution of a statement is one statement and one simulated round trip, and it sleeps for the
delay. An executemany of five is five statements and one round trip, as in a pipeline to PostgreSQL.
"""

import functools
import sqlite3
import time
from collections.abc import Callable, Iterable, Sized
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from kettle.database.statements import LONGEST, Ledger, Statement, changes_data, ends_transaction, kind_of


@dataclass
class Simulated:
    """What stands in for the network: a delay for each round trip in seconds, and a ledger."""

    delay: float = 0.0
    ledger: Ledger = field(default_factory=Ledger)

    def connection_class(self) -> type[sqlite3.Connection]:
        """Return the class to give to sqlite3.connect as its factory."""
        return type("CountedConnection", (_CountedConnection,), {"simulated": self})

    def round_trip(self) -> None:
        """Charge and count one round trip."""
        self.ledger.add("round_trips")
        if self.delay:
            time.sleep(self.delay)


class _CountedConnection(sqlite3.Connection):
    simulated: Simulated

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.number = self.simulated.ledger.connect()
        self.simulated.round_trip()
        self._open = True

    def cursor(self, factory: Any = sqlite3.Cursor) -> Any:
        return super().cursor(_counted(factory))

    def execute(self, *args: Any) -> sqlite3.Cursor:
        return self.cursor().execute(*args)

    def executemany(self, *args: Any) -> sqlite3.Cursor:
        return self.cursor().executemany(*args)

    def commit(self) -> None:
        self._end("commits", super().commit)

    def rollback(self) -> None:
        self._end("rollbacks", super().rollback)

    def _end(self, how: str, act: Callable[[], None]) -> None:
        if self.in_transaction:
            self.simulated.round_trip()
            self.simulated.ledger.add(how)
        act()

    def close(self) -> None:
        super().close()
        if self._open:
            self._open = False
            self.simulated.ledger.disconnect()

    def __exit__(self, kind: object, *rest: object) -> Literal[False]:
        # the C method would not call ours
        self.commit() if kind is None else self.rollback()
        return False


class _Counting(sqlite3.Cursor):
    """Mixed into a cursor class: a statement is kept once its cursor has moved on or its window is read."""

    connection: _CountedConnection
    _statement: dict[str, Any]
    _last: Statement

    def execute(self, sql: str, *parameters: Any) -> Self:
        # passed on as they came: to Django's cursor None is not the same as ()
        self._begin(sql, (parameters and parameters[0]) or ())
        try:
            result = super().execute(sql, *parameters)
        except sqlite3.Error:
            self._kept(failed=True)
            raise
        self._done()
        return result

    def executemany(self, sql: str, many: Iterable) -> Self:
        many = list(many)
        self._begin(sql, many[0] if many else ())
        try:
            result = super().executemany(sql, many)
        except sqlite3.Error:
            self._kept(failed=True)
            raise
        self._done(times=len(many))
        return result

    def _begin(self, sql: str, parameters: Sized) -> None:
        connection = self.connection
        self._statement = {
            "sql": sql[:LONGEST],
            "started": time.perf_counter(),
            "parameters_count": len(parameters),
            "was_in_transaction": connection.in_transaction,
        }
        connection.simulated.round_trip()

    def _done(self, times: int = 1) -> None:
        ledger, sql = self.connection.simulated.ledger, self._statement["sql"]
        ended = ends_transaction(sql)
        if ended and self._statement["was_in_transaction"]:
            ledger.add(f"{ended}s")
        elif changes_data(sql) and not self.connection.in_transaction and not ended:
            ledger.add("commits")  # autocommit: the change is its own transaction
        self._kept(times=times)

    def _kept(self, times: int = 1, failed: bool = False) -> None:
        told = self._statement
        knows = (
            changes_data(told["sql"]) and self.description is None and not failed
        )  # with RETURNING it does not yet
        affected = self.rowcount if knows else None
        each = affected if times == 1 or affected is None else affected // max(times, 1)
        for _ in range(times):
            self._last = Statement(
                sql=told["sql"],
                rows=0,
                started=told["started"],
                ended=time.perf_counter(),
                parameters_count=told["parameters_count"],
                kind=kind_of(told["sql"]),
                affected=each,
                failed=failed,
                connection=self.connection.number,
            )
            self.connection.simulated.ledger.keep(self._last)

    def _fetched(self, rows: int) -> None:
        if rows:
            # frozen for its readers; here it is still being made
            object.__setattr__(self._last, "rows", self._last.rows + rows)
            object.__setattr__(self._last, "ended", time.perf_counter())

    def fetchone(self) -> Any:
        row = super().fetchone()
        self._fetched(row is not None)
        return row

    def fetchmany(self, *args: Any, **kwargs: Any) -> list:
        rows = super().fetchmany(*args, **kwargs)
        self._fetched(len(rows))
        return rows

    def fetchall(self) -> list:
        rows = super().fetchall()
        self._fetched(len(rows))
        return rows

    def __next__(self) -> Any:
        row = super().__next__()
        self._fetched(1)
        return row


@functools.cache
def _counted(factory: type[sqlite3.Cursor]) -> type[sqlite3.Cursor]:
    """Return a counting version of a cursor class, such as the one that Django asks for."""
    return type(f"Counted{factory.__name__}", (_Counting, factory), {})

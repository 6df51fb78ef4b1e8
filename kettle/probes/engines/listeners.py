"""Listeners: how SQLAlchemy and Django tell a ledger of their statements, for `queries`."""

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from kettle.database.statements import (
    LONGEST,
    Ledger,
    Statement,
    changes_data,
    kind_of,
)
from kettle.probes.engines.where import sender


def _keep(ledger: Ledger, sql: object, parameters: Any, many: bool, started: float, **told: Any) -> None:
    """Keep one statement, or as many as an executemany has sets of parameters."""
    text = (sql if isinstance(sql, str) else sql.decode() if isinstance(sql, bytes) else str(sql))[:LONGEST]
    sets = list(parameters) if many else [parameters]
    now = time.perf_counter()
    rows = told.pop("rows", 0)
    told.setdefault("where", sender())
    for number, each in enumerate(sets):
        count = len(each) if isinstance(each, Sequence | dict) else 0
        ledger.keep(Statement(text, rows if number == 0 else 0, started, now, count, kind_of(text), **told))
    if sets:
        ledger.add("round_trips")


def _rows_of(cursor: object) -> int | None:
    """Return how many rows a statement brought back, or None where the driver brings them one by one."""
    if getattr(cursor, "description", None) is None:
        return 0
    count = getattr(cursor, "rowcount", -1)
    return (
        count if isinstance(count, int) and count >= 0 and "sqlite" not in type(cursor).__module__ else None
    )


class _Fetching:
    """Stands in for a cursor whose rows come one by one, and counts them into the statement kept last."""

    def __init__(self, cursor: Any, statement: Statement | None) -> None:
        self._cursor, self._statement = cursor, statement

    def __getattr__(self, name: str) -> object:
        return getattr(self._cursor, name)

    def __iter__(self) -> Iterator:
        while (row := self.fetchone()) is not None:
            yield row

    def _count(self, rows: int) -> None:
        if self._statement is not None and rows:
            # frozen for its readers; here it is still being made
            object.__setattr__(self._statement, "rows", self._statement.rows + rows)
            object.__setattr__(self._statement, "ended", time.perf_counter())

    def fetchone(self) -> object:
        row = self._cursor.fetchone()
        self._count(row is not None)
        return row

    def fetchmany(self, *args: Any, **kwargs: Any) -> Sequence:
        rows = self._cursor.fetchmany(*args, **kwargs)
        self._count(len(rows))
        return rows

    def fetchall(self) -> Sequence:
        rows = self._cursor.fetchall()
        self._count(len(rows))
        return rows


# ---- SQLAlchemy


@contextlib.contextmanager
def watch_sqlalchemy(ledger: Ledger, target: Any) -> Iterator[None]:
    """Listen to an engine, sync or async, and tell the ledger."""
    from sqlalchemy import event

    engine = getattr(target, "sync_engine", target)
    clock: dict[int, float] = {}

    def before(connection: Any, cursor: Any, sql: Any, parameters: Any, context: Any, many: bool) -> None:
        clock[id(cursor)] = time.perf_counter()

    def after(connection: Any, cursor: Any, sql: Any, parameters: Any, context: Any, many: bool) -> None:
        rows = _rows_of(cursor)
        many = many and isinstance(parameters, list)  # else it is an INSERT of many rows, in one execution
        _keep(ledger, sql, parameters, many, clock.pop(id(cursor), time.perf_counter()), rows=rows or 0)
        if rows is None and context is not None and context.cursor is cursor and not many:
            context.cursor = _Fetching(cursor, ledger.last)

    def failed(told: Any) -> None:
        started = clock.pop(id(getattr(told.execution_context, "cursor", None)), None)
        if started is not None and told.statement is not None:
            _keep(ledger, told.statement, told.parameters or (), False, started, failed=True)

    listening: dict[str, Callable] = {
        "before_cursor_execute": before,
        "after_cursor_execute": after,
        "commit": lambda _: _end(ledger, "commits"),
        "rollback": lambda _: _end(ledger, "rollbacks"),
        "handle_error": failed,
        "connect": lambda *_: ledger.connect(),
        "close": lambda *_: _gone(ledger),
    }
    for each in listening.items():
        event.listen(engine, *each)
    try:
        yield
    finally:
        for each in listening.items():
            event.remove(engine, *each)


def _end(ledger: Ledger, how: str) -> None:
    ledger.add(how)
    ledger.add("round_trips")


def _gone(ledger: Ledger) -> None:
    if ledger.connected:  # it may have been opened before the window
        ledger.disconnect()


# ---- Django


@contextlib.contextmanager
def watch_django(ledger: Ledger, target: str) -> Iterator[None]:
    """Listen to an alias: the connection of this thread, and those that any thread opens meanwhile."""
    from django.db import connections
    from django.db.backends.signals import connection_created

    name, _, alias = target.partition(":")
    alias = alias or "default"
    if name != "django" or alias not in connections:
        raise ValueError(f'"{target}" is neither "django" nor "django:" with an alias of DATABASES.')
    stack = contextlib.ExitStack()
    watched: set[int] = set()

    def add(sender: Any = None, connection: Any = None, **_: Any) -> None:
        if sender is not None:
            if connection.alias != alias:
                return
            ledger.connect()
        if id(connection) not in watched:
            watched.add(id(connection))
            stack.enter_context(_watch_django_connection(ledger, connection))

    connection_created.connect(add, weak=False)
    try:
        add(connection=connections[alias])
        yield
    finally:
        connection_created.disconnect(add)
        stack.close()


@contextlib.contextmanager
def _watch_django_connection(ledger: Ledger, connection: Any) -> Iterator[None]:
    def wrapper(execute: Callable, sql: Any, parameters: Any, many: bool, context: dict) -> Any:
        started = time.perf_counter()
        parameters = list(parameters) if many else parameters
        try:
            result = execute(sql, parameters, many, context)
        except Exception:
            _keep(ledger, sql, parameters or (), False, started, failed=True)
            raise
        cursor = context["cursor"].cursor
        rows = _rows_of(cursor)
        _keep(ledger, sql, parameters or (), many, started, rows=rows or 0)
        if rows is None and not many:
            context["cursor"].cursor = _Fetching(cursor, ledger.last)
        if connection.get_autocommit() and not connection.in_atomic_block and changes_data(sql):
            ledger.add("commits")  # autocommit: the change is its own transaction
        return result

    # Django tells nobody of commits, so they are counted on their way to the driver
    ends = {"_commit": "commits", "_rollback": "rollbacks"}
    for name, how in ends.items():
        setattr(connection, name, _counted(getattr(connection, name), ledger, how))
    connection.execute_wrappers.append(wrapper)
    try:
        yield
    finally:
        connection.execute_wrappers.remove(wrapper)
        for name in ends:
            delattr(connection, name)


def _counted(act: Callable, ledger: Ledger, how: str) -> Callable:
    def counted(*args: object, **kwargs: object) -> object:
        result = act(*args, **kwargs)
        _end(ledger, how)
        return result

    return counted

"""Queries: the statements that an ORM sends, each with the line of Python that was running.

    with watch_queries(engine) as queries:        # a SQLAlchemy engine
    with watch_queries("django") as queries:      # Django's default database
    queries.count, queries.statements

It listens where the library lets it, so it sees only what goes through the library, and of Django only this
thread. `database.wire()` is the one to judge by.
Sources: SQLAlchemy documentation, "Core Events"; Django documentation, "Database instrumentation".
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from kettle.database.statements import kind_of
from kettle.probes.engines.where import count_as_instrument, own_frame, place, source

count_as_instrument(__file__)


@dataclass(frozen=True)
class Query:
    """One statement; times in seconds on the clock of time.perf_counter().

    rows: that came back; None where the driver brings them one by one. where: the line that sent it.
    """

    sql: str
    rows: int | None
    started: float
    ended: float
    where: str

    @property
    def seconds(self) -> float:
        """From sending it until the answer was there."""
        return self.ended - self.started


class Queries:
    """What a library sent while it was watched: `statements`, in their order."""

    def __init__(self, listen: Callable[[Queries], contextlib.AbstractContextManager]) -> None:
        self.statements: list[Query] = []
        self._listening = listen(self)

    @property
    def count(self) -> int:
        """How many statements were sent."""
        return len(self.statements)

    def __enter__(self) -> Queries:
        self._listening.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._listening.__exit__(*error)

    def __repr__(self) -> str:
        return f"<{self.count:,} statement{'s' * (self.count != 1)}>"

    def keep(self, sql: str, cursor: Any, started: float) -> None:
        """Keep a statement that asks for data or changes it."""
        if kind_of(sql) == "data":
            rows = cursor.rowcount if cursor.description and cursor.rowcount >= 0 else None
            self.statements.append(Query(sql, rows, started, time.perf_counter(), _sender()))


def _sender() -> str:
    frame = own_frame(sys._getframe())
    if frame is None:
        return ""
    text = source(frame.f_code, frame.f_lineno).rstrip(",")  # a line of a list is read in a sentence
    return f"{place(frame.f_code, frame.f_lineno)} `{text}`"


def watch_queries(target: Any) -> Queries:
    """Return a window over the statements of a SQLAlchemy engine, or of "django".

    Raises TypeError for anything else.
    """
    if target == "django":
        return Queries(_django)
    if type(target).__name__ == "Engine":
        return Queries(lambda queries: _sqlalchemy(queries, target))
    raise TypeError(
        f'Queries of a {type(target).__name__} cannot be watched: give a SQLAlchemy engine or "django".'
    )


@contextlib.contextmanager
def _sqlalchemy(queries: Queries, engine: Any) -> Iterator[None]:
    from sqlalchemy import event

    started: dict[int, float] = {}

    def before(connection: Any, cursor: Any, *_: Any) -> None:
        started[id(cursor)] = time.perf_counter()

    def after(connection: Any, cursor: Any, sql: str, *_: Any) -> None:
        queries.keep(sql, cursor, started.pop(id(cursor)))

    listening = {"before_cursor_execute": before, "after_cursor_execute": after}
    for each in listening.items():
        event.listen(engine, *each)
    try:
        yield
    finally:
        for each in listening.items():
            event.remove(engine, *each)


@contextlib.contextmanager
def _django(queries: Queries) -> Iterator[None]:
    from django.db import connection

    def wrapper(execute: Callable, sql: str, parameters: Any, many: bool, context: dict) -> Any:
        started = time.perf_counter()
        result = execute(sql, parameters, many, context)
        queries.keep(sql, context["cursor"], started)
        return result

    with connection.execute_wrapper(wrapper):
        yield

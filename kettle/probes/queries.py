"""Queries: statements, rows, round trips, connections and transactions of an ORM or a driver at work.

    with watch_queries(engine) as queries:        # a SQLAlchemy engine, connection or session, sync or async
    with watch_queries("django") as queries:      # Django's default database, or any alias as "django:ALIAS"
    with watch_queries(connection) as queries:    # a psycopg connection, sync or async
    with watch_queries(database) as queries:      # kettle.database: what went over the wire, whoever sent it

The first three listen where the library lets them, so they see only what goes through it: a loop over the
driver below an engine passes them by. The fourth is the one to judge by. An execution is a statement, so
an executemany of five is five statements; it is one round trip here, though a driver may need more: only
the wire knows.
Sources: SQLAlchemy documentation, "Core Events"; Django documentation, "Database instrumentation".
"""

import contextlib
from collections.abc import Callable
from typing import Any

from kettle.database.statements import Ledger, Seen, Statement, Transactions
from kettle.database.window import Wire
from kettle.probes.engines.listeners import watch_django, watch_psycopg, watch_sqlalchemy


def watch_queries(target: Any) -> "Queries | Wire":
    """Return a window over the statements of `target`; see the module for what that may be.

    Raises TypeError for anything else, and ValueError for a Django alias that does not exist.
    """
    if callable(getattr(target, "wire", None)):
        return target.wire()
    if isinstance(target, str):
        return Queries(lambda ledger: watch_django(ledger, target))
    module = type(target).__module__.split(".")[0]
    if module == "psycopg":
        return Queries(lambda ledger: watch_psycopg(ledger, target))
    if module == "sqlalchemy" or hasattr(target, "get_bind"):
        return Queries(lambda ledger: watch_sqlalchemy(ledger, target))
    raise TypeError(
        f"Queries of a {type(target).__name__} cannot be watched: give a SQLAlchemy engine, connection or "
        'session, a psycopg connection, "django", or a database of kettle.database.'
    )


class Queries(Wire):
    """A context manager, plain or async, that tells the same as a Wire, from inside the library."""

    def __init__(self, watch: Callable[[Ledger], contextlib.AbstractContextManager]) -> None:
        super().__init__(self)
        self._watch = watch
        self._ledger = Ledger()
        self._stack = contextlib.ExitStack()

    def window(self, what: str, number: int = 0) -> Any:
        """Open, read or close the window on this watch's own ledger."""
        if what == "open":
            self._stack.enter_context(self._watch(self._ledger))
            return self._ledger.open()
        if what == "close":
            self._stack.close()
        return getattr(self._ledger, what)(number)


__all__ = ["Queries", "Seen", "Statement", "Transactions", "watch_queries"]

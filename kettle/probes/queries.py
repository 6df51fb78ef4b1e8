"""Queries: statements, rows, round trips, connections and transactions of an ORM at work.

    with watch_queries(engine) as queries:        # a SQLAlchemy engine, sync or async
    with watch_queries("django") as queries:      # Django's default database, or any alias as "django:ALIAS"

Both listen where the library lets them, so they see only what goes through it: a loop over the driver below
an engine passes them by. `database.wire()` is the one to judge by. An execution is a statement, so an
executemany of five is five statements; it is one round trip here, though a driver may need more: only the
wire knows.
Sources: SQLAlchemy documentation, "Core Events"; Django documentation, "Database instrumentation".
"""

import contextlib
from collections.abc import Callable
from typing import Any

from kettle.database.statements import Ledger
from kettle.database.window import Wire
from kettle.probes.engines.listeners import watch_django, watch_sqlalchemy


def watch_queries(target: Any) -> "Queries":
    """Return a window over the statements of `target`; see the module for what that may be.

    Raises TypeError for anything else, and ValueError for a Django alias that does not exist.
    """
    if isinstance(target, str):
        return Queries(lambda ledger: watch_django(ledger, target))
    if type(target).__name__ in ("Engine", "AsyncEngine"):
        return Queries(lambda ledger: watch_sqlalchemy(ledger, target))
    raise TypeError(
        f'Queries of a {type(target).__name__} cannot be watched: give a SQLAlchemy engine or "django".'
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

"""Other writers: they act between the statements of a program, where its rows are free.

What two transactions do to each other depends on the moment, and threads meet in the bad one once in a
thousand runs. Here the moments are made: before a program's first statement through psycopg and after each
one, others do something on a connection of their own. What the program has locked they leave alone, as they
would have to wait. SQLite has one writer at a time, and no moments.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from unittest import mock

if TYPE_CHECKING:
    from sqlalchemy import Row

    from kettle.database import Database

MOST = 24  # moments; a program that writes row by row has more of them than anybody needs
PATIENCE = "50ms"  # for a lock on a whole table, which cannot be passed over


@contextmanager
def others_act(act: Callable[[int], Any]) -> Iterator[None]:
    """Let others act in the block, before the first statement of a program and after each one.

    Args:
        act: is given the number of statements before; 0 for the moment before the first.
    """
    import psycopg

    state, lock = threading.local(), threading.Lock()
    count = 0

    def moment(done: bool) -> None:
        nonlocal count
        if getattr(state, "acting", False) or not lock.acquire(blocking=False):
            return  # what others send is no moment of the program
        try:
            if done or not count:
                state.acting = True
                if count <= MOST:
                    act(count)
                count += 1
        finally:
            state.acting = False
            lock.release()

    def noticing(method: Callable) -> Callable:
        @functools.wraps(method)
        def noticed(*args: Any, **options: Any) -> Any:
            moment(done=False)
            result = method(*args, **options)
            moment(done=True)
            return result

        return noticed

    def copying(method: Callable) -> Callable:
        @contextmanager
        def noticed(*args: Any, **options: Any) -> Iterator[Any]:
            moment(done=False)
            with method(*args, **options) as copy:
                yield copy
            moment(done=True)

        return noticed

    cursor = psycopg.Cursor
    changed: dict[str, Any] = {name: noticing(getattr(cursor, name)) for name in ("execute", "executemany")}
    with mock.patch.multiple(cursor, copy=copying(cursor.copy), **changed):
        yield


def where_free(database: Database, statement: str, **values: Any) -> list[Row]:
    """Execute a statement with RETURNING behind the program's back; nothing where a whole table is locked.

    The statement passes over locked rows itself: `… WHERE id IN (SELECT id … FOR UPDATE SKIP LOCKED)`.
    """
    from sqlalchemy import text
    from sqlalchemy.exc import OperationalError

    try:
        with database.behind.begin() as connection:
            connection.execute(text(f"SET LOCAL lock_timeout = '{PATIENCE}'"))
            return list(connection.execute(text(statement), values).all())
    except OperationalError:
        return []

"""What happens while a program asks a database: between its statements, or with another one beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from kettle.checking.equivalence.situations import Told

PATIENCE = 2.0  # seconds that one conversation waits for the other to begin; paid by wrong answers only


@contextmanager
def after_first_statement(engine: Any, happen: Callable[[], None]) -> Iterator[None]:
    """Let something happen when the first statement of a SQLAlchemy engine in the block has been answered."""
    from sqlalchemy import event

    happened: list[bool] = []

    def note(*_: Any) -> None:
        if not happened:
            happened.append(True)
            happen()

    event.listen(engine, "after_cursor_execute", note)
    try:
        yield
    finally:
        event.remove(engine, "after_cursor_execute", note)


@contextmanager
def failing_once(asked: Any) -> Iterator[None]:
    """Let the first statement in the block fail, as if its connection were lost; no other one fails.

    Args:
        asked: an engine of SQLAlchemy, or a connection of Django.

    Raises:
        LookupError: nothing was asked through it, so that nothing could fail.
    """
    from django.db import OperationalError

    django = hasattr(asked, "execute_wrapper")
    failed: list[bool] = []
    error = OperationalError if django else asked.dialect.dbapi.OperationalError

    def fail(execute: Any = None, *given: Any) -> Any:
        if failed:
            return execute(*given)
        failed.append(True)
        raise error("connection lost")

    with asked.execute_wrapper(fail) if django else after_first_statement(asked, fail):
        yield
    if not failed:
        raise LookupError("No statement was sent that could fail.")


@contextmanager
def both_ask_first(engine: Any, connections: int = 2) -> Iterator[None]:
    """Hold the first statements in the block until two connections, or more, of an AsyncEngine ask.

    Raises:
        Told: fewer of them ask, for as long as `PATIENCE`.
    """
    from sqlalchemy import event
    from sqlalchemy.util import await_only

    asking, both, alone = set(), asyncio.Event(), []

    async def meet() -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(both.wait(), PATIENCE)
            return
        alone.append(True)
        both.set()

    def hold(connection: Any, *_: Any) -> None:
        asking.add(id(connection))
        if len(asking) >= connections:
            both.set()
        if not both.is_set():
            await_only(meet())

    event.listen(engine.sync_engine, "before_cursor_execute", hold)
    try:
        yield
    finally:
        event.remove(engine.sync_engine, "before_cursor_execute", hold)
    if alone:
        late = "the second one" if connections == 2 else "one of them"
        raise Told(f"{late} asks nothing until the first one is done. What does it wait for?")

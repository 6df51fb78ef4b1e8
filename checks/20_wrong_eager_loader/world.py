"""Objects are read as a template reads them, after the session is closed; two requests ask beside each other."""

import asyncio
from contextlib import contextmanager, suppress
from typing import Any

from sqlalchemy import event
from sqlalchemy.exc import InvalidRequestError, StatementError
from sqlalchemy.orm.exc import DetachedInstanceError
from sqlalchemy.util import await_only

from kettle.checking.equivalence import Told
from kettle.checking.equivalence.sentences import a

SIZES: dict[str, Any] = {
    "suppliers": 5,
    "products": 90,
    "customers": 90,
    "orders": 120,
    "lines": 5,
    "events": 4,
}
PATIENCE = 2.0  # seconds that one request waits for the other to begin; paid by wrong answers only


def rows_of(rows, numbers):
    """Count the rows that belong to orders: each order, line and event, and each line's product, each order's customer."""
    lines, events = (
        sum(row["order_id"] in numbers for row in table) for table in (rows.order_lines, rows.order_events)
    )
    return 2 * len(numbers) + 2 * lines + events


def read_out(entry, things, kind):
    """Make the entries of objects that a function returned; what is no list is returned as it is.

    Args:
        entry: makes an entry of one object.
        things: what the function returned.
        kind: of the objects.

    Raises:
        Told: an object is of another kind, or has an attribute that was not loaded.
    """
    if not isinstance(things, list):
        return things
    for thing in things:
        if not isinstance(thing, kind):
            raise Told(f"expected a list of `{kind.__name__}` objects, got {a(type(thing).__name__)} in it.")
    try:
        return [entry(thing) for thing in things]
    except (DetachedInstanceError, InvalidRequestError, StatementError) as wrapped:
        error = inner(wrapped)
        raise Told(
            f"reading the sheet raised {type(error).__name__}: {which(error)} not loaded when the function returned. "
            "Load it with the orders."
        ) from wrapped


def not_loaded(error):
    """Say what MissingGreenlet means, or a relation that raises, where the learner's code stops with it."""
    error = inner(error)
    if type(error).__name__ == "MissingGreenlet":
        return "An attribute was read that was not loaded. Load it eagerly, with the customers."
    if type(error).__name__ == "InvalidRequestError" and "lazy='raise" in str(error):
        return f"{which(error)} read, but not loaded. Load it eagerly, with the customers."
    return ""


def inner(error):
    """Return what a driver wrapped: SQLite's does so with MissingGreenlet."""
    return getattr(error, "orig", None) or error


def which(error):
    """Name the attribute that was not loaded, as the beginning of a sentence."""
    quoted = [word.rpartition(".")[2] for word in str(error).split("'")[1::2]]
    names = [word for word in quoted if word.isidentifier()]
    return f"`{names[0]}` was" if names else "something was"


@contextmanager
def both_ask_first(engine):
    """Hold the first statements in the block until two connections of an AsyncEngine ask.

    Raises:
        Told: only one of them asks, for as long as `PATIENCE`.
    """
    asking, both, alone = set(), asyncio.Event(), []

    async def meet():
        with suppress(TimeoutError):
            await asyncio.wait_for(both.wait(), PATIENCE)
            return
        alone.append(True)
        both.set()

    def hold(connection, *_):
        asking.add(id(connection))
        if len(asking) >= 2:
            both.set()
        if not both.is_set():
            await_only(meet())

    event.listen(engine.sync_engine, "before_cursor_execute", hold)
    try:
        yield
    finally:
        event.remove(engine.sync_engine, "before_cursor_execute", hold)
    if alone:
        raise Told("the second one asks nothing until the first one is done. Let requests overlap.")

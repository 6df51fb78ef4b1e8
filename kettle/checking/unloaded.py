"""Attributes of an ORM's objects that nobody has loaded: objects are read as a template does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kettle.checking.equivalence.sentences import a
from kettle.checking.equivalence.situations import Told


def read_out(entry: Callable, things: Any, kind: type) -> Any:
    """Make the entries of objects that a function returned; what is no list is returned as it is.

    Args:
        entry: makes an entry of one object.
        things: what the function returned.
        kind: of the objects.

    Raises:
        Told: an object is of another kind, or has an attribute that was not loaded.
    """
    from sqlalchemy.exc import InvalidRequestError, StatementError
    from sqlalchemy.orm.exc import DetachedInstanceError

    if not isinstance(things, list):
        return things
    for thing in things:
        if not isinstance(thing, kind):
            raise Told(
                f"the list holds {a(type(thing).__name__)}, and whoever asked relies on `{kind.__name__}` "
                "objects."
            )
    try:
        return [entry(thing) for thing in things]
    except (DetachedInstanceError, InvalidRequestError, StatementError) as wrapped:
        error = _inner(wrapped)
        raise Told(
            f"reading it ends in {type(error).__name__}: {_which(error)} not loaded when the function "
            "returned. Which loader brings it?"
        ) from wrapped


def whole(who: str, entry: dict, sizes: dict[str, int]) -> None:
    """Raise Told if a list of an entry lacks what it should hold.

    Args:
        who: the entry is of, such as "order 7".
        entry: what was made of it.
        sizes: by the names of its lists, how many things there are.
    """
    for name, size in sizes.items():
        if len(entry[name]) != size:
            raise Told(
                f"{who} stands there with {len(entry[name])} of its {size} `{name}`. A later statement asked "
                "for others than the first one: does it repeat the question, limit and all, or name those "
                "that came?"
            )


def not_loaded(error: Exception) -> str:
    """Say what MissingGreenlet means, or a relation that raises, where the learner's code stops with it."""
    error = _inner(error)
    if type(error).__name__ == "MissingGreenlet":
        return "An attribute was read that nobody has loaded, outside of any `await`. Which loader brings it?"
    if type(error).__name__ == "InvalidRequestError" and "lazy='raise" in str(error):
        return f"{_which(error)} read and not loaded. Which loader brings it?"
    return ""


def _inner(error: Exception) -> Exception:
    """Return what a driver wrapped: SQLite's does so with MissingGreenlet."""
    return getattr(error, "orig", None) or error


def _which(error: Exception) -> str:
    """Name the attribute that was not loaded, as the beginning of a sentence."""
    quoted = [word.rpartition(".")[2] for word in str(error).split("'")[1::2]]
    names = [word for word in quoted if word.isidentifier()]
    return f"`{names[0]}` was" if names else "something was"

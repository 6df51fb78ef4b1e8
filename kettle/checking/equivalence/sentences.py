"""What a learner is told where two answers differ: the part, what was expected and got, what to do next."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kettle.checking.equivalence.difference import AWAITABLE, EXCEPTION, ORDER, SHARED, SWAPPED, Difference

SHORT = 60  # characters of a value that is shown
WHOLE = "the answer"
Words = Mapping[Any, str | Callable[[Any], str]] | Callable[[Difference], str] | str | None
"""What a lesson adds: a sentence; one for each part, or kind of difference, by name; or a function of it."""
Noun = str | Callable[[tuple], str]
"""What the keys of an answer name, such as "supplier"; or a function that names the part at a path."""

NEXT = {
    AWAITABLE: "Calling an async function only makes a coroutine: await it.",
    EXCEPTION: "The caller would take it for data: raise it instead.",
    SWAPPED: "Put each result where its request was.",
    SHARED: "A change to one changes the other: make a new one for each.",
    ORDER: "Keep the order that the caller asked in.",
}
"""By the kind of a difference, what to do next."""
KEPT = "Do not keep it from one call to the next, or drop it when what it depends on has changed."


def told(found: Difference, noun: Noun = "", why: Words = None) -> str:
    """Say in a sentence or two where two answers differ.

    Args:
        found: the difference.
        noun: what a key of the answer names, such as "supplier"; a key that is a text needs none. Or a
            function that names the part at a path.
        why: the lesson's own words on it, in the place of the usual next step.
    """
    own = own_words(found, why)
    following = own if own is not None else NEXT.get(found.kind, "")
    return f"{_what(found, noun)}. {following}".strip()


def own_words(found: Difference, why: Words) -> str | None:
    """Return what a lesson has to say on a difference; None where it says nothing."""
    if why is None or isinstance(why, str):
        return why
    if callable(why):
        return why(found)
    for key in (*found.path[::-1], found.kind):
        if isinstance(key, str | int) and isinstance(words := why.get(key), str):
            return words
    return None


def special(why: Words, about: str, thing: Any) -> str:
    """Return what a lesson has to say on what the other side saw ("seen"), or on an error ("error").

    Args:
        why: the lesson's words; a mapping may hold a function under such a name.
        about: the name.
        thing: what the function is given: a Difference, or the error.
    """
    words = why.get(about) if isinstance(why, Mapping) else None
    return (words(thing) if callable(words) else words) or ""


def _what(found: Difference, noun: Noun) -> str:
    part = part_name(found.path, noun)
    match found.kind:
        case "awaitable":
            return f"{part} is {a(type(found.given).__name__)}, not its result"
        case "exception":
            return f"{part} is an exception object ({type(found.given).__name__})"
        case "type":
            return _expected(part, _typed(found.expected), _typed(found.given))
        case "missing":
            return f"{part} is missing"
        case "extra":
            return f"{part} should not be there"
        case "count" | "index" as kind:
            size = _beginning if kind == "index" else _size
            return _expected(part, size(found.expected), size(found.given))
        case "order":
            whole = part_name(found.path[:-1] if found.path else (), noun)
            return f"{whole} has the right entries in the wrong order"
        case "shared":
            other = part_name((*found.path[:-1], found.owner), noun)
            return f"{part} and {other} are the same {type(found.given).__name__}, not two"
        case "swapped":
            return f"{part} holds what belongs to {part_name((*found.path[:-1], found.owner), noun)}"
    return _expected(part, short(found.expected), short(found.given))


def _expected(part: str, expected: str, given: str) -> str:
    where = "" if part == WHOLE else f"{part}: "
    return f"{where}expected {expected}, got {given}"


def part_name(path: tuple, noun: Noun = "") -> str:
    """Name a part of an answer by the keys and indexes that lead to it."""
    if callable(noun):
        return noun(path)
    if not path:
        return WHOLE
    names = []
    for depth, key in enumerate(path):
        if isinstance(key, str):
            names.append(f"`{key}`")
        elif noun and depth == 0:
            names.append(f"{noun} {key}")
        elif isinstance(key, int) and key >= 0:
            names.append(f"entry {key + 1}")
        else:
            names.append(f"`{key!r}`")
    return " of ".join(reversed(names))


def short(value: Any) -> str:
    """Show a value in a few characters."""
    if getattr(value, "shape", None) == () and hasattr(value, "item"):
        value = value.item()  # a number of NumPy, without its type's name
    text = " ".join(repr(value).split())
    if len(text) <= SHORT:
        return text
    blank = text.rfind(" ", SHORT // 2, SHORT)  # not in the middle of a word, if it can be helped
    return f"{text[: blank if blank > 0 else SHORT - 1]}…"


def a(noun: str) -> str:
    """Put the article before a noun."""
    return f"{'an' if noun[:1].lower() in 'aeio' else 'a'} {noun}"


def _typed(value: Any) -> str:
    if value is None or isinstance(value, bytes):
        return "None" if value is None else "bytes"
    dtype = getattr(value, "dtype", None) if getattr(value, "shape", ()) else None
    name = {"ndarray": "array"}.get(type(value).__name__, type(value).__name__)
    return a(name) if dtype is None else f"{a(name)} of dtype {dtype}"


def _beginning(index: Any) -> str:
    first = ", ".join(short(each) for each in list(index[:3]))
    return f"the index {first}, …" if len(index) > 3 else f"the index {first}"


def _size(value: Any) -> str:
    shape = getattr(value, "shape", None)
    if shape is not None and len(shape) != 1:
        return f"the shape {shape}"
    return "1 entry" if len(value) == 1 else f"{len(value)} entries"

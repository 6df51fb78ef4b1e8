"""Situations: what a caller may meet, and how one version of the code goes through it."""

from __future__ import annotations

import copy
import gc
import inspect
import traceback
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from itertools import chain, count
from types import SimpleNamespace
from typing import Any

from kettle.checking.checks import Undecided
from kettle.checking.equivalence.difference import Difference, difference
from kettle.checking.equivalence.leftovers import MINE, Made, settled
from kettle.checking.equivalence.sentences import Words, a

COROUTINE, VALUE, FAILED = "coroutine", "value", "failed"


class Told(AssertionError):
    """What a situation's call has to say itself of how it went; it follows "When …, "."""


@dataclass(frozen=True)
class Situation:
    """An input, and what the world does meanwhile.

    Args:
        when: ends the sentence "When …".
        call: given the function and the world, calls it; its result, awaited, is the answer.
        prepare: given the world, before the first call.
        between: given the world; then the call is made once more, and the second answer counts.
        again: the same call is made once more, after whoever got the first answer has written into it.
        truth: given the world, returns what is right, or raises it; in the place of the merged code.
        raises: the kind of exception that has to come, where the lesson names it.
        seen: given the world after the calls, returns what the other side saw, which has to be the same.
        why: the lesson's words on a difference here; before those of the whole list.
        ordered_keys: whether the order of a dictionary's keys counts.
        impatient: timers that the learner's code sets, itself or by aiohttp, run a hundred times as fast, so
            that what the world has late is later than any patience of some seconds; needs an event loop.
    """

    when: str
    call: Callable
    prepare: Callable | None = None
    between: Callable | None = None
    again: bool = False
    truth: Callable | None = None
    raises: type | tuple[type, ...] | None = None
    seen: Callable | None = None
    why: Words = None
    ordered_keys: bool = False
    impatient: bool = False


@dataclass
class Outcome:
    """How a situation went: answer, error, answer before, arguments, the other side, what was left.

    overwritten: the first caller's answer was written into while the second one's was made.
    shares: the second caller's answer has parts of the first one's.
    returned: whether the function returned a "coroutine" or another "value", or "failed"; "" if not called.
    """

    value: Any = None
    error: Exception | None = None
    before: Any = None
    seen: Any = None
    changed: Difference | None = None
    overwritten: bool = False
    shares: bool = False
    left: int = 0
    unclosed: int = 0
    returned: str = ""


class Watched:
    """A function of which is noted whether it changes its arguments, and whether it has to be awaited.

    Args:
        function: the function.
        expected: the merged code's outcome, when it is compared with that.

    Attributes:
        returned: as in Outcome; also where the call failed.
    """

    def __init__(self, function: Callable, expected: Outcome | None = None) -> None:
        self._function, self._wanted = function, expected and expected.returned
        self._arguments: list[tuple[str, Any, Any]] = []
        self.returned = ""

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function.

        Raises:
            Told: it returns a coroutine, and no result, or the other way round.
        """
        self._arguments.extend(
            (name, thing, copy.deepcopy(thing))
            for name, thing in (*zip(_parameters(self._function), args, strict=False), *kwargs.items())
            if _is_kept(thing)
        )
        self.returned = FAILED
        value = self._function(*args, **kwargs)
        self.returned = COROUTINE if inspect.iscoroutine(value) else VALUE
        if self._wanted == VALUE and inspect.iscoroutine(value):
            value.close()
            raise Told("expected a result, got a coroutine: write `def`, not `async def`.")
        if self._wanted == COROUTINE and not inspect.isawaitable(value):
            what = type(value).__name__
            raise Told(f"expected a coroutine, got {a(what)}: write `async def`, since the caller awaits it.")
        return value

    def changed(self) -> Difference | None:
        """Return how the calls since the last time have changed an argument."""
        changes = ((name, difference(before, thing)) for name, thing, before in self._arguments)
        named = [replace(change, path=(name, *change.path)) for name, change in changes if change]
        self._arguments.clear()
        return named[0] if named else None


async def outcome(
    function: Callable,
    world: Callable,
    situation: Situation,
    names: dict[str, Any],
    truth: bool = False,
    merged: bool = False,
    expected: Outcome | None = None,
) -> Outcome:
    """Play one situation with one version, in a world of its own.

    Args:
        function: the version; for a situation's `truth`, a function of the world.
        world: makes the world.
        situation: what is played.
        names: where the version's own names are, as `w.names`.
        truth: whether `function` is the situation's own truth.
        merged: whether it is played for the merged code's answer, as `w.merged`.
        expected: the merged code's outcome, when the other version is played.
    """
    found, made = Outcome(), Made(hurried=situation.impatient)
    watched = Watched(function, expected)

    async def call(world: Any) -> Any:
        try:
            return await _awaited(function(world) if truth else situation.call(watched.call, world))
        finally:  # now, before anybody writes into an answer that may hold parts of an argument
            found.changed = found.changed or watched.changed()

    async with entered(world()) as here:
        here.names, here.merged = names, merged
        if situation.prepare:
            await _awaited(situation.prepare(here))
        token = MINE.set(made)
        try:
            found.value = await call(here)
            if situation.between or situation.again:
                found.before = _copied(found.value) if situation.between else None
                parts = _emptied(found.value) if situation.again else []
                if not situation.again:
                    await _awaited(situation.between(here))  # type: ignore[misc]  # it is there: see above
                first, held = found.value, _copied(found.value)
                found.value = await call(here)
                found.overwritten = difference(held, first) is not None
                found.shares = situation.again and _shared(parts, found.value)
        except Exception as error:
            if isinstance(error, Undecided) or (merged and not truth and not watched.returned):
                raise  # the situation itself cannot tell, or cannot even make its call
            found.error = error  # it is compared
            traceback.clear_frames(error.__traceback__)  # they would keep what nobody closed from telling so
        found.left = await settled(made.tasks, failed=found.error is not None)
        if found.error is not None:
            made.tasks.clear()
            gc.collect()
        found.unclosed, found.returned = made.unclosed, watched.returned
        MINE.reset(token)
        if situation.seen:
            found.seen = situation.seen(here)
    return found


def empty() -> Any:
    """Return a world in which nothing is."""
    return nullcontext(SimpleNamespace())


def _emptied(value: Any) -> list:
    """Write into an answer as its owner may: empty what can be emptied, and return it, inner things first."""
    parts = list(_parts(value))
    for part in parts:
        part.fill(0) if hasattr(part, "fill") else part.clear()
    return parts


def _parts(value: Any) -> Iterator[Any]:
    """Give what can be emptied of an answer, inner things first."""
    if isinstance(value, dict | list | tuple):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _parts(inner)
    array = hasattr(value, "flags") and hasattr(value, "fill") and value.flags.writeable
    if array or isinstance(value, dict | list | set):
        yield value


def _shared(parts: list, value: Any) -> bool:
    """Tell whether an answer holds a part of an earlier one that was emptied since, or is empty itself."""
    mine = {id(part) for part in parts}
    empty = isinstance(value, dict | list | set) and not value
    return empty or any(id(part) in mine or hasattr(part, "fill") for part in _parts(value))


def _copied(value: Any) -> Any:
    try:
        return copy.deepcopy(value)
    except Exception:  # noqa: BLE001 - what cannot be copied, such as a coroutine, is not written into either
        return value


def _parameters(function: Callable) -> Iterator[str]:
    """Give the names of a function's arguments, as many as may be asked for."""
    try:
        names = tuple(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        names = ()
    return chain(names, (f"argument {number}" for number in count(len(names) + 1)))


def _is_kept(thing: Any) -> bool:
    return isinstance(thing, list | dict | set) or type(thing).__name__ in ("ndarray", "DataFrame", "Series")


async def _awaited(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value


class entered:  # noqa: N801 - used as a phrase
    """Enters a context manager of either kind."""

    def __init__(self, manager: Any) -> None:
        self.manager = manager

    async def __aenter__(self) -> Any:
        if hasattr(self.manager, "__aenter__"):
            return await self.manager.__aenter__()
        return self.manager.__enter__()

    async def __aexit__(self, *error: object) -> Any:
        if hasattr(self.manager, "__aexit__"):
            return await self.manager.__aexit__(*error)
        return self.manager.__exit__(*error)

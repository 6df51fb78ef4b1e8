"""Equivalence: plays situations with the merged code and the learner's, and says where they differ."""

from __future__ import annotations

import asyncio
import inspect
import os
from collections.abc import Callable, Coroutine, Iterable
from types import SimpleNamespace
from typing import Any

from kettle.checking.equivalence import sentences
from kettle.checking.equivalence.difference import ORDER, SHARED, SWAPPED, Difference, alike, difference
from kettle.checking.equivalence.leftovers import on_loop, watching
from kettle.checking.equivalence.sentences import Noun, Words, part_name, short
from kettle.checking.equivalence.situations import Outcome, Situation, Told, empty, outcome
from kettle.checking.runner.errors import alone, leaves, named
from kettle.probes.engines.collecting import only_new_collected

CONDITIONS = ("values", "order", "failures", "arguments", "sharing", "freshness", "overlap", "manners")
"""What a caller relies on, by the names that mutants and excuses use."""


class Equivalence:
    """Plays situations with the merged code and the learner's, and says where they differ.

    A check takes it by the name `equivalence` and calls it: `await equivalence(page, world, situations)`, or
    without `await` in a plain check, where no loop runs.

    Args:
        names: what the learner's notebook defines.
        merged: what the merged code defines.
        off: conditions that are not compared, for tests of the tests; KETTLE_WITHOUT names them otherwise.
    """

    def __init__(
        self, names: dict[str, Any], merged: dict[str, Any], off: Iterable[str] | None = None
    ) -> None:
        self.names, self.merged = names, SimpleNamespace(**merged)
        self._merged_names = merged
        self._off = frozenset(os.environ.get("KETTLE_WITHOUT", "").split(",") if off is None else off)
        self._earlier: list[Any] = []

    def compares(self, condition: str) -> bool:
        """Tell whether a condition is compared; always, but in a test of the tests."""
        return condition not in self._off

    def __call__(
        self,
        function: Callable,
        world: Callable | None,
        situations: Iterable[Situation],
        *,
        noun: Noun = "",
        why: Words = None,
    ) -> Any:
        """Raise AssertionError, with a sentence, for the first situation in which the answers differ.

        Args:
            function: the learner's; the merged one of the same name is its measure.
            world: makes a context manager that gives a world, anew for each outcome; None: an empty one.
            situations: in an order in which the first difference names the cause.
            noun: what the keys of the answer name, such as "supplier"; or a function that names a part.
            why: the lesson's words on differences, by part, by kind, or a function of the difference.
        """
        playing = self._play(function, world or empty, tuple(situations), noun, why)
        return playing if on_loop() else driven(playing)

    async def _play(
        self, function: Callable, world: Callable, situations: tuple[Situation, ...], noun: Noun, why: Words
    ) -> None:
        merged, names = self.merged_of(function), self._merged_names
        playing: Iterable[Coroutine[Any, Any, Outcome]]
        playing = (  # made one by one: what is not played need not be closed
            outcome(each.truth or merged, world, each, names, truth=bool(each.truth), merged=True)
            for each in situations
        )
        with watching(), only_new_collected():  # what a failure leaves behind is new
            if on_loop():  # worlds know nothing of each other: the waits of the merged code need not add up
                async with asyncio.TaskGroup() as group:
                    played = [group.create_task(each) for each in playing]
                playing = [_known(each.result()) for each in played]
            try:
                for situation, expecting in zip(situations, playing, strict=True):
                    expected = await expecting
                    given = await outcome(function, world, situation, self.names, expected=expected)
                    self._judge(situation, expected, given, noun, why)
                    self._earlier += [each for each in (expected.before, expected.value) if each is not None]
            finally:
                for each in playing:
                    each.close()  # those after the first difference are not awaited

    async def together(self, shop: Any, routes: Iterable[str], *calls: Any, patience: float) -> Any:
        """Await calls at once, while the shop holds theirs until all `routes` are in flight together.

        Args:
            shop: the practice shop.
            routes: of the calls that have to meet; a name given twice stands for two.
            *calls: coroutines of the learner's.
            patience: in seconds; paid by calls that wait for one another.

        Returns:
            The kettle.shop.Meeting.
        """
        if not self.compares("overlap"):
            await asyncio.gather(*calls)
            return SimpleNamespace(met=True, most_together=0)
        async with shop.rendezvous(routes=tuple(routes), patience=patience) as meeting:
            await asyncio.gather(*calls)
        return meeting

    def is_asynchronous(self, function: Callable) -> bool:
        """Tell whether the merged code has to be awaited, or entered by `async with`."""
        merged = inspect.unwrap(self.merged_of(function))
        return inspect.iscoroutinefunction(merged) or inspect.isasyncgenfunction(merged)

    def merged_of(self, function: Callable) -> Callable:
        """Return the merged code of a learner's function."""
        return self._merged_names[self.name_of(function)]

    def name_of(self, function: Callable) -> str:
        """Return the name under which the merged code defines what the learner's function took the place of.

        Raises:
            LookupError: the merged code defines nothing by that name.
        """
        for name, value in self.names.items():
            if value is function and name in self._merged_names:
                return name
        raise LookupError(f"The merged code defines nothing like {function!r}.")

    def _judge(self, situation: Situation, expected: Outcome, given: Outcome, noun: Noun, why: Words) -> None:
        when, own = f"When {situation.when}, ", situation.why if situation.why is not None else why
        if isinstance(given.error, Told):
            raise AssertionError(f"{when}{given.error}") from given.error
        if expected.error is not None:
            self._judge_failure(situation, expected.error, given, when, noun)
            if expected.changed is None:
                self._judge_arguments(given, when)
            self._judge_unclosed(expected, given, when)
            return
        if given.error is not None:
            words = sentences.special(own, "error", given.error)
            said = f"{named(given.error)} {words}".strip()
            raise AssertionError(f"{when}expected a result; your code raised {said}") from given.error
        self._judge_arguments(given, when)
        assert not given.overwritten or expected.overwritten or not self.compares("sharing"), (
            f"{when}the answer to the first call changes during the second one: both callers got the same "
            "object. Make a new one for each call."
        )
        found = difference(expected.value, given.value, ordered_keys=situation.ordered_keys)
        if found and self.compares(self._condition(situation, expected, given, found)):
            raise AssertionError(when + self._words(situation, expected, given, found, noun, own))
        if situation.seen and self.compares("values") and not found:
            seen = difference(expected.seen, given.seen)
            assert not seen, when + (
                sentences.special(own, "seen", seen)
                or f"the answer is right, and what it leaves behind is not: {sentences.told(seen, noun, own)}"
            )
        assert given.left <= expected.left or not self.compares("manners"), (
            f"{when}your code returns while {_tasks(given.left)}: nobody would hear of a failure. "
            "Await it before you return."
        )
        self._judge_unclosed(expected, given, when)

    def _judge_unclosed(self, expected: Outcome, given: Outcome, when: str) -> None:
        assert given.unclosed <= expected.unclosed or not self.compares("manners"), (
            f"{when}your code leaves a client session open, with its connections. Close it, as "
            "`async with` does."
        )

    def _judge_failure(
        self, situation: Situation, error: Exception, given: Outcome, when: str, noun: Noun
    ) -> None:
        if not self.compares("failures"):
            return
        name = type(alone(error)).__name__
        if given.error is None:
            part = _failed_part(given.value)
            hidden = (
                f"puts it into {part_name(part, noun)}"
                if part is not None
                else f"returns {short(given.value)}"
            )
            raise AssertionError(
                f"{when}expected {name}; your code {hidden}, and the caller does not hear of the failure. "
                "Let it raise."
            )
        kinds = situation.raises
        if kinds and not any(isinstance(leaf, kinds) for leaf in leaves(given.error)):
            raise AssertionError(
                f"{when}expected {name} to reach the caller; your code raised {named(given.error)}"
            ) from given.error

    def _judge_arguments(self, given: Outcome, when: str) -> None:
        if not self.compares("arguments"):
            return
        assert given.changed is None, (
            f"{when}your code changes its argument: {_of_it(given.changed)} "
            "It belongs to the caller: work on a copy."
        )

    def _condition(self, situation: Situation, expected: Outcome, given: Outcome, found: Difference) -> str:
        """Name the condition that a difference breaks."""
        if found.kind != ORDER and self._is_stale(situation, expected, given, found):
            return "freshness"
        if given.shares or found.kind == SHARED:
            return "sharing"
        return "order" if found.kind in (ORDER, SWAPPED) else "values"

    def _is_stale(self, situation: Situation, expected: Outcome, given: Outcome, found: Difference) -> bool:
        if situation.between and alike(expected.before, given.value):
            return True
        if situation.between and found.path and expected.before is not None:
            return alike(_at(expected.before, found.path), found.given)
        return _tells(given.value) and any(alike(earlier, given.value) for earlier in self._earlier)

    def _words(
        self,
        situation: Situation,
        expected: Outcome,
        given: Outcome,
        found: Difference,
        noun: Noun,
        own: Words,
    ) -> str:
        match self._condition(situation, expected, given, found):
            case "freshness":
                what = sentences.told(found, noun, "").rstrip(".")
                following = sentences.own_words(found, own) or sentences.KEPT
                return f"{what}. That was the answer to an earlier call. {following}"
            case "sharing" if found.kind != SHARED:
                return (
                    f"the next caller gets {short(given.value)}: all callers share one object, and one of "
                    "them has changed it. Make a new one for each call, with all that is in it."
                )
        return sentences.told(found, noun, own)


def _of_it(found: Difference) -> str:
    return sentences.told(found, "", "")


def _failed_part(value: Any) -> tuple | None:
    """Return the path to an exception object in an answer; None where there is none."""
    if isinstance(value, BaseException):
        return ()
    inside = isinstance(value, list | tuple)
    items = value.items() if isinstance(value, dict) else enumerate(value) if inside else ()
    for key, inner in items:
        part = _failed_part(inner)
        if part is not None:
            return (key, *part)
    return None


def _at(value: Any, path: tuple) -> Any:
    for key in path:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def _tells(value: Any) -> bool:
    """Whether an answer is rich enough that it cannot be another call's by chance."""
    return isinstance(value, dict | list | tuple) and len(repr(value)) > 20


async def _known(outcome: Outcome) -> Outcome:
    return outcome


def _tasks(count: int) -> str:
    return "1 task of it still runs" if count == 1 else f"{count} tasks of it still run"


def driven(coroutine: Any) -> Any:
    """Run a coroutine that has nothing to wait for, without a loop: a plain check may want to run its own."""
    try:
        coroutine.send(None)
    except StopIteration as ended:
        return ended.value
    coroutine.close()
    raise RuntimeError("A check that awaits has to be an `async def`, and to await `equivalence(…)`.")

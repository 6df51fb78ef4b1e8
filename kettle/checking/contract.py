"""The contract of a notebook: what an answer owes its callers, and the causes that are looked for then.

A check folder's lesson.py makes one, named `lesson`, its exercise.py one named `exercise`. The titles of its
checks and its sentences are in words.toml, by name: `answers` for the cases, then one for each cause.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from kettle.checking import worlds
from kettle.checking.equivalence import Situation
from kettle.checking.equivalence.sentences import Noun, Words
from kettle.checking.equivalence.situations import entered
from kettle.files.words import NotebookWords
from kettle.probes.ratio import compare, compare_async

ANSWERS, FASTER = "answers", "faster"  # names of checks that every contract may have


@dataclass(frozen=True)
class Options:
    """What a Case may say besides its arguments; see there."""

    call: Callable | None = None
    prepare: Callable | None = None
    between: Callable | None = None
    again: bool = False
    truth: Callable | None = None
    raises: type | tuple[type, ...] | None = None
    why: Words = None
    ordered_keys: bool = False
    impatient: bool = False
    observe: bool = True
    only: Callable | None = None


class Case:
    """What a caller may meet.

    Args:
        *args: what the contract's `call` is given after the function and the world.
        **options: `call`: given the function and the world, in the place of the contract's.
            `prepare`: given the world, before the first call.
            `between`: given the world; then the call is made once more, and the second answer counts.
            `again`: the same call is made once more, after its caller has written into the first answer.
            `truth`: given the world, returns what is right, or raises it; in the place of the merged code.
            `raises`: the kind of exception that has to come, where the lesson names it.
            `why`: what to say on a difference here: a key of `says` in words.toml, or what Situation takes.
            `ordered_keys`: whether the order of a dictionary's keys counts.
            `impatient`: timers of the learner's code run a hundred times as fast; see Situation.
            `observe`: whether what the call leaves behind is compared.
            `only`: given the database, whether the case is played on it.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        self.args, self.options = args, Options(**options)

    def but(self, **options: Any) -> Case:
        """Return a case that differs in some options."""
        return Case(*self.args, **vars(replace(self.options, **options)))


class Contract:
    """What the answer to one notebook owes its callers.

    Args:
        name: of the learner's function under test.
        world: where the cases are played; see kettle.checking.worlds.
        call: given the function, the world and a case's arguments, calls it; by default with the arguments.
        cases: by what ends the sentence "When …"; in an order in which the first difference names the cause.
        observe: given the world after the calls, returns what they have left behind, which is compared, too.
        at_once: the arguments of two or more calls that are made at once.
        again: whether the first case is played once more, after its caller has written into the answer.
        fails: what fails in the first case: what the world lets fail, by its name in a sentence.
        noun: what keys of the answer name, such as "supplier".
        why: what to say on differences: a key of `says` in words.toml, or what Situation takes.

    Attributes:
        words: those of the notebook; they are set when the checks are loaded.
        checks: the function of each check, by the name of its title in words.toml.
    """

    def __init__(
        self,
        name: str,
        *,
        world: worlds.World = worlds.NOWHERE,
        call: Callable | None = None,
        cases: Mapping[str, Case],
        observe: Callable | None = None,
        at_once: Sequence[tuple] = (),
        again: bool = True,
        fails: Mapping[str, Any] | Sequence[str] = (),
        noun: Noun = "",
        why: Words = None,
    ) -> None:
        self.name, self.world, self.cases, self.noun, self.why = name, world, dict(cases), noun, why
        self._call = call or (lambda function, _, *args: function(*args))
        self._observe, self._at_once, self._again = observe, tuple(at_once), again
        self._fails = dict(fails) if isinstance(fails, Mapping) else {each: each for each in fails}
        self.words = NotebookWords()
        self.checks: dict[str, Callable] = {ANSWERS: self._answers()}

    def cause(self, check: Any) -> Any:
        """Add a check of the cause; to be used as a decorator, too.

        Args:
            check: a function that is given by name what it takes: what the notebook defines, and what the
                judge offers (kettle.checking.runner.judge). It raises AssertionError with a sentence, or
                returns what a right answer is told. The name of its title in words.toml is the function's.
                Or one of kettle.checking.causes, which has a name of its own.
        """
        if hasattr(check, "check"):
            self.checks[check.name] = check.check(self)
        else:
            self.checks[check.__name__] = check
        return check

    def faster(self, ready: Callable, **settings: Any) -> Callable:
        """Tell, for interest, how many times as fast the answer is as the merged code; a decorator.

        Args:
            ready: a context manager function, asynchronous or not, that is given by name what it takes, and
                yields a function that calls the one or the other. The sentence is `faster` in words.toml.
            **settings: of kettle.probes.ratio.compare.
        """

        def check(**given: Any) -> Any:
            mine, equivalence = given.pop(self.name), given.pop("equivalence")
            both = equivalence.merged_of(mine), mine
            if equivalence.is_asynchronous(mine):
                return awaited(both, given)
            with ready(**given) as call:
                return self.say(FASTER, ratio=compare(*(partial(call, each) for each in both), **settings))

        async def awaited(both: tuple, given: dict) -> str:
            async with entered(ready(**given)) as call:
                ratio = await compare_async(*(partial(call, each) for each in both), **settings)
            return self.say(FASTER, ratio=ratio)

        self.checks[FASTER] = taking(check, self.name, "equivalence", *inspect.signature(ready).parameters)
        return ready

    def say(self, key: str, **values: Any) -> str:
        """Return a sentence of words.toml with values put in, such as `{n:,}`.

        Raises:
            KeyError: there is none of that name.
        """
        said = self.words.says[key]
        if not isinstance(said, str):
            raise KeyError(f"`{key}` is no sentence, but a table of them")
        return said.format(**values)

    def situations(self, database: Any = None) -> Iterator[Situation]:
        """Yield the situations, those that the engine makes last."""
        for when, case in self.cases.items():
            if case.options.only is None or case.options.only(database):
                yield self._situation(when, case)
        first = next(iter(self.cases.values())).but(between=None)
        if self._again:
            yield self._situation("the same call is made again", first.but(again=True))
        if self._at_once:
            number = {2: "two", 3: "three"}.get(len(self._at_once), str(len(self._at_once)))
            yield self._situation(f"{number} calls are made at once", Case(call=self._all_at_once))
        for what, thing in self._fails.items():
            when = self.world.failed.format(what)
            yield self._situation(when, first.but(again=False, prepare=self.world.failing(thing)))

    def _situation(self, when: str, case: Case) -> Situation:
        def call(function: Callable, world: Any) -> Any:
            return self._call(function, world, *case.args)

        options = {name: value for name, value in vars(case.options).items() if name != "only"}
        seen = self._observe if options.pop("observe") else None
        given = {"call": options["call"] or call, "why": self._why(options["why"]), "seen": seen}
        return Situation(when, **{**options, **given})

    def _all_at_once(self, function: Callable, world: Any) -> Any:
        return worlds.at_once(*(partial(self._call, function, world, *args) for args in self._at_once))

    def _why(self, why: Words) -> Words:
        says = self.words.says
        if isinstance(why, Mapping):
            return {
                part: says.get(each, each) if isinstance(each, str) else each for part, each in why.items()
            }
        return says.get(why, why) if isinstance(why, str) else why

    def _answers(self) -> Callable:
        """Return the check that plays the cases; it takes what the world needs, by name."""

        def answers(**given: Any) -> Any:
            function, equivalence = given.pop(self.name), given.pop("equivalence")
            world, situations = self.world.open(**given), list(self.situations(given.get("database")))
            play = partial(equivalence, function, world, situations, noun=self.noun, why=self._why(self.why))
            return awaited(play) if equivalence.is_asynchronous(function) else play()

        async def awaited(play: Callable) -> None:
            await play()  # on a loop, which it looks for when it is called

        return taking(answers, self.name, "equivalence", *self.world.needs)


def taking(check: Callable, *names: str) -> Callable:
    """Say which arguments a check takes, by name."""
    parameters = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in dict.fromkeys(names)]
    check.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return check

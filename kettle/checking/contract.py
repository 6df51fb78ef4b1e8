"""The contract of a notebook: the cases in which it must answer like the merged code, then the causes.

A check folder's lesson.py makes one, named `lesson`, and its exercise.py one named `exercise`:

    lesson = Contract(
        "account_page",                                     # the learner's function
        world=worlds.shop(draw),                            # below it is called `w`
        call=lambda page, w, who: page(w.api, who),         # given the arguments of a case
        cases={"a page is asked for": Case(1001)},          # read as "When a page is asked for, expected …"
        fails={"profile": "/customers/1001"},               # one more case
    )
    lesson.cause(causes.Overlap(a_page, ("profile", "orders")))

Each case is played with the merged code, whose answer is the expected one, and with the learner's, in two
worlds that are alike. The first case in which they differ ends the check, with a sentence. Each cause is a
check of its own. In words.toml, `[lesson.checks]` has their titles in the order in which they run: `answers`
for all cases, then one for each cause by its name. `[lesson.says]` has their sentences, by key.
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
    """What a Case may be given besides its arguments; explained there."""

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
    """One situation that a caller may meet: what the function is given, and what happens meanwhile.

    Args:
        *args: for the contract's `call`, after the function and the world.
        **options: `call`: given the function and the world, makes the call; instead of the contract's.
            `prepare`: given the world, changes it before the first call.
            `between`: given the world, changes it after the first call; a second one follows, and its answer
                is compared.
            `again`: the call is made twice, and between the two the first answer is emptied, as its owner
                may do; the second answer is compared.
            `truth`: given the world, returns what is expected, or raises it; instead of the merged code.
            `raises`: the type of exception that is expected. Without it any exception will do where the
                merged code raises one.
            `why`: what to say on a difference here, instead of the contract's `why`; see there.
            `ordered_keys`: whether the order of a dictionary's keys is compared.
            `impatient`: timers of the learner's code run a hundred times as fast, so that a timeout of some
                seconds ends while the world is late.
            `observe`: False where what the calls leave behind is not compared.
            `only`: given the database, whether the case is played on it.

    Raises:
        TypeError: there is no such option.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        self.args, self.options = args, Options(**options)

    def but(self, **options: Any) -> Case:
        """Return the same case with other options."""
        return Case(*self.args, **vars(replace(self.options, **options)))


class Contract:
    """What the answer to one notebook owes its callers.

    Args:
        name: the learner's function under test.
        world: where the cases are played, made again for each; see kettle.checking.worlds.
        call: given the function, the world and the arguments of a case, calls the function. If not given, the
            function is called with the arguments alone.
        cases: by what ends the sentence "When …", in the order in which they are played. Begin with the plain
            one: `again` and `fails` vary it. Then let a case come before those that break by the same cause.
        observe: given the world after the calls, returns what they have left behind there. It is compared,
            too, where the answers are alike.
        at_once: arguments of two or more calls; one case more, in which these are made at once.
        again: whether there is one case more in which the first one is made twice, see Case.
        fails: what fails, one case more for each, which is otherwise the first one: by its name in the
            sentence, what the world is told to let fail. A list, where both are the same.
        noun: what the keys of an answer are, such as "supplier", for "supplier 7: expected …"; or a function
            that is given the path to a part, and names it.
        why: what to do next, where answers differ. A key of `says` in words.toml: of a sentence, or of a
            table of sentences by the part or the kind of the difference. Or such a table, of keys or of
            functions; under "seen" for what is observed, under "error" for an exception of the learner's,
            which the function is given. Or one function of the Difference.

    Attributes:
        call, observe: as given, for causes that call the function themselves.
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
        self.call = call or (lambda function, _, *args: function(*args))
        self.observe, self._at_once, self._again = observe, tuple(at_once), again
        self._fails = dict(fails) if isinstance(fails, Mapping) else {each: each for each in fails}
        self.words = NotebookWords()
        self.checks: dict[str, Callable] = {ANSWERS: self._answers()}

    def cause(self, check: Any) -> Any:
        """Add a check of the cause; to be used as a decorator, too.

        Args:
            check: a function, whose name is the key of its title in words.toml. Its parameters name what it
                gets: what the notebook defines, and `shop`, `database`, `rng` and more that
                kettle.checking.runner.judge offers. It raises AssertionError with a sentence, or returns what
                to say on a right answer. Or one of kettle.checking.causes, which have names of their own.
        """
        if hasattr(check, "check"):
            self.checks[check.name] = check.check(self)
        else:
            self.checks[check.__name__] = check
        return check

    def faster(self, ready: Callable, **settings: Any) -> Callable:
        """Tell how many times as fast the answer is as the merged code, which decides nothing; a decorator.

        Its sentence is `faster` in words.toml, with `{ratio}` in it; its title stands in `[lesson.interest]`.

        Args:
            ready: makes a context manager, asynchronous for an asynchronous function. Its parameters name
                what it gets, as for `cause`. What it yields is a function that calls the version it is given,
                the merged code or the learner's.
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
            KeyError: there is no such sentence, or no such value.
        """
        said = self._said(key)
        if not isinstance(said, str):
            raise KeyError(f"`{key}` in words.toml is a table, not a sentence")
        return said.format(**values)

    def situations(self, database: Any = None) -> Iterator[Situation]:
        """Yield the cases as situations; then those that `again`, `at_once` and `fails` ask for."""
        yield from self._situations(self.cases, database)
        first = next(iter(self.cases.values())).but(between=None)
        if self._again:
            yield self._situation("the same call is made again", first.but(again=True))
        if self._at_once:
            number = {2: "two", 3: "three"}.get(len(self._at_once), str(len(self._at_once)))
            yield self._situation(f"{number} calls are made at once", Case(call=self._all_at_once))
        for what, thing in self._fails.items():
            when = self.world.failed.format(what)
            yield self._situation(
                when, first.but(again=False, observe=False, prepare=self.world.failing(thing))
            )

    def _situations(self, cases: Mapping[str, Case], database: Any) -> Iterator[Situation]:
        for when, case in cases.items():
            if case.options.only is None or case.options.only(database):
                yield self._situation(when, case)

    def _situation(self, when: str, case: Case) -> Situation:
        def call(function: Callable, world: Any) -> Any:
            return self.call(function, world, *case.args)

        options = {name: value for name, value in vars(case.options).items() if name != "only"}
        seen = self.observe if options.pop("observe") else None
        given = {"call": options["call"] or call, "why": self._why(options["why"]), "seen": seen}
        return Situation(when, **{**options, **given})

    def _all_at_once(self, function: Callable, world: Any) -> Any:
        return worlds.at_once(*(partial(self.call, function, world, *args) for args in self._at_once))

    def _why(self, why: Words) -> Words:
        if isinstance(why, Mapping):
            return {part: self._said(each) if isinstance(each, str) else each for part, each in why.items()}
        return self._said(why) if isinstance(why, str) else why

    def _said(self, key: str) -> Any:
        if key and key not in self.words.says:
            raise KeyError(f"words.toml has nothing named `{key}` under `says`")
        return self.words.says[key] if key else ""

    def further(self, name: str, cases: Mapping[str, Case]) -> None:
        """Add a check that plays further cases, after the answers: such as those that the merged code fails.

        Args:
            name: the key of its title in words.toml.
            cases: as those of the contract; the engine makes none of its own here.
        """
        self.checks[name] = self._playing(lambda database: self._situations(cases, database))

    def _answers(self) -> Callable:
        return self._playing(self.situations)

    def _playing(self, situations: Callable[[Any], Iterator[Situation]]) -> Callable:
        """Return a check that plays situations; it takes what the world needs, by name."""

        def answers(**given: Any) -> Any:
            function, equivalence = given.pop(self.name), given.pop("equivalence")
            world, played = self.world.open(**given), list(situations(given.get("database")))
            play = partial(equivalence, function, world, played, noun=self.noun, why=self._why(self.why))
            if self.world.run is not None:
                return self.world.run(play)
            return awaited(play) if equivalence.is_asynchronous(function) else play()

        async def awaited(play: Callable) -> None:
            await play()  # on a loop, which it looks for when it is called

        return taking(answers, self.name, "equivalence", *self.world.needs)


def taking(check: Callable, *names: str) -> Callable:
    """Say which arguments a check takes, by name."""
    parameters = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in dict.fromkeys(names)]
    vars(check)["__signature__"] = inspect.Signature(parameters)
    return check

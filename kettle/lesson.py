"""Lesson: the verbs that a learner uses in a notebook."""

from __future__ import annotations

import asyncio
import ctypes
import threading
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Any

from IPython.display import display

from kettle.checking import Checker, Verdict, claims_of
from kettle.checking.claims import TRUTHS
from kettle.files import course, notebook
from kettle.files.notebook import certifying
from kettle.panels import compare as comparing
from kettle.panels.actions import Actions
from kettle.panels.check import Panel
from kettle.panels.claims import Votes
from kettle.panels.facts import Facts, answered, facts_of
from kettle.panels.guard import try_out
from kettle.panels.point import pointed, pointer
from kettle.panels.predict import Asked, Predict
from kettle.panels.recorded import recorded
from kettle.panels.run import Face, Interrupted, Ran, measured, name_of
from kettle.panels.style import say
from kettle.panels.verdict import draw
from kettle.panels.warm_up import WarmUp, choose
from kettle.pictures import from_traffic, prediction_beside_fact, waterfall
from kettle.pictures.units import in_unit, seconds


class Lesson:
    """One lesson or exercise, as the learner meets it.

    Every verb works by clicking and as code, and in a kernel without a front end.

    Args:
        stem: the name that the lesson's files share, such as "14_one_await_at_a_time".
        kind: "lesson" or "exercise"; found from the notebook's folder when left out.
        beside: has the other files that the learner edits. Its `yours_and_solution()` returns two texts to
            compare, and its `put_back()` the paths of the dated copies that it has made.

    Raises:
        LookupError: there is no such lesson.
    """

    def __init__(
        self,
        stem: str,
        kind: str | None = None,
        *,
        beside: Any = None,
        _root: Path = course.ROOT,
        _checker: Checker | None = None,
    ) -> None:
        self.files = course.lesson(stem, _root)
        self.path, self.kind = notebook.find(stem, kind, _root)
        self._actions = Actions(self.files, self.kind, self.path, _root, _checker, beside)
        self._root = _root
        self._asked: tuple[Asked, ...] = ()
        self._answers: dict[str, float] = {}
        self._predict: Predict | None = None
        self._warm_up: WarmUp | None = None
        self._votes: Votes | None = None

    def __repr__(self) -> str:
        return f"{'Lesson' if self.kind == 'lesson' else 'Exercise'} {self.files.number}: {self.files.title}"

    # --- the verbs, in the order of a lesson

    def warm_up(self) -> None:
        """Ask up to three short questions from lessons that this learner has done."""
        stem, actions = self.files.stem, self._actions
        questions = choose(stem, actions.lessons_done(), actions.recalled())
        self._warm_up = WarmUp(stem, questions, actions.record)
        self._warm_up.show()
        self._actions.get_ready()

    def recall(self, question: int, choice: str) -> None:
        """Answer a question of the warm-up without clicking.

        Args:
            question: its number, from 1.
            choice: the answer's letter, from "a".
        """
        if self._warm_up is not None:
            with suppress(IndexError, ValueError):
                index = "abcdefgh".index(str(choice).strip().lower()[:1] or "?")
                display(self._warm_up.answer(range(len(self._warm_up.questions))[question - 1], index))
                return
        display(say("Run the warm-up first. Then answer as in `lesson.recall(1, 'a')`."))

    def predict(
        self,
        *,
        unit: str | Mapping[str, str] = "",
        answer: Mapping[str, float] | None = None,
        **questions: str,
    ) -> None:
        """Ask for numbers before the run; what is locked in stays.

        Args:
            unit: of the numbers, such as "s"; or one for each question, by name.
            answer: numbers that the run does not measure, shown beside the predictions.
            questions: by name, such as total="How many seconds will twelve pages take?".
        """
        units = unit if isinstance(unit, Mapping) else dict.fromkeys(questions, unit)
        self._asked = tuple(Asked(name, text, units.get(name, "")) for name, text in questions.items())
        self._answers = dict(answer or {})
        self._predict = Predict(self._asked, self._locked(), self._lock)
        self._predict.show()
        self._actions.get_ready()

    def lock_in(self, **numbers: float) -> None:
        """Lock in predictions, as the button does: lesson.lock_in(total=3.0). What is locked in stays.

        Args:
            **numbers: by the names of the questions.
        """
        units = {each.name: each.unit for each in self._asked}
        strange = [name for name in numbers if name not in units]
        if strange or not numbers:
            asked = (
                ", ".join(f"`{name}`" for name in units) or "none yet, run the cell with the questions first"
            )
            display(say(f"Give a number by its name, as in `lesson.lock_in(total=3.0)`. Names: {asked}."))
            return
        locked = self._lock({name: float(value) for name, value in numbers.items()})
        if self._predict is not None:
            self._predict.refresh(locked)
        kept = any(locked[name] != value for name, value in numbers.items())
        values = ", ".join(in_unit(locked[name], units[name]) for name in numbers)
        said = [f"Locked in: {values}.", "A number that was locked in before stays." if kept else ""]
        left = [each.name for each in self._asked if each.name not in locked]
        said.append(f"Still open: {', '.join(f'`{name}`' for name in left)}." if left else "")
        display(say(" ".join(filter(None, said))))

    @property
    def predictions(self) -> dict[str, float]:
        """What this learner has locked in, by the questions' names, to be drawn beside facts."""
        return self._locked()

    async def run(
        self,
        function: Callable,
        *args: Any,
        watch: Any = None,
        picture: Callable | None = None,
        point: str | Callable[..., str] = "",
        facts: Facts = None,
        fact: float | Callable | None = None,
        progress: int | None = None,
        **kwargs: Any,
    ) -> Any:
        """Run a function and time it; then show the picture, and the predictions beside the facts.

        The simplest call is `await lesson.run(function)`. If the first prediction is in seconds, its fact is
        the measured time. If the function returns a dictionary with numbers by the predictions' names, these
        are the facts. If it returns something else, a function of the result names them:

            def counted(pages, seen):
                return {"peak": seen.peak_in_flight}

            pages = await lesson.run(clicks, watch=shop, facts=counted, point="Each bar waits for another.")

        Each function that you give takes the result, or the result and what was watched meanwhile.

        Args:
            function: asynchronous, or synchronous (it then runs in a thread of its own).
            *args: what it is called with.
            watch: a shop whose traffic is collected; its waterfall is the picture unless another is given.
            picture: a function that returns what to show.
            point: what the picture is there to show, in words: a sentence, or a function that returns it.
            facts: numbers by the predictions' names, or a function that returns them; a value may also be a
                function for its number alone. {} says that this run has none.
            fact: the same for the first question alone.
            progress: number of steps; the function then gets `tick`, to be called after each.
            **kwargs: what else it is called with.

        Returns:
            What the function returned; None, after a sentence, while nothing is predicted.
        """
        if not self._may_run():
            return None
        await self._actions.settle()
        face = Face(f"`{name_of(function)}`", progress)
        if progress:
            kwargs["tick"] = face.tick
        face.start()
        try:
            ran = await measured(function, args, kwargs, watch=watch, face=face)
        except asyncio.CancelledError:
            face.finish(f"Interrupted after {seconds(face.seconds)}. Nothing was measured; run it again.")
            raise Interrupted("Interrupted: nothing was measured.") from None
        except BaseException as error:
            face.finish(f"`{name_of(function)}` raised {type(error).__name__} after {seconds(face.seconds)}.")
            raise
        face.finish(f"`{name_of(function)}` took {seconds(ran.seconds)}.")
        self._show_run(ran, picture, point, self._facts(facts, fact, ran))
        with suppress(OSError, AttributeError, TypeError):  # glibc keeps what a run has freed
            ctypes.CDLL(None).malloc_trim(0)
        return ran.result

    async def compare(
        self,
        before: Callable,
        after: Callable,
        *args: Any,
        what: str = "",
        unit: str = "s",
        measure: Callable[[Any], float] | None = None,
        watch: Any = None,
        **kwargs: Any,
    ) -> comparing.Comparison | None:
        """Run two versions in rounds of random order: the same answers, how much less work, how much faster.

        Rounds go on until it is decided, or for some 20 seconds. The time of a run is compared, unless the
        lesson is about something else. Then `what` names it, in the singular. Where the run itself takes the
        number, each version returns a pair, its answer and what it saw; `measure` makes the number of that:

            async def after():
                late = []  # milliseconds, filled by a task beside the cart
                return await priced_beside(cart, late), late

            await lesson.compare(before, after, what="the longest delay of /health", unit="ms", measure=max)

        Args:
            before: the slow version, synchronous or asynchronous.
            after: the fix.
            *args: what both are called with.
            what: what is compared; left out, how long a run takes.
            unit: of what is compared: "s", "ms", "B", or what is counted.
            measure: makes a number above 0, smaller is better, of what a version returns beside its answer;
                left out, the run is timed.
            watch: a shop whose traffic is compared.
            **kwargs: what else both are called with.

        Returns:
            The comparison; None, after a sentence, where the answers differ or both are the same function.
        """
        await self._actions.settle()
        subject = comparing.Subject(what, unit, measure)
        try:
            found = await comparing.compare(before, after, args, kwargs, subject=subject, watch=watch)
        except asyncio.CancelledError:
            raise Interrupted("Interrupted: nothing was compared.") from None
        if isinstance(found, comparing.Refused):
            display(say(found.sentence, heading=found.heading, tone="wrong", where="wk-compare"))
            return None
        for thing in comparing.draw(found):
            display(thing)
        ratio = found.found
        self._actions.record("compared", ratio=ratio.ratio, low=ratio.low, high=ratio.high)
        return found

    def check(self) -> Verdict | None:
        """Save the notebook and check it; the verdict is shown and returned."""
        if certifying():
            display(say("This notebook is already being checked."))
            return None
        drawn = threading.Event()
        shown: list[Any] = []

        def note(*verdict: Any) -> None:
            if drawn.wait(10):
                shown[0].update(draw(*verdict))

        verdict, *advice = self._actions.check(self._actions.saver.start_saving(), note=note)
        shown.append(display(draw(verdict, *advice), display_id=True))
        drawn.set()
        display(*self._actions.after(verdict))
        return _Shown(**{field.name: getattr(verdict, field.name) for field in fields(verdict)})

    def hint(self) -> None:
        """Give the next hint, from where to look to nearly the code. Asking costs nothing."""
        display(*self._actions.hint())

    def solution(self) -> None:
        """Show why the solution works, and how it differs from your code."""
        display(*self._actions.solution())

    def debrief(self) -> None:
        """Show what happened, why, and where else the mistake hides, once your answer is right."""
        display(*self._actions.debrief())

    def reset(self) -> None:
        """Keep a dated copy of the notebook beside it and go back to the starter."""
        display(*self._actions.reset())

    def panel(self) -> None:
        """Show the buttons: Check, Stop, Hint, Solution, Reset."""
        Panel(self._actions).show()
        self._actions.get_ready()
        self._actions.prewarm.expect()

    def claims(self, **measures: Callable[[], str | Awaitable[str]]) -> Votes:
        """Ask for a vote on each claim; then show what is true, and what this machine measures.

        Args:
            **measures: by the names of the claims in words.toml, functions that return a sentence.

        Returns:
            The claims; `await lesson.measures()` runs all measures.
        """
        votes = self._actions.history().votes
        self._votes = Votes(claims_of(self.files.stem), measures, votes, self._actions.record)
        self._votes.show()
        return self._votes

    async def vote(self, name: str, vote: str) -> None:
        """Vote on a claim without clicking: await lesson.vote("gather", "partly"). The first vote counts.

        Args:
            name: of the claim.
            vote: "holds", "partly", "does not hold" or "nobody has shown it".
        """
        if self._votes is not None:
            with suppress(KeyError, ValueError, AttributeError):
                display(await self._votes.vote(name, vote))
                return
        names = ", ".join(f"`{each}`" for each in getattr(self._votes, "claims", ()))
        first = "" if names else "Run the cell with the claims first. "
        asked = f" The claims: {names}." if names else ""
        how = f'Vote as in `await lesson.vote("gather", "partly")`; the votes are {", ".join(TRUTHS)}.'
        display(say(f"{first}{how}{asked}"))

    async def measures(self) -> dict[str, str]:
        """Run every measure of the fact check; return the sentences by the claims' names."""
        return await self._votes.measures() if self._votes is not None else {}

    async def guard(self, test: Callable, merged: Callable, yours: Callable) -> None:
        """Run a test for your own project on the merged code, where it should fail, and on yours.

        Args:
            test: takes the function under test; plain or asynchronous.
            merged: the merged code.
            yours: your code.
        """
        display(await try_out(test, merged, yours))

    def see(self, stem: str, what: str = "") -> None:
        """Point to another lesson, or say nothing where this copy of the course does not have it.

        Args:
            stem: the name that the lesson's files share.
            what: is found there, such as "what happens when one call fails".
        """
        with suppress(LookupError):
            display(pointer(course.lesson(stem, self._root), self.path.parent, what))

    def join(self, address: str = "", code: str = "", name: str = "") -> None:
        """Join your teacher's room, to be seen there; only what is listed is sent, until `lesson.leave()`.

        Args:
            address: of the room.
            code: of the room.
            name: for the teacher to see; it need not be your own.
        """
        from kettle_room import joining

        display(joining.join(self._actions.room, address, code, name, self._actions.id))

    def leave(self) -> None:
        """Leave the room, and be forgotten there; nothing is sent any more."""
        from kettle_room import joining

        display(joining.leave(self._actions.room))

    def catch_up(self) -> None:
        """Put the fix into its cell, once your class has reached it; a dated copy of all is kept."""
        from kettle_room.catching_up import catch_up

        display(catch_up(self._actions))

    # --- what the verbs share

    def _locked(self) -> dict[str, float]:
        return dict(self._actions.history().predictions)

    def _lock(self, numbers: Mapping[str, float]) -> dict[str, float]:
        locked = self._locked()
        for name, value in numbers.items():
            if name not in locked:
                self._actions.record("predicted", name=name, value=value)
                locked[name] = value
        return locked

    def _may_run(self) -> bool:
        if certifying():
            return True
        locked = self._locked()
        missing = [each.text for each in self._asked if each.name not in locked]
        if not missing and (self._asked or locked):
            return True
        which = f"Still open: {missing[0]}" if missing else "Run the cell above first: it asks for it."
        display(say(which, heading="Lock in your prediction first", tone="unsure", where="wk-refused"))
        return False

    def _show_run(self, ran: Ran, picture: Callable | None, point: Any, facts: Mapping[str, float]) -> None:
        shown = None
        if picture is not None:
            shown = answered(picture, ran.result, ran.traffic)
        elif ran.traffic is not None:
            shown = waterfall(from_traffic(ran.traffic), title="What the shop saw")
        kept = recorded(self.files.checks) if self.kind == "lesson" else None
        for thing in (*pointed(shown, answered(point, ran.result, ran.traffic)), kept):
            if thing is not None:
                display(thing)
        known, locked = {}, self._locked()
        for each in self._asked:
            if each.name in facts:
                known[each.name] = float(facts[each.name])
                display(prediction_beside_fact(locked.get(each.name), known[each.name], each.unit, each.text))
        fact = next(iter(known.values()), ran.seconds)
        self._actions.record("ran", seconds=ran.seconds, fact=fact, facts=known)

    def _facts(self, facts: Facts, fact: float | Callable | None, ran: Ran) -> dict[str, float]:
        first = self._asked[:1]
        known = facts_of(facts, ran.result, ran.traffic, [each.name for each in self._asked])
        if fact is not None:
            known = {each.name: answered(fact, ran.result, ran.traffic) for each in first} | (known or {})
        timed = {each.name: ran.seconds for each in first if each.unit == "s" and known != {}}
        return {**timed, **self._answers, **(known or {})}


class _Shown(Verdict):
    """A verdict that has been drawn, so that a notebook does not show it a second time."""

    __repr__ = Verdict.__repr__

    def _ipython_display_(self) -> None:
        pass

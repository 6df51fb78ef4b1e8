"""What the buttons of a lesson do: save, check and reset the notebook, give hints, keep the record."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from kettle.checking import Checker, Verdict, hints_of
from kettle.files import executed, notebook, pristine
from kettle.files.course import LessonFiles, lessons
from kettle.files.history import NotebookProgress, last_answers
from kettle.files.notebook import NotebookTrouble, Saver, certifying
from kettle.files.progress import Progress
from kettle.panels import solution as solutions
from kettle.panels.prewarm import Prewarm
from kettle.panels.style import Prose, say
from kettle.panels.verdict import ladder

OTHER = (
    "The saved file differs from the cell that you ran, and this verdict is about the file. "
    "Save (Ctrl+S) and check again."
)
UNSAVED = (
    "This verdict is about the file as last saved. If you changed it since, save (Ctrl+S) and check again."
)
SETTLE = 15.0  # seconds that a measurement waits at most for the checker's process to have started


class Actions:
    """What the buttons of a lesson ask for, and its verbs.

    Args:
        files: of the lesson.
        kind: "lesson" or "exercise".
        path: the learner's notebook.
        root: the project's folder.
        checker: takes the place of the real one in a test.
        beside: has the other files that the learner edits; see `Lesson`.
    """

    def __init__(
        self,
        files: LessonFiles,
        kind: str,
        path: Path,
        root: Path,
        checker: Checker | None = None,
        beside: Any = None,
    ) -> None:
        self.files, self.kind, self.path, self.root, self.beside = files, kind, path, root, beside
        self.saver = Saver(path)
        if not certifying():
            with suppress(OSError):  # a folder that cannot be written has no edits to lose
                pristine.keep(root)
        self.id = files.notebook_id(kind)
        self._progress = Progress()
        self.room = self._progress.room
        # What waits for a click waits once for all notebooks of a learner.
        self.checker = checker or Checker(path, slot=root / ".kettle" / "waiting")
        self.prewarm = Prewarm(path, self.checker)
        self._stops = 0
        if not certifying():
            executed.remember_cells()
            self._progress.tell_room(self.id, {"event": "opened"})

    def record(self, event: str, **details: Any) -> None:
        """Remember an event; nothing is remembered while a notebook is being checked."""
        if not certifying():
            self._progress.record(self.id, event, **details)

    def history(self) -> NotebookProgress:
        """Return what this learner has done in this notebook."""
        return NotebookProgress(self.id) if certifying() else self._progress.of(self.id)

    def lessons_done(self) -> tuple[str, ...]:
        """List the lessons that this learner has run or solved, as a lesson or as an exercise."""
        if certifying():
            return ()
        begun = {each: self._progress.of(each) for each in self._progress.notebooks()}
        done = {each.partition("/")[2] for each, history in begun.items() if history.runs or history.solved}
        return tuple(files.stem for files in lessons(self.root) if files.stem in done)

    def recalled(self) -> dict[str, bool]:
        """Tell for each warm-up question, longest ago first, whether this learner's last answer was right."""
        if certifying():
            return {}
        return last_answers(self._progress.of(each) for each in self._progress.notebooks())

    def get_ready(self) -> None:
        """Reach JupyterLab ahead of time, where somebody may click."""
        if os.environ.get("JPY_SESSION_NAME") and not certifying():
            self.saver.connect()

    async def settle(self) -> None:
        """Wait, within limits, until the checker's process no longer disturbs a measurement."""
        await asyncio.to_thread(self.checker.wait_settled, SETTLE)

    def check(
        self,
        before: tuple[int, int] | None,
        tell: Callable[[str], None] | None = None,
        note: Callable[[Verdict, str, str], None] | None = None,
    ) -> tuple[Verdict, str, str]:
        """Check the notebook once it is saved.

        Args:
            before: what `saver.start_saving` returned.
            tell: called with what is being looked at.
            note: called later, from another thread, where more is known for interest: with the verdict and
                the sentences again.

        Returns:
            The verdict; a sentence to be read after it, where the notebook could not be saved; and one to be
            read before it, where the learner has run another code than was judged.
        """
        stops = self._stops
        saved = self.saver.wait(before)
        other = not saved and executed.differs(self.path)
        advice = ("" if saved or other else UNSAVED, OTHER if other else "")

        def on_event(what: str) -> None:
            if self._stops != stops:  # the click came while the notebook was being saved
                self.checker.stop()
            elif tell is not None:
                tell(what)

        def on_note(verdict: Verdict) -> None:
            if note is not None:
                note(verdict, *advice)

        verdict = self.checker.check(on_event, on_note)
        title = next((each.title for each in verdict.findings if each.outcome == verdict.outcome), "")
        self.record("checked", outcome=verdict.outcome, message=verdict.message, title=title)
        if verdict.solved:
            self.record("solved")
        return verdict, *advice

    def after(self, verdict: Verdict) -> list:
        """Return what to show below a verdict: the debrief, once the answer is right."""
        return self._debrief() if verdict.solved else []

    def debrief(self) -> list:
        """Return what to show where the debrief is asked for."""
        if not (self.history().solved or certifying()):
            return [say("The debrief comes after the first right answer.", where="wk-debrief")]
        told = self._debrief()
        return told or [say("There is no debrief for this notebook.", where="wk-debrief")]

    def _debrief(self) -> list:
        try:
            told = solutions.debrief(self.files.solution, self.kind)
        except NotebookTrouble:
            return []
        return [Prose(told)] if told else []

    def stop(self) -> None:
        """Stop the checks that are running."""
        self._stops += 1
        self.checker.stop()

    def hint(self) -> list:
        """Take the next rung of the ladder of hints; return what to show."""
        try:
            hints = hints_of(self.files.stem, self.kind)
        except FileNotFoundError:
            hints = ()
        if not hints:
            return [say("There are no hints for this notebook yet.", where="wk-hint-text")]
        rung = self.history().hints + 1
        if rung <= len(hints):
            self.record("hinted", rung=rung)
        return [ladder(hints, rung)]

    def solution(self) -> list:
        """Return what to show: why the solution works, and how it differs from the learner's code."""
        try:
            solution = solutions.load(self.files.solution, self.kind)
        except NotebookTrouble as trouble:
            return [say(str(trouble), where="wk-solution-code")]
        yours = ""
        with suppress(NotebookTrouble):  # without a readable cell, the whole solution is new
            yours = notebook.fix_of(self.path)
        code = solution.code
        if self.beside is not None:
            yours, code = self.beside.yours_and_solution()
        self.record("solution")
        return [Prose(solution.why), solutions.draw(yours, code)]

    def reset(self) -> list:
        """Go back to the starter, after a dated copy; return what to show."""
        try:
            told = self.saver.change(self._put_back)
        except (NotebookTrouble, OSError) as trouble:
            return [say(str(trouble), heading="Nothing was changed", tone="unsure", where="wk-reset-done")]
        more = " To see the starter, close this notebook without saving and open it again."
        told = told + more if told else "In a moment. What you have is saved first."
        return [say(told, heading="Back to the starter", where="wk-reset-done")]

    def _put_back(self) -> str:
        copy = notebook.reset(self.path, self.files.stem, self.kind, self.root)
        others = self.beside.put_back() if self.beside is not None else []
        self.record("reset")
        kept = "There was nothing to keep."
        if copy:
            kept = f"Your notebook is kept in the same folder as `{copy.name}`."
        names = ", ".join(f"`{each.name}`" for each in others)
        also = f" So are your other files, with the date: {names}." if others else ""
        return f"Back to the starter. {kept}{also}"

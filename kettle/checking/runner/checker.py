"""The checker: asks a warm process if a notebook's fix is right, and keeps the next one warm a while."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from kettle.checking.runner.process import CheckingProcess
from kettle.checking.runner.slot import Slot
from kettle.checking.runner.verdict import BROKEN, STOPPED, Verdict

LIMIT = 180.0  # seconds for a whole check; each cell and each assertion has a shorter one of its own
REST = float(os.environ.get("KETTLE_REST", "240"))  # seconds untouched until the warm process is let go
LOOK = 1.0  # seconds between two looks at whether it is still wanted


class Checker:
    """Certifies one notebook, as `pytest --nbval-lax` does, but with everything started ahead.

    Args:
        notebook: path of the notebook.
        limit: seconds that a whole check may take.
        slot: the file by which the notebooks of one learner agree on whose process waits; None: all do.
        rest: seconds after which a warm process that nobody touched is let go.
    """

    def __init__(
        self, notebook: Path | str, limit: float = LIMIT, slot: Path | None = None, rest: float = REST
    ) -> None:
        self.notebook = Path(notebook).resolve()
        self.limit, self.rest = limit, rest
        self._slot = Slot(slot) if slot else None
        self._warm: CheckingProcess | None = None
        self._running: CheckingProcess | None = None
        self._after: CheckingProcess | None = None  # has given its verdict, and measures for interest
        self._lock = threading.Lock()
        self._one_at_a_time = threading.Lock()
        self._stops = 0
        self._touched = time.monotonic()

    def warm_up(self) -> None:
        """Start the warm process in the background; return at once. Starting it twice starts one.

        Raises:
            OSError: no process can be started.
        """
        self.touch()
        if self._slot:
            self._slot.take()
        with self._lock:
            self._have_warm()

    def touch(self) -> None:
        """Say that somebody is at work in the notebook, so that the warm process is kept."""
        self._touched = time.monotonic()

    @property
    def resting(self) -> bool:
        """Whether no process waits or works, so that the next check would have to start one."""
        return self._warm is None and self._running is None and self._after is None

    @property
    def settled(self) -> bool:
        """Whether nothing is being started or checked just now, so that a measurement is not disturbed."""
        if self._running is not None or self._after is not None:
            return False
        warm = self._warm
        return warm is None or warm.ready or not warm.alive

    def wait_settled(self, timeout: float = 15.0) -> bool:
        """Wait until nothing is being started or checked.

        Args:
            timeout: seconds to wait at most.
        """
        end = time.monotonic() + timeout
        while not self.settled and time.monotonic() < end:
            time.sleep(0.05)
        return self.settled

    def check(
        self, on_event: Callable[[str], None] | None = None, on_note: Callable[[Verdict], None] | None = None
    ) -> Verdict:
        """Run the notebook's cells and its hidden assertions in a fresh kernel.

        Two checks at once are made one after the other.

        Args:
            on_event: called with what is being looked at, a short text, from this thread.
            on_note: called from another thread, after the verdict and at most once: with the verdict again,
                and the notes for interest that had to be measured. Not called where there are none, or where
                the next check, a stop or a close comes first.

        Returns:
            The verdict; nothing is raised, whatever the notebook does.
        """
        started, stops = time.perf_counter(), self._stops
        with self._one_at_a_time:
            verdict = self._check(on_event or (lambda what: None), on_note, started, stops)
        if self._stops != stops or verdict is None:
            seconds = time.perf_counter() - started
            return Verdict(STOPPED, "You stopped the check before it was done.", seconds=seconds)
        return verdict

    def stop(self) -> None:
        """Stop the check that is running, and those that wait for it; they return a verdict that says so."""
        self._stops += 1
        with self._lock:
            stopped = [self._running, self._after]
            self._after = None
        for process in filter(None, stopped):
            process.end()

    def close(self) -> None:
        """End what was started ahead, and stop what is running."""
        with self._lock:
            warm, self._warm = self._warm, None
        self.stop()
        if warm is not None:
            warm.end()

    # --- a check, while no other one runs

    def _check(
        self,
        tell: Callable[[str], None],
        on_note: Callable[[Verdict], None] | None,
        started: float,
        stops: int,
    ) -> Verdict | None:
        self.touch()
        if self._slot:
            self._slot.take()
        if not self.notebook.is_file():
            return Verdict(BROKEN, f"There is no notebook at {self.notebook.name}: was it moved or renamed?")
        verdict = process = None
        # A warm process may have been ended from outside: then a cold one gives the same verdict.
        for _ in range(2):
            if verdict is not None or self._stops != stops:
                break
            if process is not None:
                self._let_go(process)
            try:
                process = self._take()
            except OSError as error:
                return Verdict(BROKEN, f"The checker could not be started: {error.strerror}.")
            if self._stops == stops:  # else the click came before there was anything to end
                verdict = process.check(tell, self.limit, started)
        if process is None:
            return None
        with self._lock:
            self._running = None
            self._after = process if verdict is not None and self._stops == stops else None
        self._in_background(self._finish, process, verdict, on_note)
        return verdict or Verdict(BROKEN, f"The checker could not be started: {process.trouble}")

    def _take(self) -> CheckingProcess:
        """Take the warm process, or a new one, for a check; end one that measures for interest."""
        with self._lock:
            after, self._after = self._after, None
            process = self._have_warm()
            self._warm, self._running = None, process
        if after is not None:
            self._let_go(after)
        return process

    def _finish(
        self, process: CheckingProcess, verdict: Verdict | None, on_note: Callable[[Verdict], None] | None
    ) -> None:
        """Wait for what is told for interest; then end a process that has judged, and start the next one."""
        notes = process.notes(self.limit) if self._after is process else ()
        with self._lock:
            still_wanted = self._after is process
        process.end()
        if still_wanted and notes and verdict is not None and on_note is not None:
            with suppress(Exception):  # it is told to a front end, which may be gone
                on_note(replace(verdict, notes=(*verdict.notes, *notes)))
        with self._lock:
            if self._after is not process:  # stopped, closed, or asked again meanwhile
                return
            self._after = None
            if not (self._slot and self._slot.lost):
                with suppress(OSError):
                    self._have_warm()

    # --- the warm process

    def _have_warm(self) -> CheckingProcess:
        """Return the warm process, started if need be; called with the lock held."""
        if self._warm is None or not self._warm.alive:
            if self._warm is not None:
                self._let_go(self._warm)
            self._warm = CheckingProcess(self.notebook)
            self._in_background(self._keep, self._warm)
        return self._warm

    def _keep(self, process: CheckingProcess) -> None:
        """Let a warm process go when nobody has touched the notebook for long, or another one is at work."""
        while self._warm is process:
            time.sleep(min(LOOK, self.rest))
            untouched = time.monotonic() - self._touched > self.rest
            if untouched or (self._slot and self._slot.lost):
                with self._lock:
                    if self._warm is not process:
                        return
                    self._warm = None
                process.end()
                return

    def _let_go(self, process: CheckingProcess) -> None:
        self._in_background(process.end)

    @staticmethod
    def _in_background(work: Callable, *args: object) -> None:
        threading.Thread(target=work, args=args, name="kettle-checker", daemon=True).start()

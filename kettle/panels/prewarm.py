"""Keeps a checking process warm for the next click: from the fix on, as long as somebody is at work here."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from IPython import get_ipython

from kettle.checking import Checker
from kettle.files.notebook import NotebookTrouble, certifying, read, tagged
from kettle.processes.owner import owner

_watching: list[Callable] = []  # what the kernel calls after each cell: only the newest lesson's


class Prewarm:
    """Keeps the checker's process ready where a click may come soon, and marks all that this kernel starts.

    Args:
        path: the learner's notebook.
        checker: of this notebook.
    """

    def __init__(self, path: Path, checker: Checker) -> None:
        self.path, self.checker = path, checker
        self._expected = False
        shell: Any = None if certifying() else get_ipython()
        if getattr(shell, "kernel", None) is None:  # nobody is there to click
            return
        with suppress(OSError):
            owner().mark()
        for earlier in _watching:
            with suppress(ValueError):
                shell.events.unregister("post_run_cell", earlier)
        _watching[:] = [self.after_cell]
        # After a cell, not before it: to start a process beside it would disturb what it measures.
        shell.events.register("post_run_cell", self.after_cell)

    def expect(self) -> None:
        """Say that the buttons are there: from now on a click may come at any time."""
        self._expected = True
        self._have_it_ready()

    def after_cell(self, result: Any) -> None:
        """Keep the process, or bring it back, since somebody is at work."""
        if not self.checker.resting:
            self.checker.touch()
        elif self._expected or self._is_fix(getattr(result.info, "cell_id", None)):
            self._have_it_ready()

    def _have_it_ready(self) -> None:
        if os.environ.get("JPY_SESSION_NAME") and not certifying():
            with suppress(OSError):
                self.checker.warm_up()

    def _is_fix(self, cell: str | None) -> bool:
        try:
            return any(cell == each.get("id") for each in tagged(read(self.path), "fix"))
        except (NotebookTrouble, OSError):
            return False

"""The pytest items of a notebook: its cells and its hidden assertions, each failing with one sentence."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from typing import Any

import pytest

from kettle.checking.checks import INTEREST
from kettle.checking.runner.judge import LIMIT, MIME, NOT_THERE
from kettle.checking.runner.kernel import CellTimeout, KernelDied, TooMuchMemory
from kettle.checking.runner.nbval_adapter import CodeCell
from kettle.checking.runner.patience import MOST
from kettle.checking.runner.verdict import BROKEN, NOT_YET, PASSED, SKIPPED, Finding

ANSI = re.compile(r"\x1b\[[0-9;]*m")
CELL_LIMIT = float(os.environ.get("KETTLE_LIMIT", "20"))  # seconds that one of the learner's cells may take
FULL_LIMIT = 120.0  # seconds, in a full run, where the slow demonstrations are run too
PROPERTY = "kettle"


class Stop(Exception):
    """A cell or a check did not pass; it carries the finding."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


class DamagedNotebook(pytest.Item):
    """Stands for a notebook, or for checks, that cannot be read."""

    def __init__(self, *, why: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.why = why

    def runtest(self) -> None:
        """Say what is damaged."""
        finding = Finding("It can be read", BROKEN, self.why, kind="cell")
        self.user_properties.append((PROPERTY, finding.as_dict()))
        raise Stop(finding)

    def repr_failure(self, excinfo: pytest.ExceptionInfo, style: Any = None) -> str:
        """Return the sentence alone."""
        return str(excinfo.value)

    def reportinfo(self) -> tuple:
        """Name the notebook."""
        return self.path, None, f"{self.path.name}: notebook"


class _Cell(CodeCell):
    """What cells and hidden assertions share: one sentence on failure, skipped after the first break."""

    title = ""
    ran = False

    def setup(self) -> None:
        """Skip everything after the first thing that broke, with one sentence."""
        if self.parent.broken is not None:
            self._tell(Finding(self.title, SKIPPED, kind=self.finding_kind))
            pytest.skip("what comes before it does not pass: fix that first")

    finding_kind = "cell"

    def _tell(self, finding: Finding) -> None:
        self.user_properties.append((PROPERTY, finding.as_dict()))

    def _run(self, limit: float) -> None:
        self.ran = True
        self.run_within(limit)

    def _stop(self, finding: Finding) -> None:
        self.parent.broken = finding  # one thing at a time: what comes after it would only blur the cause
        self._tell(finding)
        raise Stop(finding)

    def repr_failure(self, excinfo: pytest.ExceptionInfo, style: Any = None) -> str:
        """Return the sentence alone: never the hidden source, never a traceback through this course."""
        if isinstance(excinfo.value, Stop):
            return str(excinfo.value.finding)
        return f"{type(excinfo.value).__name__}: {excinfo.value}"


class LearnerCell(_Cell):
    """One of the learner's cells."""

    @property
    def place(self) -> str:
        """How the cell is called in a sentence."""
        if "fix" in self.cell.metadata.get("tags", []):
            return "The cell with your fix"
        first = next((line for line in self.cell.source.splitlines() if line.strip()), "an empty cell")
        return f"Code cell {self.cell_num} (“{first.strip()[:50]}”)"

    def runtest(self) -> None:
        """Run the cell; turn whatever goes wrong into one sentence."""
        if self.ran:
            return
        try:
            self._run(FULL_LIMIT if self.config.option.kettle_full else CELL_LIMIT)
            message, raised = self._bad_magic(), ""
        except (CellTimeout, KernelDied, TooMuchMemory) as error:
            message, raised = f"{self.place} {error}", ""
        except Exception as error:  # noqa: BLE001 - nbval raises plain exceptions of many kinds
            message, raised = self._error() or (f"{self.place} could not be run: {error}", "")
        if message:
            self._stop(Finding(f"{self.place} runs", BROKEN, message, kind="cell", raised=raised))
        self._tell(
            Finding(f"{self.place} runs", PASSED, seconds=self.parent.kernel.code_seconds, kind="cell")
        )

    def _outputs(self, kind: str) -> list:
        return [o for o in self.outputs if o.output_type == kind]

    def _bad_magic(self) -> str | None:
        for output in self._outputs("stream"):
            if output.name == "stderr" and output.text.startswith("UsageError:"):
                return f"{self.place} stopped: {output.text.splitlines()[0].removeprefix('UsageError: ')}"
        return None

    def _error(self) -> tuple[str, str] | None:
        """Return what to say of an error, and the error as Python shows it; None where there is none."""
        error = next(iter(self._outputs("error")), None)
        if error is None:
            return None
        if error.ename == "StdinNotImplementedError":
            asks = "asks for input(), and nobody is there to type it: put the value in a variable."
            return f"{self.place} {asks}", ""
        if error.ename == "SystemExit":
            return f"{self.place} called sys.exit(), which ends the whole program: leave it out.", ""
        text = ANSI.sub("", error.evalue).strip().splitlines() or [""]
        told = f"{self.place} raised {error.ename}."
        full = self.config.option.kettle_full
        told = f"{told} {NOT_THERE}" if error.ename == "NameError" and not full else told
        return told, f"{error.ename}: {text[0]}{self._line(error)}"

    def _line(self, error: Any) -> str:
        found = re.findall(r"^-+> *(\d+) (.*)$", ANSI.sub("", "\n".join(error.traceback)), re.MULTILINE)
        if not found:
            return ""
        number, line = found[0]
        return f"\n  in line {number} of the cell: {line.strip()}"

    def reportinfo(self) -> tuple:
        """Name the cell."""
        return self.path, None, f"{self.path.name}: {self.name}"


class CheckCell(_Cell):
    """One hidden assertion, run in the learner's kernel."""

    finding_kind = "check"
    apart = False  # whether the assertions after it are made, whatever it says: where mistakes are several

    def runtest(self) -> None:
        """Run the assertion and take its finding from what it published."""
        self.parent.run_missing()
        if self.parent.broken is not None:
            self._tell(Finding(self.title, SKIPPED, kind=self.finding_kind))
            pytest.skip("what comes before it does not pass: fix that first")
        try:
            self._run(MOST * LIMIT + 15)  # it has its own limit; this one is for what does not let it end
        except (CellTimeout, KernelDied, TooMuchMemory) as error:
            self._broken(f"While this was checked, your code {error}")
        except Exception as error:  # noqa: BLE001 - as above
            self._broken(f"This check could not be run: {error}")
        finding = self._published()
        if finding.outcome in (PASSED, SKIPPED):
            self._tell(finding)
        elif self.finding_kind == INTEREST:
            self._broken(finding.message)
        elif self.apart and finding.outcome == NOT_YET:
            self._tell(finding)
            raise Stop(finding)
        else:
            self._stop(finding)

    def _broken(self, message: str) -> None:
        finding = Finding(self.title, BROKEN, message, kind=self.finding_kind)
        if self.finding_kind != INTEREST:
            self._stop(finding)
        self.parent.broken = finding  # the verdict stands; what else is told for interest would fail, too
        self._tell(replace(finding, outcome=SKIPPED, message=""))
        pytest.skip("it is told for interest only")

    def _published(self) -> Finding:
        for output in self.outputs:
            if output.output_type == "display_data" and MIME in output.data:
                return Finding.from_dict(output.data[MIME])
        return Finding(
            self.title, BROKEN, "This check ended without saying anything.", kind=self.finding_kind
        )

    def reportinfo(self) -> tuple:
        """Name the assertion by its title."""
        return self.path, None, f"{self.path.name}: {self.title}"

"""The pytest plugin: a notebook becomes its cells, in nbval, and then its hidden assertions."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell
from nbval.kernel import CURRENT_ENV_KERNEL_NAME
from nbval.plugin import IPyNbCell, IPyNbFile, find_metadata_tags

from kettle.checking.checks import checks_of, find_checks
from kettle.checking.judge import MIME
from kettle.checking.kernel import CellTimeout, CertifyingKernel, KernelDied, TooMuchMemory
from kettle.checking.verdict import BROKEN, PASSED, SKIPPED, Finding, verdict_of

ANSI = re.compile(r"\x1b\[[0-9;]*m")
CELL_LIMIT = float(os.environ.get("KETTLE_LIMIT", 20))  # seconds that one of the learner's cells may take
FULL_LIMIT = 120.0  # seconds, in a full run, where the slow demonstrations are run too
PROPERTY = "kettle"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option for a full run."""
    parser.getgroup("kettle", "Watched Kettle").addoption(
        "--kettle-full", action="store_true", help="run the cells tagged demo too, which a check leaves out"
    )


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> Iterator:
    """Put our notebook in the place of nbval's, so that nothing is collected twice."""
    found = yield
    return [CheckedNotebook.from_parent(parent, path=c.path) if type(c) is IPyNbFile else c for c in found]


class Stop(Exception):
    """A cell or a check did not pass; it carries the finding."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


class CheckedNotebook(IPyNbFile):
    """A notebook: the learner's cells, and after them the hidden assertions of its check file."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.broken: Finding | None = None  # what stopped the notebook; everything after it is skipped
        self.damage: str | None = None
        self.cells: list[LearnerCell] = []

    @property
    def kind(self) -> str:
        """Whether this is a lesson or an exercise, told by its folder."""
        return "exercise" if self.path.parent.name == "exercises" else "lesson"

    @property
    def certifies(self) -> bool:
        """Whether hidden assertions belong to it: solutions and the landing page only run."""
        return self.path.parent.name != "solutions" and not self.path.stem.startswith("00_")

    def collect(self) -> Iterator[pytest.Item]:
        """Yield the learner's code cells, then the hidden assertions."""
        try:
            notebook = nbformat.read(self.path, as_version=4)
        except Exception as error:
            self.damage = _damage(self.path, error)
            yield DamagedNotebook.from_parent(self, name="notebook")
            return
        full = self.config.option.kettle_full
        number = 0
        for number, cell in enumerate((c for c in notebook.cells if c.cell_type == "code"), start=1):
            tags = cell.metadata.get("tags", [])
            if "demo" in tags and not full:
                continue
            cell.outputs, cell.execution_count = [], None
            options = defaultdict(bool, find_metadata_tags(cell.metadata), check=False, skip=False)
            item = LearnerCell.from_parent(
                self, name=f"Cell {number}", cell_num=number, cell=cell, options=options
            )
            self.cells.append(item)
            yield item
        yield from self._hidden(number)

    def _hidden(self, number: int) -> Iterator[CheckCell]:
        def cell(name: str, title: str, call: str) -> CheckCell:
            code = new_code_cell(f"from kettle.checking import judge as _kettle_judge\n_kettle_judge.{call}")
            item = CheckCell.from_parent(
                self, name=name, cell_num=number, cell=code, options=defaultdict(bool, check=False)
            )
            item.title = title
            return item

        if not self.certifies:
            return
        path, kind = find_checks(self.path), self.kind
        try:
            checks = checks_of(path, kind)
        except FileNotFoundError:
            return
        for check in checks:
            yield cell(check.name, check.title, f"publish({str(path)!r}, {kind!r}, {check.name!r})")
        yield cell("nothing_fails_unseen", "Nothing fails unseen", "publish_unseen()")

    def setup(self) -> None:
        """Take the kernel that was started ahead, or start one."""
        if self.damage:
            return
        ahead = getattr(self.config, "kettle_kernel_ahead", None)
        if ahead is not None and ahead.cwd == self.path.parent:
            self.config.kettle_kernel_ahead = None
            self.kernel = ahead
            return
        option = self.config.option
        name = CURRENT_ENV_KERNEL_NAME if not option.nbval_kernel_name else option.nbval_kernel_name
        self.kernel = CertifyingKernel(name, self.path.parent, option.nbval_kernel_startup_timeout)

    def run_missing(self) -> None:
        """Run the learner's cells that were not run yet, as when one assertion is selected alone."""
        for item in self.cells:
            if not item.ran and self.broken is None:
                item.runtest()


class DamagedNotebook(pytest.Item):
    """Stands for a notebook that cannot be read."""

    def runtest(self) -> None:
        """Say what is damaged."""
        finding = Finding("The notebook can be read", BROKEN, self.parent.damage, kind="cell")
        self.user_properties.append((PROPERTY, finding.as_dict()))
        raise Stop(finding)

    def repr_failure(self, excinfo: pytest.ExceptionInfo) -> str:
        """Return the sentence alone."""
        return str(excinfo.value)

    def reportinfo(self) -> tuple:
        """Name the notebook."""
        return self.path, None, f"{self.path.name}: notebook"


class _Cell(IPyNbCell):
    """What learner's cells and hidden assertions share: one sentence on failure, skipped after the first break."""

    title = ""
    ran = False

    def setup(self) -> None:
        """Skip everything after the first thing that broke, with one sentence."""
        self.output_timeout = 30  # a busy machine is slow to deliver, which is no fault of the learner's
        if self.parent.broken is not None:
            self._tell(Finding(self.title, SKIPPED, kind=self.finding_kind))
            pytest.skip("an earlier cell stops the notebook: mend that first")

    finding_kind = "cell"

    def _tell(self, finding: Finding) -> None:
        self.user_properties.append((PROPERTY, finding.as_dict()))

    def _run(self) -> None:
        self.ran = True
        default = FULL_LIMIT if self.config.option.kettle_full else CELL_LIMIT
        chosen = self.config.option.nbval_cell_timeout
        self.parent.kernel.cell_limit = min(chosen, default)
        super().runtest()

    def _stop(self, finding: Finding) -> None:
        if finding.outcome == BROKEN:
            self.parent.broken = finding
        self._tell(finding)
        raise Stop(finding)

    def repr_failure(self, excinfo: pytest.ExceptionInfo) -> str:
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
            self._run()
            message = self._bad_magic()
        except (CellTimeout, KernelDied, TooMuchMemory) as error:
            message = f"{self.place} {error}"
        except Exception as error:
            message = self._error() or f"{self.place} could not be run: {error}"
        if message:
            self._stop(Finding(f"{self.place} runs", BROKEN, message, kind="cell"))

    def _outputs(self, kind: str) -> list:
        return [o for o in self.test_outputs or () if o.output_type == kind]

    def _bad_magic(self) -> str | None:
        for output in self._outputs("stream"):
            if output.name == "stderr" and output.text.startswith("UsageError:"):
                return f"{self.place} stopped: {output.text.splitlines()[0].removeprefix('UsageError: ')}"
        return None

    def _error(self) -> str | None:
        error = next(iter(self._outputs("error")), None)
        if error is None:
            return None
        if error.ename == "StdinNotImplementedError":
            return f"{self.place} asks for input(), and a check has nobody to type it: put the value in a variable."
        if error.ename == "SystemExit":
            return f"{self.place} called sys.exit(), which ends the whole program: leave it out."
        text = ANSI.sub("", error.evalue).strip().splitlines() or [""]
        return f"{self.place} stopped with {error.ename}: {text[0]}{self._line(error)}"

    def _line(self, error: object) -> str:
        found = re.findall(r"^-+> *(\d+) (.*)$", ANSI.sub("", "\n".join(error.traceback)), re.MULTILINE)
        if not found:
            return ""
        number, line = found[0]
        return f" (line {number}: `{line.strip()}`)"

    def reportinfo(self) -> tuple:
        """Name the cell."""
        return self.path, None, f"{self.path.name}: {self.name}"


class CheckCell(_Cell):
    """One hidden assertion, run in the learner's kernel."""

    finding_kind = "check"

    def runtest(self) -> None:
        """Run the assertion and take its finding from what it published."""
        self.parent.run_missing()
        if self.parent.broken is not None:
            self._tell(Finding(self.title, SKIPPED))
            pytest.skip("an earlier cell stops the notebook: mend that first")
        try:
            self._run()
        except (CellTimeout, KernelDied, TooMuchMemory) as error:
            self._stop(Finding(self.title, BROKEN, f"While this was checked, your code {error}"))
        except Exception as error:
            self._stop(Finding(self.title, BROKEN, f"This check could not be run: {error}"))
        finding = self._published()
        if finding.outcome in (PASSED, SKIPPED):
            self._tell(finding)
            return
        if "No answer after" in finding.message:
            self.parent.broken = (
                finding  # its thread may still hold the machine: what follows could not be trusted
            )
        self._stop(finding)

    def _published(self) -> Finding:
        for output in self.test_outputs or ():
            if output.output_type == "display_data" and MIME in output.data:
                return Finding.from_dict(output.data[MIME])
        return Finding(self.title, BROKEN, "This check ended without saying anything.")

    def reportinfo(self) -> tuple:
        """Name the assertion by its title."""
        return self.path, None, f"{self.path.name}: {self.title}"


def _damage(path: Path, error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return f"There is no notebook at {path.name}."
    return (
        f"{path.name} is damaged: Jupyter cannot read it ({str(error).splitlines()[0][:120]}). "
        "`lesson.reset()` puts the starter in its place and keeps a dated copy of this file."
    )


def decides(report: pytest.TestReport) -> bool:
    """Whether a report is the one of its item's three that carries its finding."""
    return report.when == "call" or (report.when == "setup" and not report.passed)


def findings_of(reports: list[pytest.TestReport]) -> list[Finding]:
    """Return the findings that reports carry, in order."""
    return [
        Finding.from_dict(v) for report in reports for name, v in report.user_properties if name == PROPERTY
    ]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the verdict of each notebook that was checked."""
    reports: dict[str, list] = {}
    for report in (r for outcome in terminalreporter.stats.values() for r in outcome):
        if isinstance(report, pytest.TestReport) and decides(report) and findings_of([report]):
            reports.setdefault(report.location[2].partition(": ")[0], []).append(report)
    for name, of in reports.items():
        verdict = verdict_of(findings_of(sorted(of, key=lambda report: report.start)))
        terminalreporter.section(f"verdict on {name}")
        terminalreporter.write_line(repr(verdict))

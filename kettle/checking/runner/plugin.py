"""The pytest plugin: a notebook becomes its cells, in nbval, and then its hidden assertions."""

# ruff: noqa: E402

from __future__ import annotations

import json
import sys
from collections.abc import Generator, Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

# nbformat imports a grammar of web addresses that no notebook needs here; it takes longer than all the rest.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]  # None: an import of it fails

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from kettle.checking.checks import INTEREST, Check, checks_of, find_checks, gone_of, kind_of, words_of
from kettle.checking.runner.cells import PROPERTY, CheckCell, DamagedNotebook, LearnerCell
from kettle.checking.runner.kernel import CertifyingKernel
from kettle.checking.runner.nbval_adapter import NotebookFile
from kettle.checking.runner.shown import sources_run
from kettle.checking.runner.verdict import Finding, Verdict, verdict_of

MEASURES = "await lesson.measures()"  # in a full run nobody votes, so the fact check's measures are asked for


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option for a full run."""
    group = parser.getgroup("kettle", "Watched Kettle")
    group.addoption(
        "--kettle-full", action="store_true", help="run every cell, demonstrations too; judge nothing"
    )
    group.addoption(
        "--kettle-no-interest",
        action="store_true",
        help="leave out what is told for interest and never decides",
    )
    group.addoption("--kettle-verdicts", metavar="FILE", help="append verdicts to FILE, as JSON lines")


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> Generator[None, list, list]:
    """Put our notebook in the place of nbval's, so that nothing is collected twice."""
    found = yield
    return [CheckedNotebook.instead_of(collector) for collector in found]


def prepare_schema() -> None:
    """Validate a notebook: the first time prepares nbformat's schema, which takes a while."""
    nbformat.validate(new_notebook())


class CheckedNotebook(NotebookFile):
    """A notebook: the learner's cells, and after them the hidden assertions of its checks."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.broken: Finding | None = None  # what stopped the notebook; everything after it is skipped
        self.damaged = False
        self.cells: list[LearnerCell] = []

    @property
    def kind(self) -> str:
        """Whether this is a lesson or an exercise, told by its folder."""
        return kind_of(self.path)

    @property
    def certifies(self) -> bool:
        """Whether hidden assertions belong to it: solutions and the course's own pages only run."""
        if self.config.option.kettle_full or self.path.stem.startswith(("00_", "98_", "99_")):
            return False
        return self.path.parent.name != "solutions"

    def collect(self) -> Iterator[pytest.Item]:
        """Yield the learner's code cells, then the hidden assertions."""
        try:
            notebook = nbformat.read(self.path, as_version=4)
        except Exception as error:  # noqa: BLE001 - a damaged file can fail in any way
            self.damaged = True
            yield DamagedNotebook.from_parent(self, name="notebook", why=_damage(self.path, error))
            return
        full = self.config.option.kettle_full
        number = 0
        cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
        run = [cell.source for cell in cells] if full else sources_run(cells)
        for number, (cell, code) in enumerate(zip(cells, run, strict=True), start=1):
            if not code and not full:
                continue
            cell.source = code
            cell.outputs, cell.execution_count = [], None
            item = LearnerCell.of(self, f"Cell {number}", number, cell)
            self.cells.append(item)
            yield item
        if full and any("lesson.claims(" in c.source for c in notebook.cells if c.cell_type == "code"):
            yield LearnerCell.of(self, "Measures of the fact check", number, new_code_cell(MEASURES))
        yield from self._hidden(number)

    def _hidden(self, number: int) -> Iterator[pytest.Item]:
        def cell(name: str, title: str, kind: str, call: str) -> CheckCell:
            code = new_code_cell(
                f"from kettle.checking.runner import judge as _kettle_judge\n_kettle_judge.{call}"
            )
            item = CheckCell.of(self, name, number, code)
            item.title, item.finding_kind = title, kind
            return item

        if not self.certifies:
            return
        path, kind = find_checks(self.path), self.kind
        try:
            checks, apart = checks_of(path, kind), words_of(path).of(kind).apart
        except FileNotFoundError:
            return
        except (OSError, ValueError) as error:
            why = f"The course's own checks cannot be read, which is not your fault: {error}"
            yield DamagedNotebook.from_parent(self, name="checks", why=why)
            return

        def judging(check: Check) -> CheckCell:
            call = f"publish({str(path)!r}, {kind!r}, {check.name!r})"
            item = cell(check.name, check.title, check.kind, call)
            item.apart = apart and check is not checks[0]
            return item

        yield from (judging(check) for check in checks if check.kind != INTEREST)
        yield cell("nothing_fails_unseen", "Nothing fails unseen", "cell", "publish_unseen()")
        if not self.config.option.kettle_no_interest:  # no verdict waits for it
            yield from (judging(check) for check in checks if check.kind == INTEREST)

    def setup(self) -> None:
        """Take the kernel that was started ahead, or start one."""
        if self.damaged:
            return
        ahead = getattr(self.config, "kettle_kernel_ahead", None)
        if ahead is not None and ahead.notebook == self.path:
            self.config.kettle_kernel_ahead = None
            self.kernel = ahead
            return
        self.kernel = CertifyingKernel(self.path, *self.wanted_kernel)

    def run_missing(self) -> None:
        """Run the learner's cells that were not run yet, as when one assertion is selected alone."""
        for item in self.cells:
            if not item.ran and self.broken is None:
                item.runtest()


def _damage(path: Path, error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return f"There is no notebook at {path.name}."
    return (
        f"{path.name} is damaged: Jupyter cannot read it ({str(error).splitlines()[0][:120]}). "
        "`lesson.reset()` puts the starter in its place and keeps a dated copy of this file."
    )


def is_deciding(item: pytest.Item) -> bool:
    """Whether the verdict depends on an item: on all but what is told for interest."""
    return getattr(item, "finding_kind", "cell") != INTEREST


def decides(report: pytest.TestReport) -> bool:
    """Whether a report is the one of its item's three that carries its finding."""
    return report.when == "call" or (report.when == "setup" and not report.passed)


def findings_of(reports: list[pytest.TestReport]) -> list[Finding]:
    """Return the findings that reports carry, in order."""
    told: list[tuple[str, Any]] = [pair for report in reports for pair in report.user_properties]
    return [Finding.from_dict(value) for name, value in told if name == PROPERTY]


def verdicts_of(reports: Iterable[pytest.TestReport], root: Path) -> dict[str, Verdict]:
    """Return the verdict on each notebook, by its path.

    Args:
        reports: of a whole run, in any order.
        root: the folder that pytest tells the paths from.
    """
    found: dict[str, list] = {}
    for report in sorted(reports, key=lambda report: report.start):
        if decides(report) and findings_of([report]):
            found.setdefault(str(report.fspath), []).append(report)
    return {path: verdict_of(findings_of(of), gone=gone_of(root / path)) for path, of in found.items()}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the verdict on each notebook that was checked, and append it to a file where one is asked for."""
    config = terminalreporter.config
    if config.option.kettle_full:
        return  # nothing was judged
    reports = [r for of in terminalreporter.stats.values() for r in of if isinstance(r, pytest.TestReport)]
    for path, verdict in verdicts_of(reports, config.rootpath).items():
        terminalreporter.section(f"verdict on {Path(path).parent.name}/{Path(path).name}")
        terminalreporter.write_line(repr(verdict))
        if config.option.kettle_verdicts:
            with Path(config.option.kettle_verdicts).open("a", encoding="utf-8") as file:
                file.write(json.dumps({"notebook": path, **asdict(verdict)}) + "\n")

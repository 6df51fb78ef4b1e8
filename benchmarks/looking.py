"""A look at an answer that stops at nothing: all checks are run, and all cases are played."""

import ast
import sys
import traceback
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from kettle.checking import checks_of
from kettle.checking.checks import function_of, load_module
from kettle.checking.equivalence import Equivalence
from kettle.checking.equivalence.leftovers import on_loop
from kettle.checking.runner.errors import raised
from kettle.checking.runner.judge import judge
from kettle.checking.runner.verdict import PASSED, UNDECIDED
from kettle.files import course
from kettle.probes.engines.own_thread import OwnThread

sys.path.insert(0, str(course.ROOT / "tests"))
from contract import Answer

RAISES = ("AssertionError", "Told")  # where a lesson raises one of these, that is an assertion, too


@dataclass(frozen=True)
class Catch:
    """What caught an answer.

    Args:
        check: the name of the check.
        case: what ends "When …", where it was a case; "" where it was anything else of the check.
        line: the assertion that failed, such as "lesson.py:83", if it is the lesson's own.
        message: what the answer is told.
        hangs: the case stopped its check, or never ended, so that nothing after it was played.
    """

    check: str
    case: str = ""
    line: str = ""
    message: str = ""
    hangs: bool = False

    @property
    def name(self) -> str:
        """The name by which it is left out."""
        return f"{self.check}: {self.case}" if self.case else self.check


def look(answer: Answer, names: dict, without: tuple[str, ...]) -> dict:
    """Look at an answer in the process that judges it; see benchmarks/judging.py."""
    found = Look(course.lesson(answer.stem).checks, without).at(answer.kind, names)
    return {"caught": [vars(each) for each in found.found], "played": found.played, "busy": found.busy}


class Look:
    """One look.

    Args:
        folder: of the lesson's checks.
        without: names of checks, cases and assertions that are left out.

    Attributes:
        found: the catches, in the order in which they came.
        played: names of all checks and of their cases.
        busy: whether the machine was, so that nothing is known.
    """

    def __init__(self, folder: Path, without: Collection[str] = ()) -> None:
        self._folder, self._without = folder, without
        self._check = self._case = ""
        self.found: list[Catch] = []
        self.played: list[str] = []
        self.busy = False

    def at(self, kind: str, names: dict) -> "Look":
        """Run all checks of the "lesson" or "exercise" on what its notebook defines."""
        home, thread = (self._folder, kind), Noting()
        leave_out(*home, self._without)
        with self._all_cases():
            checks = (each for each in checks_of(*home) if each.kind == "check")
            for check in (each for each in checks if each.name not in self._without):
                self._check, self._case = check.name, ""
                self.played.append(check.name)
                finding = judge(check, function_of(*home, check), names, thread, home=home)
                self.busy |= finding.outcome == UNDECIDED
                if finding.outcome not in (PASSED, UNDECIDED):
                    self._note(f"{finding.raised}\n{finding.message}", thread.error, hangs=bool(self._case))
        thread.close()
        return self

    @contextmanager
    def _all_cases(self) -> Iterator[None]:
        """Let an Equivalence play each situation by itself, and go on where answers differ."""
        plain = Equivalence.__call__

        def call(equivalence, function, world, situations, **options):
            async def in_turn():
                for situation in situations:
                    self._case = situation.when
                    if (name := f"{self._check}: {self._case}") not in self._without:
                        self.played.append(name)
                        try:
                            playing = plain(equivalence, function, world, [situation], **options)
                            await playing if playing is not None else None
                        except AssertionError as error:
                            self._note(f"{raised(error.__cause__)}\n{error}", error)
                self._case = ""  # it stays where anything else is raised

            if on_loop():
                return in_turn()
            with suppress(StopIteration):
                in_turn().send(None)
            return None

        Equivalence.__call__ = call
        try:
            yield
        finally:
            Equivalence.__call__ = plain

    def _note(self, message: str, error: BaseException | None, hangs: bool = False) -> None:
        errors = [each for each in (error, error and error.__cause__) if each]
        frames = [frame for each in errors for frame in traceback.extract_tb(each.__traceback__)]
        own = [f for f in frames if Path(f.filename).parent == self._folder]
        lines = filter(None, (line_of(Path(frame.filename), frame.lineno) for frame in reversed(own)))
        self.found.append(Catch(self._check, self._case, next(lines, ""), message, hangs))


class Noting(OwnThread):
    """A thread that notes the error with which a check ended."""

    error: BaseException | None = None

    def run(self, *args, **options):
        """Run a check."""
        ended = super().run(*args, **options)
        self.error = ended.error
        return ended


def files(folder: Path, kind: str) -> list[Path]:
    """Return the files that judge a "lesson" or an "exercise", its own last."""
    others = (path for path in folder.glob("*.py") if path.stem not in ("lesson", "exercise", "claims"))
    return [*sorted(path for path in others if not path.name.startswith("test_")), folder / f"{kind}.py"]


def assertions(path: Path) -> dict[str, ast.stmt]:
    """Return what asserts in a file, or raises what an assertion raises, by names such as "lesson.py:83"."""
    nodes = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if asserts(node)]
    return {f"{path.name}:{node.lineno}": node for node in nodes}


def asserts(node: ast.AST) -> bool:
    """Tell whether a piece of code is an assertion."""
    error = getattr(node.exc, "func", None) if isinstance(node, ast.Raise) else None
    return isinstance(node, ast.Assert) or getattr(error, "id", "") in RAISES


def line_of(path: Path, number: int) -> str:
    """Return the name of the assertion around a line of a file; "" where there is none."""
    around = assertions(path).items()
    return next((name for name, node in around if node.lineno <= number <= node.end_lineno), "")


def leave_out(folder: Path, kind: str, lines: Collection[str]) -> None:
    """Import the modules of a lesson's checks again, without some assertions."""
    for path in files(folder, kind):

        class Without(ast.NodeTransformer):
            def visit(self, node, name=path.name):
                gone = asserts(node) and f"{name}:{node.lineno}" in lines
                return ast.copy_location(ast.Pass(), node) if gone else self.generic_visit(node)

        code = Without().visit(ast.parse(path.read_text(encoding="utf-8")))
        exec(compile(code, str(path), "exec"), vars(load_module(folder, path.stem)))

"""The answers of solutions/ and of checks/*/answers/, each judged in its starter's notebook."""

import copy
import functools
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat

from kettle.checking import words_of
from kettle.checking.runner.verdict import Finding, Verdict
from kettle.files import course

ROLES = ("fix", "alternative", "wrong")
RIGHT = ("fix", "alternative", "right")
FOLDERS = {"lesson": "notebooks", "exercise": "exercises"}
FORKED = course.ROOT / "tests" / "forked.py"
KEPT_NAME = re.compile(r"(lesson|exercise)-(right|wrong)-(.+)")
SAYS = re.compile(r"# says: (.+)")
FROM = re.compile(r"^# from: 3\.(\d+)$", re.MULTILINE)


@dataclass(frozen=True)
class Answer:
    """An answer to be judged: of a lesson or its exercise, in the place of the starter's `fix` cell.

    role: "starter", "fix", "alternative" or "wrong" of solutions/, or "right" of an answers/ folder.
    says: the piece of a message that a wrong answer must get.
    """

    stem: str
    kind: str
    role: str
    name: str
    source: str | None = None
    says: str = ""

    def __str__(self) -> str:
        return f"{self.stem[:2]}-{self.kind}-{self.role}-{self.name}"


@functools.cache
def answers_of(stem: str, every: bool = True) -> tuple[Answer, ...]:
    """Return the starters and all answers of one lesson and its exercise.

    Args:
        stem: of the lesson.
        every: all of them; otherwise the starters, the fixes, and the first wrong answer to each notebook.
    """
    files = course.lesson(stem)
    found = [Answer(stem, kind, "starter", "as-given") for kind in FOLDERS]
    for cell in nbformat.read(files.solution, as_version=4).cells:
        role = next((role for role in ROLES if role in cell.metadata.get("tags", ())), None)
        if role:
            about = cell.metadata["kettle"]
            found.append(Answer(stem, about["of"], role, cell.id, cell.source, about.get("says", "")))
    if every:
        return (*found, *kept_answers(files.checks / "answers"))
    first = {each.kind: each for each in reversed(found) if each.role == "wrong"}
    return tuple(each for each in found if each.role in ("starter", "fix") or each in first.values())


def kept_answers(folder: Path) -> Iterable[Answer]:
    """Return the answers in the answers/ folder of a lesson; see checks/README.md.

    Those that need a later Python are left out.
    """
    for path in sorted(folder.glob("*.py")):
        kind, role, name = KEPT_NAME.fullmatch(path.stem).groups()
        source = path.read_text(encoding="utf-8")
        needs, told = FROM.search(source), SAYS.match(source)
        if needs and sys.version_info < (3, int(needs[1])):
            continue
        yield Answer(folder.parent.name, kind, role, name, source, told[1].strip() if told else "")


def says(answer: Answer) -> str:
    """Return the piece of a message that an answer must get."""
    if answer.role == "starter":
        return words_of(answer.stem).of(answer.kind).mistake
    return answer.says


def write(answer: Answer, folder: Path) -> Path:
    """Write the starter's notebook with an answer in the place of its `fix` cell; return its path."""
    files = course.lesson(answer.stem)
    starter = files.notebook if answer.kind == "lesson" else files.exercise
    notebook = copy.deepcopy(nbformat.read(starter, as_version=4))
    if answer.source is not None:
        (cell,) = (c for c in notebook.cells if "fix" in c.metadata.get("tags", ()))
        cell.source = answer.source
    path = folder / FOLDERS[answer.kind] / starter.name
    path.parent.mkdir(parents=True)
    nbformat.write(notebook, path)
    return path


def judge(answers: Iterable[Answer], *options: str) -> dict[Answer, Verdict | str]:
    """Judge answers, some at once, each by pytest through nbval; say why where there is no verdict.

    Args:
        answers: to be judged.
        options: of tests/forked.py.
    """
    return judge_and_run(answers, (), *options)[0]


def judge_and_run(
    answers: Iterable[Answer], full: Sequence[Path], *options: str, kernelless: Iterable[Answer] = ()
) -> tuple[dict[Answer, Verdict | str], list["Run"]]:
    """Judge answers, and beside them run notebooks from top to bottom; return the verdicts and these runs.

    What came to no verdict, or to *cannot tell*, is judged once more, by pytest and with few beside it:
    kernels started side by side may get each other's ports, a machine that judges many at once may be too
    busy for one, and without a kernel some answers cannot be judged.

    Args:
        answers: to be judged by pytest through nbval.
        full: notebooks to be run.
        *options: of tests/forked.py.
        kernelless: more answers, judged without pytest and without a kernel; see kernelless.py.
    """
    answers = [*(quick := list(kernelless)), *answers]
    found = _runs_of(answers, full, f"--kernelless={len(quick)}", *options)
    runs, whole = dict(zip(answers, found, strict=False)), found[len(answers) :]
    if again := [
        answer for answer, run in runs.items() if not run.verdict or run.verdict.outcome == "undecided"
    ]:
        runs.update(zip(again, _runs_of(again, (), *options, "--at-once=1"), strict=True))
    return {answer: run.verdict or f"no verdict: {run.out[-3000:]}" for answer, run in runs.items()}, whole


def _runs_of(answers: list[Answer], full: Sequence[Path], *options: str) -> list["Run"]:
    with tempfile.TemporaryDirectory() as name:
        written = [write(a, Path(name) / str(n)) for n, a in enumerate(answers)]
        return run_forked([*written, *full], f"--full={len(full)}", *options)


@dataclass(frozen=True)
class Run:
    """One notebook's run: pytest's exit code, what it printed, seconds, the verdict if there is one."""

    code: int | None
    out: str
    seconds: float
    verdict: Verdict | None


def run_forked(notebooks: Iterable[Path], *options: str) -> list[Run]:
    """Run notebooks by tests/forked.py, some at once.

    Args:
        notebooks: their paths, of lessons that share their imports, best of one.
        options: of tests/forked.py.
    """
    with tempfile.TemporaryDirectory() as name:
        notebooks, out = list(notebooks), Path(name)
        command = [sys.executable, FORKED, *options, "--out", out, *notebooks]
        done = subprocess.run(
            command, cwd=course.ROOT, capture_output=True, text=True, timeout=1800, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{done.stdout[-1000:]}\n{done.stderr[-3000:]}")
        return [_run(out / str(number)) for number in range(len(notebooks))]


def _run(found: Path) -> Run:
    code, out, told = (found.with_suffix(suffix) for suffix in (".code", ".out", ".verdict"))
    verdict = None
    if told.exists():
        data = json.loads(told.read_text(encoding="utf-8"))
        del data["notebook"]
        findings = tuple(Finding.from_dict(finding) for finding in data.pop("findings"))
        verdict = Verdict(**{**data, "findings": findings, "notes": tuple(data["notes"])})
    said, seconds = code.read_text().split() if code.exists() else (None, "nan")
    printed = out.read_text(encoding="utf-8") if out.exists() else "it never began"
    return Run(said and int(said), printed, float(seconds), verdict)

"""The answers of solutions/: each judged in its starter's notebook, in a kernel of its own."""

import copy
import functools
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import nbformat

from kettle.checking import load_checks
from kettle.checking.verdict import Finding, Verdict
from kettle.files import course

ROLES = ("fix", "alternative", "wrong")
FOLDERS = {"lesson": "notebooks", "exercise": "exercises"}


@dataclass(frozen=True)
class Answer:
    """An answer to be judged: of a lesson or its exercise, in the place of the starter's `fix` cell."""

    stem: str
    kind: str
    role: str
    name: str
    source: str | None = None
    says: str = ""

    def __str__(self) -> str:
        return f"{self.stem[:2]}-{self.kind}-{self.role}-{self.name}"


@functools.cache
def answers_of(stem: str) -> tuple[Answer, ...]:
    """Return the starters and all answers of one lesson and its exercise."""
    files = course.lesson(stem)
    found = [Answer(stem, kind, "starter", "as-given") for kind in FOLDERS]
    for cell in nbformat.read(files.solution, as_version=4).cells:
        role = next((role for role in ROLES if role in cell.metadata.get("tags", ())), None)
        if role:
            about = cell.metadata["kettle"]
            found.append(Answer(stem, about["of"], role, cell.id, cell.source, about.get("says", "")))
    return tuple(found)


def says(answer: Answer) -> str:
    """Return the piece of a message that an answer must get."""
    if answer.role == "starter":
        module = load_checks(answer.stem)
        return module.MISTAKE if answer.kind == "lesson" else module.EXERCISE_MISTAKE
    return answer.says


def write(answer: Answer, folder: Path) -> Path:
    """Write the starter's notebook with an answer in the place of its `fix` cell; return its path."""
    files = course.lesson(answer.stem)
    starter = files.notebook if answer.kind == "lesson" else files.exercise
    notebook = copy.deepcopy(nbformat.read(starter, as_version=4))
    if answer.source is not None:
        (cell,) = (c for c in notebook.cells if "fix" in c.metadata.get("tags", ()))
        cell.source = answer.source
    path = folder / answer.name / FOLDERS[answer.kind] / starter.name
    path.parent.mkdir(parents=True)
    nbformat.write(notebook, path)
    return path


@functools.cache
def verdicts_of(stem: str) -> dict[Answer, Verdict | str]:
    """Judge every answer of one lesson, in one run of pytest through nbval; say why there is no verdict."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = {
            str(write(answer, folder / f"{answer.kind}-{answer.role}")): answer for answer in answers_of(stem)
        }
        out = folder / "verdicts.json"
        command = [sys.executable, "-m", "pytest", "--nbval-lax", *paths, f"--kettle-verdicts={out}"]
        command += ["-p", "kettle.checking.plugin", "-p", "no:cacheprovider", "-q"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=900, check=False)
        if not out.exists():
            raise RuntimeError(f"No verdicts on {stem}:\n{done.stdout[-3000:]}\n{done.stderr[-1000:]}")
        found = dict.fromkeys(paths.values(), f"no verdict: {done.stdout[-3000:]}")
        for line in out.read_text(encoding="utf-8").splitlines():
            data = json.loads(line)
            answer = paths[str(folder / data.pop("notebook"))]
            findings = tuple(Finding.from_dict(finding) for finding in data.pop("findings"))
            found[answer] = Verdict(**{**data, "findings": findings, "notes": tuple(data["notes"])})
        return found

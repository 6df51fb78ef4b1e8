"""From the click on Check to the verdict on a right answer: every lesson and exercise, and other ways.

    python benchmarks/check_latency.py [--runs 7] [--lessons 07 14] [--no-ways]

First all seconds from the request to the verdict on each `fix` of solutions/, in a warm checker, with the
checks and the learner's own code; what is told for interest may come later and is not waited for. Then, for
lesson 14 and in turn: the warm process, `pytest --nbval-lax` started cold, and `nbgrader validate` on a
notebook with the same cells (nbgrader is installed into a folder of its own, which needs the network once).
"""

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell

from kettle.checking import Checker, checks_of
from kettle.files import course

sys.path.insert(0, str(course.ROOT / "tests"))
from contract import Answer, answers_of, write

STEM = "14_one_await_at_a_time"
NBGRADER = "nbgrader==0.9.5"


def main() -> None:
    """Measure what is asked for, and print it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=7, help="runs of each")
    parser.add_argument("--lessons", nargs="+", help="numbers; all of them if left out")
    parser.add_argument("--no-ways", action="store_true", help="leave out the comparison with other ways")
    options = parser.parse_args()
    stems = [f.stem for f in course.lessons() if not options.lessons or f.stem[:2] in options.lessons]
    with tempfile.TemporaryDirectory() as name:
        report_lessons(measure_lessons(stems, options.runs, Path(name)))
        if not options.no_ways:
            report_ways(measure_ways(options.runs, Path(name)))


def measure_lessons(stems: list[str], runs: int, folder: Path) -> dict[Answer, list[tuple[float, float]]]:
    """Check each fix some times, in turn; return all seconds of each, and those of its code."""
    fixes = [answer for stem in stems for answer in answers_of(stem) if answer.role == "fix"]
    took = {answer: [] for answer in fixes}
    notebooks = {answer: write(answer, folder / str(answer)) for answer in fixes}
    for _ in range(runs):
        for answer, notebook in notebooks.items():
            with contextlib.closing(Checker(notebook)) as checker:
                took[answer].append(warm(checker))
    return took


def measure_ways(runs: int, folder: Path) -> dict[str, list[tuple[float, float | None]]]:
    """Check the fix of one lesson by each way, in turn."""
    answer = next(a for a in answers_of(STEM) if (a.kind, a.role) == ("lesson", "fix"))
    notebook = write(answer, folder / "ways")
    took: dict[str, list[tuple[float, float | None]]] = {}
    with contextlib.closing(Checker(notebook)) as checker:
        ways = {"warm process": lambda: warm(checker), "pytest --nbval-lax, cold": lambda: cold(notebook)}
        nbgrader = install_nbgrader()
        if nbgrader:
            same = same_cells(notebook)
            ways["nbgrader validate"] = lambda: validate(nbgrader, same, folder)
        for _ in range(runs):
            for way, measure in ways.items():
                took.setdefault(way, []).append(measure())
    return took


def warm(checker: Checker) -> tuple[float, float]:
    """Check in the warm process; return all seconds, and those of the code."""
    checker.warm_up()
    checker.wait_settled(60)
    time.sleep(0.5)  # as a learner would be slower still: the start of the process is not in the way
    started = time.perf_counter()
    verdict = checker.check()
    seconds = time.perf_counter() - started
    assert verdict.solved, verdict
    return seconds, verdict.code_seconds


def cold(notebook: Path) -> tuple[float, float]:
    """Check in a terminal; return all seconds, and those of the code."""
    out = notebook.with_suffix(".json")
    out.unlink(missing_ok=True)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--nbval-lax",
        str(notebook),
        "-p",
        "kettle.checking.runner.plugin",
        "-q",
    ]
    started = time.perf_counter()
    subprocess.run([*command, f"--kettle-verdicts={out}"], check=True, capture_output=True, cwd=course.ROOT)
    seconds = time.perf_counter() - started
    return seconds, json.loads(out.read_text())["code_seconds"]


def install_nbgrader() -> Path | None:
    """Install nbgrader into a folder of its own, once; return its command."""
    folder = course.ROOT / ".kettle" / "nbgrader"
    command = folder / "bin" / "nbgrader"
    if not command.exists():
        venv.create(folder, with_pip=True)
        done = subprocess.run(
            [folder / "bin" / "python", "-m", "pip", "install", "-q", NBGRADER], check=False
        )
        if done.returncode:
            print("nbgrader could not be installed: its row is left out.")
            return None
    return command


def same_cells(notebook: Path) -> Path:
    """Write a notebook with the cells that a check runs: the learner's, then the hidden assertions."""
    copy = nbformat.read(notebook, as_version=4)
    copy.cells = [c for c in copy.cells if "demo" not in c.metadata.get("tags", ())]
    checks = course.lesson(STEM).checks
    for check in checks_of(checks, "lesson"):
        call = f"judge.publish({str(checks)!r}, 'lesson', {check.name!r})"
        copy.cells.append(new_code_cell(f"from kettle.checking.runner import judge\n{call}"))
    path = notebook.with_name("same_cells.ipynb")
    nbformat.write(copy, path)
    return path


def validate(nbgrader: Path, notebook: Path, folder: Path) -> tuple[float, None]:
    """Let nbgrader validate the same cells in a kernel of this environment; return all seconds."""
    kernel = folder / "share" / "kernels" / "python3"
    kernel.mkdir(parents=True, exist_ok=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (kernel / "kernel.json").write_text(
        json.dumps({"argv": argv, "display_name": "same", "language": "python"})
    )
    environment = {**os.environ, "JUPYTER_PATH": str(folder / "share")}
    started = time.perf_counter()
    done = subprocess.run(
        [nbgrader, "validate", str(notebook)], capture_output=True, text=True, env=environment, check=False
    )
    seconds = time.perf_counter() - started
    assert "Success" in done.stdout, done.stdout + done.stderr
    return seconds, None


def report_lessons(took: dict[Answer, list[tuple[float, float]]]) -> None:
    """Print, for each notebook, the seconds from the request to the verdict."""
    print("\nFrom the request to the verdict on the right answer, in seconds:\n")
    print(f"{'':14}{'runs':>5}{'median':>9}{'fastest':>9}{'slowest':>9}{'of it code and checks':>23}")
    for answer, rows in took.items():
        seconds, code = zip(*rows, strict=True)
        line = f"{statistics.median(seconds):9.2f}{min(seconds):9.2f}{max(seconds):9.2f}"
        print(f"{answer.stem[:2]} {answer.kind:11}{len(rows):5}{line}{statistics.median(code):23.2f}")


def report_ways(took: dict[str, list[tuple[float, float | None]]]) -> None:
    """Print the table of the ways: medians and extremes, without the code's own time."""
    code = statistics.median(c for c in (c for rows in took.values() for _, c in rows) if c is not None)
    print(f"\nThe learner's code and the checks took {code:.2f} s (median); what is left, in seconds:\n")
    print(f"{'':28}{'runs':>5}{'median':>9}{'fastest':>9}{'slowest':>9}")
    for way, rows in took.items():
        left = [seconds - (code if own is None else own) for seconds, own in rows]
        print(f"{way:28}{len(left):5}{statistics.median(left):9.2f}{min(left):9.2f}{max(left):9.2f}")


if __name__ == "__main__":
    main()

"""How often a verdict lies: every answer of every lesson judged again and again, idle, loaded and throttled.

    python benchmarks/verdict_trust.py [--runs 20] [--modes idle loaded throttled] [--lessons 07 14]

An answer is a starter, fix, alternative or wrong answer of solutions/. It is judged in a process of its own,
which runs the starter's cells with the answer in place and then the hidden assertions, as a check does, in a
fresh namespace each time. Beside it stands the naive rule: right is what takes at most half the starter's
time in the lesson's first check. "loaded" means four busy processes; "throttled" that the judging process
and its servers may run 20 of every 100 ms (by SIGSTOP and SIGCONT, so not on Windows).
"""

import argparse
import contextlib
import json
import multiprocessing
import os
import signal
import statistics
import subprocess
import sys
import threading
import time

import nbformat
import psutil

from kettle import course

sys.path.insert(0, str(course.ROOT / "tests"))
from contract import Answer, answers_of

MODES = ("idle", "loaded", "throttled")
RIGHT = ("fix", "alternative")
PERIOD, SHARE = 0.1, 0.2  # seconds, and the part of it that a throttled process may run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=20, help="verdicts on each answer in each mode")
    parser.add_argument("--modes", nargs="+", default=MODES, choices=MODES)
    parser.add_argument("--lessons", nargs="+", help="numbers; all of them if left out")
    parser.add_argument("--worker", metavar="JSON", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        work(json.loads(options.worker), options.runs)
        return
    stems = [f.stem for f in course.lessons() if not options.lessons or f.stem[:2] in options.lessons]
    for mode in options.modes:
        rows = []
        with MODE[mode]() as start:
            for stem in stems:
                rows += [(answer, judge_often(answer, options.runs, start)) for answer in answers_of(stem)]
        report(mode, rows)


def judge_often(answer: Answer, runs: int, start) -> list[dict]:
    """Judge one answer again and again in a process of its own; return what each run gave."""
    command = [sys.executable, __file__, "--runs", str(runs), "--worker", json.dumps(vars(answer))]
    process = start(command)
    out, trouble = process.communicate()
    found = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    if len(found) < runs:
        print(f"{answer}: {runs - len(found)} verdicts are missing: {trouble.strip().splitlines()[-1:]}")
    return found


def work(about: dict, runs: int) -> None:
    """In the process of one answer: judge it, and time the naive rule; print a line of JSON for each run."""
    from IPython.core.interactiveshell import InteractiveShell

    from kettle.checking.checks import checks_of, load_checks

    os.environ.update(KETTLE_CERTIFYING="1", OPENBLAS_NUM_THREADS="1")
    answer = Answer(**about)
    shell = InteractiveShell.instance()
    files = course.lesson(answer.stem)
    checks, module = checks_of(files.check, answer.kind), load_checks(files.check)
    starter = Answer(answer.stem, answer.kind, "starter", "as-given")
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    for _ in range(runs):
        names = define(shell, starter)
        naive = first_check_seconds(checks, module, names)
        names = define(shell, answer)
        found = verdict(checks, module, names)
        halved = first_check_seconds(checks, module, names) <= naive / 2
        out.write(json.dumps({**found, "naive": halved}) + "\n")


def define(shell, answer: Answer) -> dict:
    """Run the starter's cells, with the answer in place of its fix, in a fresh namespace; return it."""
    shell.reset(new_session=False)
    files = course.lesson(answer.stem)
    notebook = nbformat.read(files.path(answer.kind), as_version=4)
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", ())
        if cell.cell_type == "code" and "demo" not in tags:
            source = answer.source if "fix" in tags and answer.source is not None else cell.source
            shell.run_cell(source, store_history=False, silent=True).raise_error()
    return shell.user_ns


def verdict(checks, module, names: dict) -> dict:
    """Return the outcome, the message and the milliseconds of one verdict."""
    from kettle.checking.judge import judge

    started = time.perf_counter()
    message, outcome = "", "passed"
    for check in (check for check in checks if check.kind == "check"):
        finding = judge(check, getattr(module, check.name), names)
        if finding.outcome != "passed":
            outcome, message = finding.outcome, finding.message
            break
    return {"outcome": outcome, "message": message, "ms": 1000 * (time.perf_counter() - started)}


def first_check_seconds(checks, module, names: dict) -> float:
    """Return what a stopwatch says: the seconds of the first check, which looks at the answers only."""
    from kettle.checking.judge import judge

    return judge(checks[0], getattr(module, checks[0].name), names).seconds


# the three ways to start the judging process


@contextlib.contextmanager
def idle():
    """Let the process run as it likes."""
    yield launch


@contextlib.contextmanager
def loaded():
    """Keep four other processes busy meanwhile."""
    burners = [multiprocessing.Process(target=burn, daemon=True) for _ in range(4)]
    for burner in burners:
        burner.start()
    try:
        yield launch
    finally:
        for burner in burners:
            burner.kill()


@contextlib.contextmanager
def throttled():
    """Stop the process, and what it started, for most of the time."""

    def start(command: list[str]) -> subprocess.Popen:
        process = launch(command)
        threading.Thread(target=throttle, args=(process.pid,), daemon=True).start()
        return process

    yield start


MODE = {"idle": idle, "loaded": loaded, "throttled": throttled}


def launch(command: list[str]) -> subprocess.Popen:
    """Start the judging process."""
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=course.ROOT
    )


def burn() -> None:
    """Keep a core busy."""
    while True:
        sum(range(10_000))


def throttle(pid: int) -> None:
    """Let a process and its descendants run for their share of each period only."""
    with contextlib.suppress(psutil.Error):
        eldest = psutil.Process(pid)
        while eldest.status() != psutil.STATUS_ZOMBIE:
            family = (eldest, *eldest.children(recursive=True))  # once, so that whoever is stopped goes on
            for number, pause in ((signal.SIGSTOP, 1 - SHARE), (signal.SIGCONT, SHARE)):
                for process in family:
                    with contextlib.suppress(psutil.Error):
                        process.send_signal(number)
                time.sleep(PERIOD * pause)


def report(mode: str, rows: list[tuple[Answer, list[dict]]]) -> None:
    """Print one line for each lesson, then every answer that was ever judged wrongly."""
    print(f"\n{mode}, on {os.cpu_count()} cores, Python {sys.version.split()[0]}\n")
    head = ("lesson", "answers", "verdicts", "false pass", "false fail", "other words", "undecided")
    print(" | ".join(head), "| ms right | ms wrong | naive false pass | naive false fail", sep=" ")
    for stem in dict.fromkeys(answer.stem for answer, _ in rows):
        print(" | ".join(map(str, line([row for row in rows if row[0].stem == stem], stem[:2]))))
    print(" | ".join(map(str, line(rows, "all"))))
    for answer, found in rows:
        for told in lies(answer, found):
            print(f"  {answer}: {told['outcome']}: {told['message'][:150]}")


def lies(answer: Answer, found: list[dict]) -> list[dict]:
    """Return the verdicts that were wrong."""
    return [f for f in found if (f["outcome"] == "passed") != (answer.role in RIGHT)]


def line(rows: list[tuple[Answer, list[dict]]], name: str) -> list:
    """Add up the verdicts of some answers."""
    right = [f for answer, found in rows if answer.role in RIGHT for f in found]
    wrong = [(answer, f) for answer, found in rows if answer.role not in RIGHT for f in found]
    return [
        name,
        len(rows),
        len(right) + len(wrong),
        sum(f["outcome"] == "passed" for _, f in wrong),
        sum(f["outcome"] not in ("passed", "undecided") for f in right),
        sum(f["outcome"] == "not yet" and answer.says not in f["message"] for answer, f in wrong),
        sum(f["outcome"] == "undecided" for f in [*right, *(f for _, f in wrong)]),
        round(statistics.median([f["ms"] for f in right] or [0])),
        round(statistics.median([f["ms"] for _, f in wrong] or [0])),
        f"{sum(f['naive'] for _, f in wrong)} of {len(wrong)}",
        f"{sum(not f['naive'] for f in right)} of {len(right)}",
    ]


if __name__ == "__main__":
    main()

"""How often a verdict lies: every answer of every lesson judged again and again, idle, loaded and throttled.

    python benchmarks/verdict_trust.py [--lessons 07 14] [--modes idle loaded throttled] [--minutes 60]

An answer is a starter, or one of solutions/ or checks/*/answers/. It is judged in a process of its own, which
runs the starter's cells with the answer in place and then the hidden assertions, as a check does, each time
in a fresh namespace. "loaded" means four busy processes; "throttled" that a judging process and its servers
run for at most 20 of every 100 ms (SIGSTOP, so not on Windows).

What was found is kept in a file after each batch, so a run can be stopped and goes on where it was. It counts
as long as the answer, its notebook's code and the lesson's checks stay as they are; after a change to a probe
or to kettle/checking, begin a new file.
"""

import argparse
import functools
import hashlib
import json
import os
import random
import statistics
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from judging import IMPORTED, PROCESSES, Answer, judged
from modes import AT_ONCE, MODES

from kettle.files import course

sys.path.insert(0, str(course.ROOT / "tests"))
from contract import RIGHT, answers_of, says

WANTED = {"idle": 200, "loaded": 100, "throttled": 100}  # verdicts on each answer
BATCH = 25  # verdicts by one process
KEPT = Path(__file__).with_suffix(".json")


def main() -> None:
    """Judge what is still wanted, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--verdicts", type=int, help="on each answer in each mode; else 200, 100 and 100")
    parser.add_argument("--modes", nargs="+", default=[*MODES], choices=MODES)
    parser.add_argument("--lessons", nargs="+", help="numbers; all of them if left out")
    parser.add_argument("--answers", nargs="+", help="names as printed; all of them if left out")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="start nothing new after them")
    parser.add_argument("--keep", type=Path, default=KEPT, metavar="FILE", help="where verdicts are kept")
    parser.add_argument(
        "--report", action="store_true", help="print the table of what is kept; judge nothing"
    )
    options = parser.parse_args()
    PROCESSES.set_forkserver_preload(IMPORTED)  # not on import: an answer may have a fork server of its own
    os.environ.update(KETTLE_CERTIFYING="1", OPENBLAS_NUM_THREADS="1")  # as in a kernel that certifies
    stems = [f.stem for f in course.lessons() if not options.lessons or f.stem[:2] in options.lessons]
    answers = [answer for stem in stems for answer in answers_of(stem)]
    answers = [a for a in answers if not options.answers or str(a) in options.answers]
    kept = Kept(options.keep, answers)
    end = time.monotonic() + 60 * options.minutes
    for mode in options.modes:
        if not options.report:
            judge_all(kept, mode, options.verdicts or WANTED[mode], end)
        report(kept, mode)


@dataclass
class Found:
    """What was found on one answer in one mode.

    verdicts, passed, undecided, other_words: how many there were, and how many of them said so; other words
    are those of a rejection that does not name the cause. ms: the
    milliseconds of a verdict, the mean of the medians of the batches. lies: how often each untrue message was
    given.
    """

    digest: str
    verdicts: int = 0
    passed: int = 0
    undecided: int = 0
    other_words: int = 0
    ms: int = 0
    lies: dict[str, int] = field(default_factory=dict)

    def add(self, answer: Answer, batch: list[dict]) -> None:
        """Add the verdicts of one batch."""
        ms = statistics.median(verdict["ms"] for verdict in batch)
        self.ms = round((self.ms * self.verdicts + ms * len(batch)) / (self.verdicts + len(batch)))
        for verdict in batch:
            outcome, message = verdict["outcome"], verdict["message"]
            strays = answer.role not in RIGHT and says(answer) not in message
            self.verdicts += 1
            self.passed += outcome == "passed"
            self.undecided += outcome == "undecided"
            self.other_words += strays and outcome not in ("passed", "undecided")
            if strays or (outcome == "passed") != (answer.role in RIGHT):
                told = f"{outcome}: {message}"[:200]
                self.lies[told] = self.lies.get(told, 0) + 1

    def as_row(self) -> dict:
        """Return what is kept in the file: nothing that is nought."""
        return {name: value for name, value in vars(self).items() if value}


class Kept:
    """What was found so far, in memory and in a file.

    Args:
        path: of the file, JSON.
        answers: those that are asked for; the file keeps the others too.
    """

    def __init__(self, path: Path, answers: list[Answer]) -> None:
        self.path, self.answers = path, answers
        self._lock = threading.Lock()
        rows = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        self._rows = {name: Found(**row) for name, row in rows.items()}

    def of(self, mode: str, answer: Answer) -> Found:
        """Return what was found on an answer in a mode, with the lesson's files as they are."""
        name, now = f"{mode} {answer}", digest(answer)
        if name not in self._rows or self._rows[name].digest != now:
            self._rows[name] = Found(now)
        return self._rows[name]

    def add(self, mode: str, answer: Answer, batch: list[dict]) -> None:
        """Keep the verdicts of one more batch."""
        with self._lock:
            self.of(mode, answer).add(answer, batch)
            rows = (
                f"{json.dumps(name)}: {json.dumps(row.as_row())}" for name, row in sorted(self._rows.items())
            )
            draft = self.path.with_suffix(".draft")
            draft.write_text("{\n" + ",\n".join(rows) + "\n}\n", encoding="utf-8")
            draft.replace(self.path)


@functools.cache
def digest(answer: Answer) -> str:
    """Return a short name for what decides about an answer: its code, its notebook's, and the checks."""
    files = course.lesson(answer.stem)
    cells = nbformat.read(files.path(answer.kind), as_version=4).cells
    texts = [c.source for c in cells if c.cell_type == "code" and "demo" not in c.metadata.get("tags", ())]
    texts += [
        answer.source or "",
        says(answer),
        *(path.read_text(encoding="utf-8") for path in sorted(files.checks.glob("[elw]*"))),
    ]
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:8]


def judge_all(kept: Kept, mode: str, wanted: int, end: float) -> None:
    """Judge every answer until there are as many verdicts as wanted, a batch of each in turn."""
    batches = [
        (done, answer, min(BATCH, wanted - done))
        for answer in kept.answers
        for done in range(kept.of(mode, answer).verdicts, wanted, BATCH)
    ]
    random.Random(0).shuffle(batches)  # those that compute among those that mostly wait
    batches.sort(key=lambda batch: batch[0])
    with MODES[mode]() as started, ThreadPoolExecutor(AT_ONCE[mode]) as pool:
        for _, answer, runs in batches:
            pool.submit(judge_batch, kept, mode, answer, runs, started, end)


def judge_batch(kept: Kept, mode: str, answer: Answer, runs: int, started, end: float) -> None:
    """Judge one answer some times, in a process of its own."""
    if time.monotonic() > end:
        return
    found, trouble = judged(answer, runs, started)
    if found:
        kept.add(mode, answer, found)
    if trouble:
        print(f"{answer}: {runs - len(found)} verdicts are missing: {trouble}")


def report(kept: Kept, mode: str) -> None:
    """Print one line for each lesson, then every untrue message."""
    rows = [(answer, kept.of(mode, answer)) for answer in kept.answers]
    fewest = min((found.verdicts for _, found in rows), default=0)
    print(f"\n{mode}: at least {fewest} verdicts on each answer; {os.cpu_count()} cores, ", end="")
    print(f"Python {sys.version.split()[0]}, {AT_ONCE[mode]} judged at once\n")
    head = ("lesson", "answers", "verdicts", "false pass", "false fail", "other words", "undecided")
    head += ("ms right", "ms wrong")
    print("|", " | ".join(head), "|")
    print("|" + "---|" * len(head))
    for stem in dict.fromkeys(answer.stem for answer, _ in rows):
        print("|", " | ".join(map(str, line([row for row in rows if row[0].stem == stem], stem[:2]))), "|")
    print("|", " | ".join(map(str, line(rows, "all"))), "|\n")
    for answer, found in rows:
        for message, times in found.lies.items():
            print(f"{times} of {found.verdicts} on {answer}: {message}")


def line(rows: list[tuple[Answer, Found]], name: str) -> list:
    """Add up what was found on some answers."""
    right = [found for answer, found in rows if answer.role in RIGHT]
    wrong = [found for answer, found in rows if answer.role not in RIGHT]
    every = [*right, *wrong]

    def total(what: str, of: list[Found]) -> int:
        return sum(getattr(found, what) for found in of)

    return [
        name,
        len(rows),
        total("verdicts", every),
        total("passed", wrong),
        total("verdicts", right) - total("passed", right) - total("undecided", right),
        total("other_words", wrong),
        total("undecided", every),
        round(statistics.median([found.ms for found in right if found.ms] or [0])),
        round(statistics.median([found.ms for found in wrong if found.ms] or [0])),
    ]


if __name__ == "__main__":
    main()

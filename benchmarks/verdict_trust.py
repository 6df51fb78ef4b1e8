"""How often a verdict lies: every answer of every lesson judged again and again, idle, loaded and throttled.

    python benchmarks/verdict_trust.py [--lessons 07 14] [--modes idle loaded throttled] [--minutes 60]

An answer is a starter, fix, alternative or wrong answer of solutions/. It is judged in a process of its own,
which runs the starter's cells with the answer in place and then the hidden assertions, as a check does, each
time in a fresh namespace. Beside it stands the naive rule: right is what takes at most half the starter's
time in the lesson's first check; it is asked once for every ten verdicts. "loaded" means four busy processes;
"throttled" that a judging process and its servers run for 20 of every 100 ms (SIGSTOP, so not on Windows).

Each verdict is kept at once in a file, .kettle/trust.jsonl, so a run can be stopped and goes on where it was.
Verdicts count as long as the lesson's notebooks, solutions and checks stay as they are; after a change to a
probe, begin a new file.
"""

import argparse
import hashlib
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from judging import Answer
from modes import AT_ONCE, MODES

from kettle import course

sys.path.insert(0, str(course.ROOT / "tests"))
from contract import answers_of

WANTED = {"idle": 200, "loaded": 100, "throttled": 100}  # verdicts on each answer
RIGHT = ("fix", "alternative")
BATCH = 10  # verdicts by one process, and for each time that the naive rule is asked
KEPT = course.ROOT / ".kettle" / "trust.jsonl"


def main() -> None:
    """Judge what is still wanted, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--verdicts", type=int, help="on each answer in each mode; else 200, 100 and 100")
    parser.add_argument("--modes", nargs="+", default=[*MODES], choices=MODES)
    parser.add_argument("--lessons", nargs="+", help="numbers; all of them if left out")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="start nothing new after them")
    parser.add_argument("--keep", type=Path, default=KEPT, metavar="FILE", help="where verdicts are kept")
    parser.add_argument("--report", action="store_true", help="print the table of what is kept; judge nothing")
    options = parser.parse_args()
    stems = [f.stem for f in course.lessons() if not options.lessons or f.stem[:2] in options.lessons]
    kept = Kept(options.keep, [answer for stem in stems for answer in answers_of(stem)])
    end = time.monotonic() + 60 * options.minutes
    for mode in options.modes:
        if not options.report:
            judge_all(kept, mode, options.verdicts or WANTED[mode], end)
        report(kept, mode)


class Kept:
    """The verdicts so far, in memory and in a file.

    Args:
        path: of the file, one verdict in a line of JSON.
        answers: those that count.
    """

    def __init__(self, path: Path, answers: list[Answer]) -> None:
        self.path, self.answers = path, answers
        self._keys = {(str(answer), digest(answer.stem)): answer for answer in answers}
        self._found: dict[tuple[str, Answer], list[dict]] = defaultdict(list)
        self._lock = threading.Lock()
        path.parent.mkdir(parents=True, exist_ok=True)
        for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
            found = json.loads(line)
            answer = self._keys.get((found["answer"], found["digest"]))
            if answer is not None:
                self._found[found["mode"], answer].append(found)

    def of(self, mode: str, answer: Answer) -> list[dict]:
        """Return the verdicts on an answer in a mode."""
        return self._found[mode, answer]

    def add(self, mode: str, answer: Answer, found: dict) -> None:
        """Keep one more."""
        told = {"mode": mode, "answer": str(answer), "digest": digest(answer.stem), **found}
        with self._lock, self.path.open("a", encoding="utf-8") as file:
            self._found[mode, answer].append(told)
            file.write(json.dumps(told) + "\n")


def digest(stem: str) -> str:
    """Return a short name for a lesson's files as they are now."""
    files = course.lesson(stem)
    texts = [path.read_bytes() for path in (files.notebook, files.exercise, files.solution, files.check)]
    return hashlib.sha256(b"".join(texts)).hexdigest()[:12]


def judge_all(kept: Kept, mode: str, wanted: int, end: float) -> None:
    """Judge every answer until there are as many verdicts as wanted, a batch of each in turn."""
    batches = [
        (done, answer, min(BATCH, wanted - done))
        for answer in kept.answers
        for done in range(len(kept.of(mode, answer)), wanted, BATCH)
    ]
    batches.sort(key=lambda batch: batch[0])
    with MODES[mode]() as started, ThreadPoolExecutor(AT_ONCE[mode]) as pool:
        for _, answer, runs in batches:
            pool.submit(judge_batch, kept, mode, answer, runs, started, end)


def judge_batch(kept: Kept, mode: str, answer: Answer, runs: int, started, end: float) -> None:
    """Judge one answer some times, in a process of its own."""
    if time.monotonic() > end:
        return
    process = subprocess.Popen(
        [sys.executable, Path(__file__).with_name("judging.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=course.ROOT,
        env={**os.environ, "KETTLE_CERTIFYING": "1", "OPENBLAS_NUM_THREADS": "1"},
    )
    trouble: list[str] = []
    reader = threading.Thread(target=lambda: trouble.extend(process.stderr), daemon=True)
    reader.start()
    started(process.pid)
    process.stdin.write(json.dumps({"answer": vars(answer), "runs": runs, "naive_every": BATCH}) + "\n")
    process.stdin.close()
    found = [json.loads(line) for line in process.stdout if line.startswith("{")]
    for verdict in found:
        kept.add(mode, answer, verdict)
    process.wait()
    if len(found) < runs:
        reader.join(1)
        print(f"{answer}: {runs - len(found)} verdicts are missing: {''.join(trouble[-1:]).strip()}")


def report(kept: Kept, mode: str) -> None:
    """Print one line for each lesson, then every kind of lie."""
    rows = [(answer, kept.of(mode, answer)) for answer in kept.answers]
    fewest = min((len(found) for _, found in rows), default=0)
    print(f"\n{mode}: at least {fewest} verdicts on each answer; {os.cpu_count()} cores, ", end="")
    print(f"Python {sys.version.split()[0]}, {AT_ONCE[mode]} judged at once\n")
    head = ("lesson", "answers", "verdicts", "false pass", "false fail", "other words", "undecided")
    head += ("ms right", "ms wrong", "naive false pass", "naive false fail")
    print("|", " | ".join(head), "|")
    print("|" + "---|" * len(head))
    for stem in dict.fromkeys(answer.stem for answer, _ in rows):
        print("|", " | ".join(map(str, line([row for row in rows if row[0].stem == stem], stem[:2]))), "|")
    print("|", " | ".join(map(str, line(rows, "all"))), "|\n")
    for answer, found in rows:
        told = [f"{f['outcome']}: {f['message'][:200]}" for f in found if lies(answer, f) or strays(answer, f)]
        for message in dict.fromkeys(told):
            print(f"{told.count(message)} of {len(found)} on {answer}: {message}")


def lies(answer: Answer, found: dict) -> bool:
    """Whether a wrong answer was passed, or a right one was not."""
    return (found["outcome"] == "passed") != (answer.role in RIGHT)


def strays(answer: Answer, found: dict) -> bool:
    """Whether a wrong answer was told something else than its cause."""
    return answer.role not in RIGHT and answer.says not in found["message"]


def line(rows: list[tuple[Answer, list[dict]]], name: str) -> list:
    """Add up the verdicts of some answers."""
    right = [f for answer, found in rows if answer.role in RIGHT for f in found]
    wrong = [(answer, f) for answer, found in rows if answer.role not in RIGHT for f in found]
    asked_right = [f["naive"] for f in right if "naive" in f]
    asked_wrong = [f["naive"] for _, f in wrong if "naive" in f]
    return [
        name,
        len(rows),
        len(right) + len(wrong),
        sum(f["outcome"] == "passed" for _, f in wrong),
        sum(f["outcome"] not in ("passed", "undecided") for f in right),
        sum(f["outcome"] == "not yet" and strays(answer, f) for answer, f in wrong),
        sum(f["outcome"] == "undecided" for f in [*right, *(f for _, f in wrong)]),
        round(statistics.median([f["ms"] for f in right] or [0])),
        round(statistics.median([f["ms"] for _, f in wrong] or [0])),
        f"{sum(asked_wrong)} of {len(asked_wrong)}",
        f"{len(asked_right) - sum(asked_right)} of {len(asked_right)}",
    ]


if __name__ == "__main__":
    main()

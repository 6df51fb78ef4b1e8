"""Kill the kernel of each lesson with SIGKILL at random moments; then see what it leaves behind.

    python benchmarks/kill_storm.py [--kills 200] [--at-once 4] [--lessons 14 19] [--seed 1]

A kernel runs its lesson from top to bottom, with a check after the panel, and is killed somewhere on the way:
half of the kills on a machine that is idle otherwise, half with four busy processes beside it. Some seconds
later no process and no file of it may be left, no notebook may have changed, and progress must be readable.
Everything that a run starts carries a mark in its environment, daemons too, and has a temporary folder of its
own, so that nothing is overlooked. A row of the table is a lesson; each number but the first should be 0.
"""

import argparse
import hashlib
import json
import multiprocessing
import os
import random
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import psutil
from jupyter_client.manager import start_new_kernel

from kettle.files import course
from kettle.processes.marks import marked, runs

MARK = "KETTLE_STORM"
AFTER = 5.0  # seconds until everything must be gone
BUSY = 4
WHOLE = 60.0  # seconds: about how long a lesson runs from top to bottom; kills lie between 0 and this
FOLDERS = ("checks", "exercises", "kettle", "notebooks", "solutions")


@dataclass
class Left:
    """What one killed kernel left behind."""

    lesson: str
    busy: bool
    moment: float  # seconds from its first cell
    where: str = ""  # the cell that ran
    processes: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Whether nothing was left."""
        return not (self.processes or self.files or self.changed or self.damaged)


def main() -> int:
    """Storm, print the table, and return 1 if anything was left."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=200, help="in all")
    parser.add_argument("--at-once", type=int, default=2, help="kernels at a time")
    parser.add_argument("--lessons", nargs="*", type=int, help="numbers; all of them where none is given")
    parser.add_argument("--whole", type=float, default=WHOLE, help="kills lie within so many seconds")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    asked = parser.parse_args()
    files = [each for each in course.lessons() if not asked.lessons or each.number in asked.lessons]
    print(f"{asked.kills} kills, seed {asked.seed}", flush=True)
    found = []
    for busy in (False, True):
        kills = asked.kills // 2 + (asked.kills % 2 if busy else 0)
        found += storm([files[n % len(files)].stem for n in range(kills)], busy, asked)
    report(found)
    return 0 if all(left.clean for left in found) else 1


def storm(stems: list[str], busy: bool, asked: argparse.Namespace) -> list[Left]:
    """Kill a kernel of each of these lessons, several at once."""
    rng = random.Random(f"{asked.seed} {busy}")
    moments = [rng.uniform(0, asked.whole) for _ in stems]
    burners = [multiprocessing.Process(target=burn, daemon=True) for _ in range(BUSY if busy else 0)]
    for burner in burners:
        burner.start()
    try:
        with ThreadPoolExecutor(asked.at_once) as pool:
            found = []
            for left in pool.map(lambda each: kill_once(*each, busy), zip(stems, moments, strict=True)):
                found.append(left)
                if not left.clean:
                    print(f"left behind: {left}", flush=True)
                if len(found) % 10 == 0:  # whoever stops the storm knows how far it came
                    print(f"{len(found)} of {len(stems)} {'busy' if busy else 'idle'}", flush=True)
    finally:
        for burner in burners:
            burner.kill()
            burner.join()
    return found


def burn() -> None:
    """Keep a processor busy until the storm is over."""
    parent = os.getppid()
    while os.getppid() == parent:
        sum(range(100_000))


def kill_once(stem: str, moment: float, busy: bool = False, first: str = "") -> Left:
    """Run one lesson in a copy of the course, kill its kernel at a moment, and look at what is left.

    Args:
        stem: of the lesson.
        moment: seconds from its first cell.
        busy: whether others keep the machine busy, to be noted.
        first: code to be run before the lesson.
    """
    left, token = Left(stem, busy, moment), secrets.token_hex(8)
    with tempfile.TemporaryDirectory(prefix="kill-storm-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)  # a database that runs as nobody passes through
        copy_course(folder)
        before = digests(folder)
        own = [folder / "temporary", folder / "runtime"]
        for each in own:
            each.mkdir()
            each.chmod(0o777)
        path = folder / "notebooks" / f"{stem}.ipynb"
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith(("KETTLE_", "PYTEST_"))},
            MARK: token,
            "PYTHONPATH": str(folder),
            "TMPDIR": str(own[0]),
            "JUPYTER_RUNTIME_DIR": str(own[1]),
            "IPYTHONDIR": str(folder / "ipython"),
            "JPY_SESSION_NAME": str(path),
        }
        try:
            run_and_kill([first, *cells(path)], path.parent, environment, left)
            time.sleep(AFTER)
            left.processes = [" ".join(each.cmdline())[:120] or each.name() for each in alive(token)]
            left.files = [str(each.relative_to(folder)) for each in own[0].iterdir()]
            after = digests(folder)
            left.changed = [
                each for each in before.keys() | after.keys() if before.get(each) != after.get(each)
            ]
            left.damaged = [str(each) for each in (folder / ".kettle").rglob("*") if not sound(each)]
        finally:
            for process in alive(token):
                process.kill()
    return left


def run_and_kill(sources: list[str], place: Path, environment: dict[str, str], left: Left) -> None:
    """Run cells in a kernel until the moment comes; note which one it was."""
    quiet = dict.fromkeys(("stdout", "stderr"), subprocess.DEVNULL)
    manager, client = start_new_kernel(kernel_name="python3", cwd=str(place), env=environment, **quiet)
    killed = threading.Event()

    def kill() -> None:
        os.kill(manager.provisioner.pid, 9)
        killed.set()

    timer = threading.Timer(left.moment, kill)
    timer.start()
    try:
        while not killed.is_set():  # one that is done early begins anew
            for source in sources:
                left.where = source.strip().splitlines()[0][:60] if source.strip() else ""
                client.execute(source, allow_stdin=False)
                while not killed.is_set():
                    try:
                        if client.get_iopub_msg(timeout=0.1)["content"].get("execution_state") == "idle":
                            break
                    except Exception:  # noqa: BLE001 - Empty, or a channel that went with the kernel
                        continue
                if killed.is_set():
                    return
    finally:
        timer.join()
        client.stop_channels()
        manager.provisioner.process.wait()


def cells(path: Path) -> list[str]:
    """List what a learner runs: every code cell, predictions locked in, and a check after the panel."""
    found = []
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code":
            found.append(cell.source)
        if "lesson.predict(" in cell.source:
            found.append("lesson.lock_in(**{asked.name: 1 for asked in lesson._asked})")
        if "lesson.panel()" in cell.source:
            found.append("lesson.check()")
    return found


def copy_course(folder: Path) -> None:
    """Copy what a learner has."""
    for name in FOLDERS:
        shutil.copytree(course.ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("conftest.py", "pyproject.toml"):
        shutil.copy(course.ROOT / name, folder)


def digests(folder: Path) -> dict[str, str]:
    """Digest each file of the course, wherever it lies, but for what Python compiles."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for name in FOLDERS
        for path in (folder / name).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def alive(token: str) -> list[psutil.Process]:
    """List the processes of one run that still run."""
    return [each for each in marked(MARK, token) if runs(each)]


def sound(path: Path) -> bool:
    """Whether a file of progress can be read; a half-written one beside it is one that was given up."""
    if path.suffix != ".json":
        return True
    try:
        json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return False
    return True


def report(found: list[Left]) -> None:
    """Print a row for each lesson and for each state of the machine."""
    heads = ("kills", "processes", "files", "changed", "damaged")
    print(f"\n{'':32}{''.join(f'{head:>11}' for head in heads)}")
    for busy in (False, True):
        for lesson in sorted({left.lesson for left in found}):
            rows = [left for left in found if left.lesson == lesson and left.busy == busy]
            if rows:
                counts = [len(rows), *(sum(bool(getattr(left, head)) for left in rows) for head in heads[1:])]
                print(f"{lesson[:24]:25}{'busy' if busy else 'idle':7}{''.join(f'{n:11}' for n in counts)}")
    print(f"\n{sum(left.clean for left in found)} of {len(found)} left nothing.")


if __name__ == "__main__":
    sys.exit(main())

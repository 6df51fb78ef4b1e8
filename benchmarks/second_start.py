"""From `start.py` to a JupyterLab that answers, where the course is set up already.

    python benchmarks/second_start.py [--runs 9]

In turn, in random order: start.py, and `jupyter lab` as it comes in the same environment. A run ends when the
landing page's address has answered. The first run of each is left out: it may set the course up.
"""

import argparse
import os
import random
import re
import signal
import statistics
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON = ROOT / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
ADDRESS = re.compile(r"http://(?:127\.0\.0\.1|localhost):\d+/\S*\?token=\w+")
PATIENCE = 120  # seconds; a first run may have to set up
LAB = ["-m", "jupyterlab", "--ServerApp.ip=127.0.0.1", "--allow-root", "--ServerApp.answer_yes=True"]
WAYS = {
    "start.py": [sys.executable, ROOT / "start.py", "--no-browser"],
    "jupyter lab": [PYTHON, *LAB, f"--ServerApp.root_dir={ROOT}", "--no-browser"],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=9, help="runs of each way")
    runs = parser.parse_args().runs
    took = {way: [] for way in WAYS}
    for command in WAYS.values():
        seconds_to_answer(command)
    for _ in range(runs):
        for way in random.sample(list(WAYS), len(WAYS)):
            took[way].append(seconds_to_answer(WAYS[way]))
    report(took)


def seconds_to_answer(command: list) -> float:
    """Start, wait until the page has come, and end what was started."""
    begun = time.perf_counter()
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    with subprocess.Popen(
        command, cwd=ROOT, text=True, errors="replace", start_new_session=True, **pipes
    ) as lab:
        try:
            lines = []
            for line in lab.stdout:
                lines.append(line)
                if found := ADDRESS.search(line):
                    answer(found[0], begun + PATIENCE)
                    return time.perf_counter() - begun
            raise SystemExit("JupyterLab did not start:\n" + "".join(lines[-12:]))
        finally:
            if lab.poll() is None:
                lab.send_signal(signal.SIGTERM)


def answer(address: str, deadline: float) -> None:
    """Ask until the page comes: the address is printed a moment before it is listened on."""
    while True:
        try:
            with urllib.request.urlopen(address, timeout=30) as page:
                page.read()
                return
        except OSError:
            if time.perf_counter() > deadline:
                raise
            time.sleep(0.01)


def report(took: dict[str, list[float]]) -> None:
    """Print the table: medians with the fastest and the slowest run."""
    print(f"{'':14}{'runs':>5}{'median':>9}{'fastest':>9}{'slowest':>9}")
    for way, rows in took.items():
        print(f"{way:14}{len(rows):5}{statistics.median(rows):9.2f}{min(rows):9.2f}{max(rows):9.2f}")


if __name__ == "__main__":
    main()

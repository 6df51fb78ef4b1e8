"""What an open lesson costs: kernel, shop and database, checking process; waiting for a click, and at rest.

    python benchmarks/memory.py [--lessons 14 19]

Each lesson's cells are run up to its check panel, in a kernel of its own, one lesson after another. Sizes are
PSS, in MB: memory that processes share is divided among them. At rest means: untouched for so long that the
checking process was let go (here after some seconds). Only Linux tells PSS.
"""

import argparse
import os
import secrets
import subprocess
import sys
import tempfile
import time
from itertools import takewhile
from pathlib import Path

import psutil
from jupyter_client.manager import start_new_kernel
from kill_storm import cells, copy_course

from kettle.files import course
from kettle.processes.marks import marked

MARK = "KETTLE_MEMORY"
REST = 15.0  # seconds; a learner's is minutes
PARTS = ("kernel", "workers", "shop", "database", "sweeper", "checking")


def main() -> None:
    """Open each lesson and print its rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lessons", nargs="*", type=int, help="numbers; all of them where none is given")
    asked = parser.parse_args()
    print(f"{'':24}{'':9}{''.join(f'{part:>10}' for part in (*PARTS, 'in all'))}")
    for files in course.lessons():
        if not asked.lessons or files.number in asked.lessons:
            for state, sizes in measure(files.stem).items():
                told = "".join(f"{sizes.get(part, 0) / 1e6:10.0f}" for part in PARTS)
                print(f"{files.stem[:22]:24}{state:9}{told}{sum(sizes.values()) / 1e6:10.0f}", flush=True)


def measure(stem: str) -> dict[str, dict[str, int]]:
    """Run a lesson up to its panel; return the bytes of its parts, waiting for a click and at rest."""
    token = secrets.token_hex(8)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        copy_course(folder)
        path = folder / "notebooks" / f"{stem}.ipynb"
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith(("KETTLE_", "PYTEST_"))},
            MARK: token,
            "KETTLE_REST": str(REST),
            "PYTHONPATH": str(folder),
            "JPY_SESSION_NAME": str(path),
        }
        quiet = dict.fromkeys(("stdout", "stderr"), subprocess.DEVNULL)
        manager, client = start_new_kernel(
            kernel_name="python3", cwd=str(path.parent), env=environment, **quiet
        )
        try:
            for source in up_to_panel(path):
                client.execute_interactive(source, timeout=300, output_hook=fail)
            time.sleep(6)  # the checking process has started
            found = {"waiting": parts(token, manager.provisioner.pid)}
            end = time.monotonic() + 2 * REST
            while "checking" in parts(token, manager.provisioner.pid) and time.monotonic() < end:
                time.sleep(1)
            found["at rest"] = parts(token, manager.provisioner.pid)
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
    return found


def up_to_panel(path: Path) -> list[str]:
    """List the code cells up to the panel, with predictions locked in."""
    return list(takewhile(lambda source: source != "lesson.check()", cells(path)))


def fail(message: dict) -> None:
    """Stop where a cell fails."""
    if message["msg_type"] == "error":
        sys.exit(f"A cell failed: {message['content']['evalue']}")


def parts(token: str, kernel: int) -> dict[str, int]:
    """Add up the bytes of what a run has started, by what it is for."""
    found: dict[str, int] = {}
    checking = {"kettle.checking.runner.warm"}
    for process in marked(MARK, token):
        try:
            words, size = " ".join(process.cmdline()), process.memory_full_info().pss
            above = " ".join(" ".join(parent.cmdline()) for parent in process.parents())
        except psutil.Error:
            continue
        part = next((part for word, part in KINDS.items() if word in words), "workers")
        if process.pid == kernel:
            part = "kernel"
        elif any(word in words + above for word in checking):
            part = "checking"
        found[part] = found.get(part, 0) + size
    return found


KINDS = {
    "kettle.shop.server": "shop",
    "kettle.database.supervisor": "database",
    "postgres": "database",
    "sweeper.py": "sweeper",
}


if __name__ == "__main__":
    main()

"""The warm process: pytest with everything imported and a kernel started, held at a gate until asked.

It does what `pytest --nbval-lax NOTEBOOK` does, once, and ends. It is talked to over its standard streams: a
line "go" opens the gate; the end of its standard input ends it, its kernel and all that they started.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from kettle.checking.runner import plugin
from kettle.checking.runner.kernel import CertifyingKernel
from kettle.checking.runner.nbval_adapter import ARGUMENTS
from kettle.processes import CHECK, marks
from kettle.processes.family import end_children
from kettle.processes.owner import FOLDER


class Gate:
    """A pytest plugin that starts a kernel, waits for the word, and tells each finding as it comes.

    Args:
        notebook: the notebook to be checked.
        tell: called with each event, a dictionary.
    """

    def __init__(self, notebook: Path, tell: Callable[[dict], object]) -> None:
        self.notebook, self.tell = notebook, tell
        self.undecided: set[str] = set()  # items that the verdict waits for
        self.left = 0

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> None:
        """Start the kernel, then wait at the gate."""
        vars(session.config)["kettle_kernel_ahead"] = CertifyingKernel(self.notebook)
        plugin.prepare_schema()
        self.tell({"event": "ready"})
        if sys.stdin.readline().strip() != "go":
            self.end()
        threading.Thread(target=self.end_with_asker, daemon=True).start()

    def end_with_asker(self) -> None:
        """End at once when nobody waits for the verdict any more."""
        sys.stdin.read()
        self.end()

    def end(self) -> None:
        """End this process and all that it started, now; remove the folder that was made for their files."""
        # Not by the kernel's number: it may be starting just now.
        end_children(os.getpid())
        if mark := os.environ.get(CHECK):
            marks.end(lambda: marks.marked(CHECK, mark))
        folder = Path(tempfile.gettempdir())
        if folder.name.startswith(FOLDER):
            shutil.rmtree(folder, ignore_errors=True)
        os._exit(0)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note what is to come, so that the last finding is known to be the last."""
        self.left = len(session.items)
        self.undecided = {each.nodeid for each in session.items if plugin.is_deciding(each)}
        if not self.left:
            self.tell({"event": "decided"})
            self.tell({"event": "done"})

    def pytest_runtest_logstart(self, location: tuple) -> None:
        """Say what is looked at now."""
        self.tell({"event": "checking", "what": location[2].partition(": ")[2]})

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Tell the findings of one item as soon as it is known, without waiting for the kernel's end."""
        if not plugin.decides(report):
            return
        findings = plugin.findings_of([report])
        for finding in findings:
            self.tell({"event": "finding", "finding": finding.as_dict()})
        if report.failed and not findings:
            self.tell({"event": "trouble", "message": report.longreprtext.strip().splitlines()[-1]})
        self.left -= 1
        if report.nodeid in self.undecided:
            self.undecided.remove(report.nodeid)
            if not self.undecided:
                self.tell({"event": "decided"})
        if self.left == 0:
            self.tell({"event": "done"})


def watch_parent(parent: int, gate: Gate) -> None:
    """End this process when its parent is gone, even if something keeps our standard input open."""
    while os.getppid() == parent:
        time.sleep(1)
    gate.end()


def main(notebook: Path, parent: int) -> int:
    """Wait at the gate, check one notebook, and end.

    Args:
        notebook: the notebook to be checked.
        parent: the process that asks. It is told, since it may be gone by now, and then nobody can be asked.
    """
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8", buffering=1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    gate = Gate(notebook, lambda event: out.write(json.dumps(event) + "\n"))
    if os.name == "posix":
        threading.Thread(target=watch_parent, args=(parent, gate), daemon=True).start()
    return pytest.main(
        [
            *ARGUMENTS,
            str(notebook),
            f"--rootdir={notebook.parent}",
            f"--config-file={Path(__file__).with_name('pytest.ini')}",
            "--noconftest",
            "--override-ini=addopts=",
            "-s",  # our standard streams are the line to the asker
            "-pno:cacheprovider",
            "-pno:faulthandler",
        ],
        plugins=[gate, plugin],
    )


if __name__ == "__main__":
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))

"""The kernel in which a notebook is certified: it dies loudly, and never outlives its limit."""

from __future__ import annotations

import time
from pathlib import Path
from queue import Empty
from typing import Any

from jupyter_client.jsonutil import parse_date

from kettle.checking.checks import find_checks
from kettle.checking.runner.assertions import environment_with_assertions
from kettle.checking.runner.nbval_adapter import Kernel
from kettle.processes.family import end_family, memory_of_family

MEMORY_LIMIT = 1_500_000_000  # bytes; the course's own checks stay far below
PREPARE = """from kettle.checking.runner import judge as _kettle_judge
_kettle_judge.prepare({!r}, {!r})
del _kettle_judge"""


class CellTimeout(Exception):
    """A cell ran past its limit."""


class KernelDied(Exception):
    """The kernel's process ended while a cell ran."""


class TooMuchMemory(Exception):
    """A cell took more memory than a classroom has."""


class CertifyingKernel(Kernel):
    """A kernel that notices its end at once and kills what does not stop.

    Args:
        notebook: the notebook that will be run; its folder is where the kernel runs.
        wanted: the kernel's name, and the seconds that it may take to start.

    Raises:
        RuntimeError: it did not start.
    """

    def __init__(self, notebook: Path, *wanted: Any) -> None:
        self.notebook = notebook
        self.code_seconds = 0.0  # that the last cell ran in the kernel
        environment = environment_with_assertions() | {"KETTLE_CERTIFYING": "1", "OPENBLAS_NUM_THREADS": "1"}
        environment.pop("JPY_SESSION_NAME", None)  # it would name the notebook that asked, not this one
        super().__init__(notebook.parent, environment, *wanted)
        prepare = PREPARE.format(str(find_checks(notebook)), str(notebook))
        self.await_reply(self.execute_cell_input(prepare, allow_stdin=False))

    def await_reply(self, msg_id: str, timeout: float | None = None) -> None:
        """Wait for a cell's reply, looking after the kernel meanwhile.

        Args:
            msg_id: of the request.
            timeout: seconds; `cell_limit` applies where it is shorter.

        Raises:
            CellTimeout, KernelDied, TooMuchMemory: with the rest of a sentence that names the cell.
        """
        limit = min(timeout or self.cell_limit, self.cell_limit)
        end = time.monotonic() + limit
        while True:
            try:
                message = self.get_message(stream="shell", timeout=0.2)
            except Empty:
                self._look_after(end, limit)
                continue
            if message["parent_header"].get("msg_id") == msg_id:
                self.code_seconds = _seconds(message)
                if any(p.get("source") == "ask_exit" for p in message["content"].get("payload", ())):
                    raise KernelDied("ended the Python process: leave quit() and exit() out.")
                return

    def _look_after(self, end: float, limit: float) -> None:
        if not self.is_alive():
            raise KernelDied("ended the Python process: is there an os._exit(), or a crash in C code?")
        if time.monotonic() > end:
            self.kill()
            raise CellTimeout(
                f"was still running after {limit:g} s: is there a loop that never ends, "
                "or an await that nothing will ever wake?"
            )
        if memory_of_family(self.process.pid, MEMORY_LIMIT) > MEMORY_LIMIT:  # worker processes count, too
            self.kill()
            raise TooMuchMemory(
                f"took more than {MEMORY_LIMIT / 1e9:g} GB of memory and was stopped: what keeps growing?"
            )

    def kill(self) -> None:
        """End the kernel's process and everything that it started, at once."""
        end_family(self.process)

    def stop(self) -> None:
        """End the kernel; nothing of it is left running."""
        self.kill()
        super().stop()


def _seconds(reply: dict) -> float:
    """Return how long a cell ran, by the kernel's own account, in seconds."""
    started = reply["metadata"].get("started")
    if not started:
        return 0.0
    return max(0.0, (reply["header"]["date"] - parse_date(started)).total_seconds())

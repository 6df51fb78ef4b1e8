"""The kernel's end of the control pipe: starts a supervisor, asks it, and lets it go."""

import atexit
import contextlib
import itertools
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from kettle.database.folder import NoServer
from kettle.processes import TIDIES_UP

PACKAGE_PARENT = Path(__file__).resolve().parents[2]
START_PATIENCE = 130.0  # seconds; a start takes one or two, on a busy machine many more
ANSWER_PATIENCE = 30.0
_running: dict[str, "SupervisorProcess"] = {}
_lock = threading.RLock()


class SupervisorProcess:
    """A supervisor process and the pipe to it."""

    def __init__(self, own: dict | None = None) -> None:
        self.owner = os.getpid()
        self._answers: queue.Queue[dict | None] = queue.Queue()
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self.process = _start(own is not None)
        threading.Thread(target=self._listen, name="kettle-database", daemon=True).start()
        self._send({"parent": self.owner, "own": own})
        try:
            self.server = self._receive(START_PATIENCE, 0)
        except BaseException:
            self.close()
            raise

    def ask(self, do: str, **details: object) -> object:
        """Ask the supervisor to do something and return its answer.

        Raises RuntimeError if the supervisor is gone, or in a process other than the one that started it.
        """
        if os.getpid() != self.owner:
            raise RuntimeError(
                "This database was opened in another process: pass its url, not the database itself."
            )
        with self._lock:
            number = next(self._numbers)
            self._send({"id": number, "do": do, "with": details})
            return self._receive(ANSWER_PATIENCE, number)

    @property
    def alive(self) -> bool:
        """Whether the supervisor can still be asked from this process."""
        return os.getpid() == self.owner and self.process.poll() is None

    def close(self) -> None:
        """Let the supervisor stop its server and end; in a forked child, do nothing."""
        if os.getpid() != self.owner:
            return
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)

    def _listen(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            for line in self.process.stdout:
                self._answers.put(json.loads(line))
        self._answers.put(None)

    def _send(self, message: dict) -> None:
        try:
            self.process.stdin.write(json.dumps(message).encode() + b"\n")
            self.process.stdin.flush()
        except (OSError, ValueError):
            self._answers.put(None)

    def _receive(self, patience: float, number: int) -> object:
        while True:
            try:
                answer = self._answers.get(timeout=patience)
            except queue.Empty:
                raise NoServer(
                    f"The database's process did not answer within {patience:.0f} seconds."
                ) from None
            if answer is None:
                self._answers.put(None)  # for whoever asks next
                raise NoServer("The database's process has ended: open the database again.")
            if answer["id"] != number:
                continue  # a late answer to something nobody waits for any more
            if "no_server" in answer:
                raise NoServer(answer["no_server"])
            if "error" in answer:
                raise RuntimeError(f"The database's process could not do that: {answer['error']}")
            return answer["result"]


def _start(tidies_up: bool) -> subprocess.Popen[bytes]:
    environment = dict(os.environ)
    if tidies_up:
        # It drops our schemas from a server that stays, so whoever ends all that we started waits for it.
        environment[TIDIES_UP] = "1"
    paths = [str(PACKAGE_PARENT), os.environ.get("PYTHONPATH", "")]
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "kettle.database.supervisor"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=tempfile.gettempdir(),
        env={**environment, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
        start_new_session=True,  # an interrupt of the kernel's process group must not reach it
    )


def supervisor_for(own: dict | None = None) -> SupervisorProcess:
    """Return this kernel's running supervisor (one for each server), starting it if need be.

    Raises NoServer with a sentence where there can be no server.
    """
    key = json.dumps(own)
    with _lock:
        control = _running.get(key)
        if control is None or not control.alive:
            control = _running[key] = SupervisorProcess(own)
        return control


@atexit.register
def stop_servers() -> None:
    """Stop every server that this kernel has started; the next open_database() starts a new one."""
    with _lock:
        for control in _running.values():
            control.close()
        _running.clear()

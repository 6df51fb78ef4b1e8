"""The checker: asks a warm process whether a notebook's fix is right, and keeps the next process warm."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue

from kettle.checking.checks import gone_of
from kettle.checking.family import FOLDER, end_family
from kettle.checking.verdict import BROKEN, STOPPED, Finding, Verdict, verdict_of

START_LIMIT = 90.0  # seconds until a warm process is ready; a loaded classroom server is slow to start one
LIMIT = 180.0  # seconds for a whole check; each cell and each assertion has a shorter one of its own


class Checker:
    """Certifies one notebook, as `pytest --nbval-lax` does, but with everything started ahead.

    Args:
        notebook: path of the notebook.
        limit: seconds that a whole check may take.
    """

    def __init__(self, notebook: Path | str, limit: float = LIMIT) -> None:
        self.notebook = Path(notebook).resolve()
        self.limit = limit
        self._warm: _Process | None = None
        self._running: _Process | None = None
        self._lock = threading.Lock()
        self._stopped = False

    def warm_up(self) -> None:
        """Start the warm process in the background; return at once. Starting it twice starts one."""
        with self._lock:
            if self._warm is None or not self._warm.alive:
                self._warm = _Process(self.notebook)

    @property
    def settled(self) -> bool:
        """Whether nothing is being started or checked just now, so that a measurement is not disturbed."""
        return self._running is None and (self._warm is None or self._warm.ready or not self._warm.alive)

    def wait_settled(self, timeout: float = 15.0) -> bool:
        """Wait until nothing is being started or checked.

        Args:
            timeout: seconds to wait at most.
        """
        end = time.monotonic() + timeout
        while not self.settled and time.monotonic() < end:
            time.sleep(0.05)
        return self.settled

    def check(self, on_event: Callable[[str], None] | None = None) -> Verdict:
        """Run the notebook's cells and its hidden assertions in a fresh kernel.

        Args:
            on_event: called with what is being looked at, a short text, from this thread.

        Returns:
            The verdict; nothing is raised, whatever the notebook does.
        """
        started = time.perf_counter()
        self._stopped = False
        if not self.notebook.is_file():
            return Verdict(BROKEN, f"There is no notebook at {self.notebook.name}: was it moved or renamed?")
        verdict = None
        # A warm process may have been ended from outside: then a cold one gives the same verdict.
        for _ in range(2):
            try:
                self.warm_up()
            except OSError as error:
                return Verdict(BROKEN, f"The checker could not be started: {error.strerror}.")
            with self._lock:
                process, self._warm, self._running = self._warm, None, self._warm
            try:
                verdict = process.check(on_event or (lambda what: None), self.limit, started)
            finally:
                self._running = None
                threading.Thread(target=process.end, daemon=True).start()  # the verdict need not wait for it
            if verdict is not None or self._stopped:
                break
        if self._stopped:
            return Verdict(
                STOPPED, "You stopped the check before it was done.", seconds=time.perf_counter() - started
            )
        with suppress(OSError):
            self.warm_up()
        return verdict or Verdict(BROKEN, f"The checker could not be started: {process.trouble}")

    def stop(self) -> None:
        """Stop the check that is running, if one is; it then returns a verdict that says so."""
        self._stopped = True
        running = self._running
        if running is not None:
            running.end()

    def close(self) -> None:
        """End what was started ahead."""
        self.stop()
        with self._lock:
            if self._warm is not None:
                self._warm.end()
            self._warm = None


class _Process:
    """One warm process, and what it says."""

    def __init__(self, notebook: Path) -> None:
        self.events: SimpleQueue[dict] = SimpleQueue()
        self.ready = False
        self.notebook = notebook
        self.trouble = "it did not say why."
        # What is killed cannot tidy up after itself: kernels, pools and servers leave files behind.
        self._folder = tempfile.TemporaryDirectory(prefix=FOLDER, ignore_cleanup_errors=True)
        options = {"start_new_session": True}
        if sys.platform == "win32":
            options = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
        self.popen = subprocess.Popen(
            [sys.executable, "-m", "kettle.checking.warm", str(notebook)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            env={**os.environ, **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), self._folder.name)},
            **options,
        )
        threading.Thread(target=self._read, daemon=True).start()
        threading.Thread(target=self._read_trouble, daemon=True).start()

    @property
    def alive(self) -> bool:
        return self.popen.poll() is None

    def _read(self) -> None:
        for line in self.popen.stdout:
            try:
                event = json.loads(line)
            except ValueError:
                continue
            self.ready = self.ready or event["event"] == "ready"
            self.events.put(event)
        self.events.put({"event": "end"})

    def _read_trouble(self) -> None:
        for line in self.popen.stderr:
            if line.strip():
                self.trouble = line.strip()

    def check(self, tell: Callable[[str], None], limit: float, started: float) -> Verdict | None:
        """Open the gate and gather findings; None means that this process ended before it gave a verdict."""
        tell("Starting a fresh kernel" if not self.ready else "Opening your notebook")
        end = time.monotonic() + START_LIMIT
        findings: list[Finding] = []
        while True:
            try:
                event = self.events.get(timeout=max(0.0, end - time.monotonic()))
            except Empty:
                seconds = time.perf_counter() - started
                return Verdict(
                    BROKEN,
                    f"The check itself took more than {seconds:.0f} s and was stopped.",
                    seconds=seconds,
                )
            match event["event"]:
                case "ready":
                    end = time.monotonic() + limit
                    if not self._go():
                        return None
                case "checking":
                    tell(event["what"])
                case "finding":
                    findings.append(Finding.from_dict(event["finding"]))
                case "trouble":
                    findings.append(Finding("The check runs", BROKEN, event["message"], kind="cell"))
                case "done":
                    return verdict_of(findings, time.perf_counter() - started, gone_of(self.notebook))
                case "end":
                    return None

    def _go(self) -> bool:
        try:
            self.popen.stdin.write("go\n")
            self.popen.stdin.flush()
        except OSError:
            return False
        return True

    def end(self) -> None:
        """End the process, its kernel and everything that they started, with the files that these left."""
        end_family(self.popen.pid)
        self.popen.wait(10)
        with suppress(OSError):
            self.popen.stdin.close()
        self._folder.cleanup()

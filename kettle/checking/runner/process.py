"""One checking process as its asker sees it: started ahead, asked once, ended with all that it started."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import IO

import psutil

from kettle.checking.checks import gone_of
from kettle.checking.runner.assertions import environment_with_assertions
from kettle.checking.runner.verdict import BROKEN, Finding, Verdict, verdict_of
from kettle.processes import CHECK, OWNER, marks
from kettle.processes.family import end_family
from kettle.processes.owner import owner
from kettle.processes.start import APART

START_LIMIT = 90.0  # seconds until a warm process is ready; a loaded classroom server is slow to start one


class _Piped(subprocess.Popen[str]):
    stdin: IO[str]
    stdout: IO[str]
    stderr: IO[str]


class CheckingProcess:
    """A warm process, and what it says.

    Args:
        notebook: to be checked.

    Raises:
        OSError: it cannot be started.
    """

    def __init__(self, notebook: Path) -> None:
        self.events: SimpleQueue[dict] = SimpleQueue()
        self.notebook = notebook
        self.ready = False
        self.trouble = "it did not say why."
        self._findings: list[Finding] = []
        self._told: int | None = None  # of the findings, in the verdict, once it is decided
        self._ending = threading.Lock()
        me = owner()
        self._mark = secrets.token_hex(8)
        # What is killed cannot tidy up after itself: kernels, pools and servers leave files behind.
        self._folder = me.folder()
        temporary = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), self._folder.name)
        try:
            self.popen = _Piped(
                [sys.executable, "-m", "kettle.checking.runner.warm", str(notebook), str(os.getpid())],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                encoding="utf-8",
                errors="replace",
                env=environment_with_assertions() | temporary | {OWNER: me.token, CHECK: self._mark},
                **APART,
            )
        except BaseException:
            self._folder.cleanup()
            raise
        self._process = None
        with suppress(psutil.NoSuchProcess):  # where children are reaped by themselves
            self._process = psutil.Process(self.popen.pid)
        threading.Thread(target=self._read, daemon=True).start()
        threading.Thread(target=self._read_trouble, daemon=True).start()

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self.popen.poll() is None

    def check(self, tell: Callable[[str], None], limit: float, started: float) -> Verdict | None:
        """Open the gate and gather findings until the verdict is decided.

        Args:
            tell: called with what is being looked at.
            limit: seconds that it may take.
            started: when the check was asked for, by time.perf_counter.

        Returns:
            The verdict; None where this process ended before it gave one.
        """
        tell("Starting a fresh kernel" if not self.ready else "Opening your notebook")
        end = time.monotonic() + START_LIMIT
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
                    self._findings.append(Finding.from_dict(event["finding"]))
                case "trouble":
                    self._findings.append(Finding("The check runs", BROKEN, event["message"], kind="cell"))
                case "decided":
                    self._told = len(self._findings)
                    return verdict_of(self._findings, time.perf_counter() - started, gone_of(self.notebook))
                case "end":
                    return None

    def notes(self, limit: float) -> tuple[str, ...]:
        """Wait for what is told for interest, after the verdict.

        Args:
            limit: seconds to wait at most.

        Returns:
            Sentences; none where there is nothing to tell, or the process has ended.
        """
        if self._told is None:  # it did not come to a verdict
            return ()
        end = time.monotonic() + limit
        with suppress(Empty):
            while (event := self.events.get(timeout=max(0.0, end - time.monotonic())))["event"] != "end":
                if event["event"] == "done":
                    break
                if event["event"] == "finding":
                    self._findings.append(Finding.from_dict(event["finding"]))
        later = [f for f in self._findings[self._told :] if f.kind == "interest"]
        return verdict_of(later).notes

    def end(self) -> None:
        """End the process, its kernel and everything that they started, with the files that these left."""
        with self._ending:
            if self._process is not None:
                end_family(self._process)
            marks.end(lambda: marks.marked(CHECK, self._mark))  # what left the family, too
            with suppress(subprocess.TimeoutExpired):
                self.popen.wait(10)
            with suppress(OSError):
                self.popen.stdin.close()
            self._folder.cleanup()

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

    def _go(self) -> bool:
        try:
            self.popen.stdin.write("go\n")
            self.popen.stdin.flush()
        except OSError:
            return False
        return True

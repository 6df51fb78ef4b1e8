"""A server's program that a child runs: started in a folder of its own, and ended with the child."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from kettle.processes import ChildTrouble

Address = str | tuple[str, int]  # a socket's path, or host and port
LONGEST = 99  # bytes of a socket's path; systems allow 103 to 107


def address_in(path: Path) -> Address:
    """Return where a server can listen: this path of a socket, or else a port of loopback."""
    if os.name == "posix" and len(os.fsencode(path)) <= LONGEST:
        return str(path)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()


async def connect(address: Address, **options: Any) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect to where a server listens; options: of asyncio.open_connection."""
    if isinstance(address, str):
        return await asyncio.open_unix_connection(address, **options)
    return await asyncio.open_connection(*address, **options)


class Program:
    """A program that runs in `folder`; what it says goes into the file `log` there.

    name: begins sentences, which are raised as `trouble`. ending: the name of the signal that ends it, which
    it gets from Linux, too, when this process ends. options: of Popen, which may raise OSError.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        folder: Path,
        trouble: type[ChildTrouble],
        *,
        ending: str,
        **options: Any,
    ) -> None:
        self.name, self.trouble = name, trouble
        self._log = folder / "log"
        self._ending = getattr(signal, ending, signal.SIGTERM)  # Windows has only that one
        with self._log.open("wb") as stream:
            self._process = subprocess.Popen(
                command,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # an interrupt of the kernel's process group must not reach it
                preexec_fn=_end_with_parent(self._ending),  # noqa: PLW1509 - a single call of the C library
                **options,
            )
        self.pid = self._process.pid

    @property
    def lives(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def await_answer(self, answers: Callable[[str], bool], patience: float) -> None:
        """Wait so many seconds at most until `answers`, called with all that the program said, is true."""
        end = time.monotonic() + patience
        while time.monotonic() < end:
            lives, told = self.lives, self._log.read_text(errors="replace")
            if not lives:
                raise self.trouble(f"{self.name} ended at once: {last_line(told)}")
            if answers(told):
                return
            time.sleep(0.005)
        raise self.trouble(f"{self.name} did not answer within {patience:.0f} seconds.")

    def stop(self) -> None:
        """End it; safe to call twice."""
        self._process.send_signal(self._ending)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)


def last_line(told: str) -> str:
    """Return the line that tells most of what a program said: the last one, or the last one on an error."""
    lines = [line.strip() for line in told.splitlines() if line.strip()]
    errors = [line for line in lines if "FATAL" in line or "error" in line.lower()]
    return (errors or lines or ["it said nothing"])[-1]


def _end_with_parent(by: int) -> Callable[[], None] | None:
    """Return what makes Linux send a child a signal when its parent is killed (prctl, PR_SET_PDEATHSIG)."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)  # loaded here, since a child between fork and exec should do next to nothing
    return lambda: libc.prctl(1, int(by)) and None

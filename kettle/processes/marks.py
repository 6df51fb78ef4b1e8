"""Marks in the environment of processes, by which all that somebody started is found and ended."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

import psutil

from kettle.processes import TIDIES_UP

TIDY = 5.0  # seconds that it gets for this
_LOOK = 0.01  # seconds between two looks


def marked(name: str, token: str) -> list[psutil.Process]:
    """List the processes whose environment carried a mark when they started, but for this one.

    Args:
        name: of the variable.
        token: its value.
    """
    return [each for each in psutil.process_iter() if each.pid != os.getpid() and _carries(each, name, token)]


def end(find: Callable[[], Iterable[psutil.Process]], patience: float = 2.0) -> None:
    """Kill processes, and wait until they are gone; those that tidy up get the time to do it.

    Args:
        find: lists them; asked again until it finds none, since they may be starting others.
        patience: seconds to wait at most for those that were killed.
    """
    started = time.monotonic()
    tidying: dict[psutil.Process, bool] = {}
    while True:
        seconds, waits = time.monotonic() - started, False
        for process in filter(runs, find()):
            if process not in tidying:
                tidying[process] = _carries(process, TIDIES_UP, "1")
            waits = waits or seconds < (TIDY if tidying[process] else patience)
            if not tidying[process] or seconds >= TIDY:
                with suppress(psutil.Error):
                    process.kill()
        if not waits:
            return
        time.sleep(_LOOK if not tidying or seconds < 0.2 else 10 * _LOOK)


def runs(process: psutil.Process) -> bool:
    """Whether a process has not ended yet; a zombie has, though its new parent may never ask for its end."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _carries(process: psutil.Process, name: str, token: str) -> bool:
    try:
        return process.environ().get(name) == token
    except (psutil.Error, OSError, ValueError):  # somebody else's, or gone, or on a system that does not tell
        return False

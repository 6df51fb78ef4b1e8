"""Ending a process together with all that it started, and with the files that these leave."""

import time
from contextlib import suppress

import psutil

FOLDER = "kettle-check-"  # begins the name of a folder that is made for the files of one family
_LOOK = 0.01  # seconds between two looks


def end_family(pid: int, patience: float = 2.0) -> None:
    """Kill a process and its descendants, and wait until they are gone.

    Args:
        pid: of the eldest; one that is gone already is no error.
        patience: seconds to wait at most.
    """
    try:
        eldest = psutil.Process(pid)
        family = [*eldest.children(recursive=True), eldest]
    except psutil.Error:
        return
    for process in family:
        with suppress(psutil.Error):
            process.kill()
    end = time.monotonic() + patience
    while any(map(_runs, family)) and time.monotonic() < end:
        time.sleep(_LOOK)


def _runs(process: psutil.Process) -> bool:
    """Whether a process has not ended yet; a zombie has, though its new parent may never ask for its end."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False

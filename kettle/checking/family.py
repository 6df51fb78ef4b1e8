"""Ending a process together with all that it started."""

from contextlib import suppress

import psutil


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
    psutil.wait_procs(family, timeout=patience)

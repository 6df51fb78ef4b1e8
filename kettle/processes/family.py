"""A process with all that it started: its end, and its memory."""

from __future__ import annotations

from contextlib import suppress

import psutil

from kettle.processes import marks


def end_family(eldest: psutil.Process, patience: float = 2.0) -> None:
    """Kill a process and its descendants, and wait until they are gone.

    Args:
        eldest: made while it was known to run, since its number may be another's by now. One that is gone
            already is no error.
        patience: seconds to wait at most.
    """
    try:
        family = {*eldest.children(recursive=True), eldest}
    except psutil.Error:
        return

    def still_there() -> set[psutil.Process]:
        # While the eldest lives it may start more; afterwards its children are nobody's that we know.
        with suppress(psutil.Error):
            family.update(eldest.children(recursive=True))
        return family

    marks.end(still_there, patience)


def end_children(pid: int, patience: float = 2.0) -> None:
    """Kill all that a process started, but not itself, and wait until they are gone.

    Args:
        pid: of the process.
        patience: seconds to wait at most.
    """
    try:
        eldest = psutil.Process(pid)
    except psutil.Error:
        return
    marks.end(lambda: eldest.children(recursive=True), patience)


def memory_of_family(pid: int, enough: int) -> int:
    """Return the bytes that a process and its descendants use; memory that they share counts once.

    Args:
        pid: of the eldest.
        enough: below this, what is quick to ask (and counts shared memory again and again) is good enough.
    """
    try:
        eldest = psutil.Process(pid)
        family = [eldest, *eldest.children(recursive=True)]
    except psutil.Error:
        return 0
    used = sum(_memory(each, exact=False) for each in family)
    return used if used <= enough else sum(_memory(each, exact=len(family) > 1) for each in family)


def _memory(process: psutil.Process, exact: bool) -> int:
    try:
        if not exact:
            return process.memory_info().rss
        told = process.memory_full_info()
        return getattr(told, "pss", 0) or told.uss
    except psutil.Error:
        return 0

"""Pools, jobs, threads, processes and programs as they start: replaced once, and told to all listeners."""

import functools
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing.pool import Pool
from multiprocessing.process import BaseProcess
from typing import Any

from kettle.layers import Patches

_OF_POOLS = ("apply_async", "map", "map_async", "starmap", "starmap_async", "imap", "imap_unordered")
_PLACES: dict[str, list[tuple[Any, str]]] = {
    "making": [(kind, "__init__") for kind in (ThreadPoolExecutor, ProcessPoolExecutor, Pool)],
    "ending": [(kind, "shutdown") for kind in (ThreadPoolExecutor, ProcessPoolExecutor)]
    + [(Pool, "close"), (Pool, "terminate")],
    "job": [(ThreadPoolExecutor, "submit")],
    "sending": [(ProcessPoolExecutor, "submit")] + [(Pool, name) for name in _OF_POOLS],
    "thread": [(threading.Thread, "start")],
    "process": [(BaseProcess, "start")],
    "popen": [(subprocess.Popen, "__init__")],
    "fork": [(os, "fork")],
    "program": [(os, name) for name in ("forkpty", "posix_spawn", "posix_spawnp", "system", "startfile")],
}
_LISTENERS: list[Callable[[], Any]] = []


@contextmanager
def listening(whose: Callable[[], Any]) -> Iterator[None]:
    """Let an object hear, in a block, of what starts in this process.

    Its method of the name of what happens is called: making or ending (a pool), job (given to a pool of
    threads), sending (a job to processes or interpreters), thread, process, popen, fork, program. The method
    gets the function to be called, the frame of its caller, and the arguments; it calls the function and
    returns what that returns.

    Args:
        whose: called in the thread in which something happens; returns the object, or None.
    """
    _LISTENERS.append(whose)
    _PATCHES.open()
    try:
        yield
    finally:
        _LISTENERS.remove(whose)
        _PATCHES.close()


def _install(patches: Patches) -> None:
    for event, places in _PLACES.items():
        for owner, name in places:
            if hasattr(owner, name):  # else it is not on this system
                patches.put(owner, name, functools.partial(_telling, event))


def _telling(event: str, real: Callable) -> Callable:
    @functools.wraps(real)
    def tell(*args: Any, **kwargs: Any) -> Any:
        # Jobs of a pool of interpreters, which is a subclass of that of threads, are pickled.
        sent = event == "job" and type(args[0]).__name__ == "InterpreterPoolExecutor"
        do, caller = real, sys._getframe(1)
        for whose in tuple(_LISTENERS):
            method = getattr(whose(), "sending" if sent else event, None)
            if method is not None:
                do = functools.partial(method, do, caller)
        return do(*args, **kwargs)

    return tell


_PATCHES = Patches(_install)

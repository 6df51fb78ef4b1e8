"""What tells of executors, processes, threads and programs as they are made; `watch_workers` reads it."""

import functools
import itertools
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent import futures
from concurrent.futures import process as _process  # noqa: F401 (so that the attribute is there)
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.pool import Pool, ThreadPool
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import FrameType
from typing import Any

import psutil

from kettle.layers import Make, Patches
from kettle.probes.engines.where import is_library, own_frame, place

PROCESS_POOLS = (futures.ProcessPoolExecutor, Pool)  # and ThreadPool, which is a Pool, is none
_numbers = itertools.count()


@dataclass
class Executor:
    """A pool that was made: its class's name, "module:line" of its maker, when, whether it was shut down.

    default: asyncio made it by itself, for `asyncio.to_thread` or `run_in_executor(None, …)`.
    of_processes: its workers are processes.
    """

    kind: str
    where: str
    made: float
    default: bool = False
    shut_down: bool = False
    of_processes: bool = False


@dataclass(frozen=True)
class Ran:
    """One piece of work that an executor ran: its function's name, the process's and the thread's ids.

    seconds: how long it took; 0.0 where it ran in another process.
    """

    name: str
    process: int
    thread: int
    seconds: float = 0.0


class Notes:
    """What is noted of the time in which somebody watches; `folder` takes notes of other processes."""

    def __init__(self) -> None:
        self.made: list[Executor] = []
        self.starts: list[tuple[Any, str, float]] = []
        self.ran: list[Ran] = []
        self.by_id: dict[int, tuple[Any, Executor]] = {}
        self.running: list[psutil.Process] = []
        self.threads_started = self.programs = 0
        self.folder = ""


TAKEN: list[Notes] = []
"""The notes that are being taken."""


class _Reporting:
    """A function that leaves a note of the process it ran in. Can be pickled if the function can."""

    def __init__(self, function: Callable, folder: str) -> None:
        self.function, self.folder = function, folder

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return self.function(*args, **kwargs)
        finally:
            work = {"name": _name(self.function), "process": os.getpid(), "thread": threading.get_ident()}
            try:
                draft = Path(self.folder, f"{work['process']}-{work['thread']}-{next(_numbers)}.draft")
                draft.write_text(json.dumps(work), encoding="utf-8")
                draft.rename(draft.with_suffix(".ran"))
            except OSError:
                pass  # the watch is over: nobody reads it


def _name(function: Any) -> str:
    while isinstance(function, functools.partial | _Reporting):
        if isinstance(function, functools.partial) and function.args and _is_context_run(function.func):
            function = function.args[0]  # asyncio.to_thread
        else:
            function = function.func if isinstance(function, functools.partial) else function.function
    return getattr(function, "__qualname__", type(function).__qualname__)


def _is_context_run(function: Any) -> bool:
    return getattr(function, "__qualname__", "") == "Context.run"


def _replace(patches: Patches, owner: Any, name: str, make: Make) -> None:
    patches.put(owner, name, lambda original: functools.wraps(original)(make(original)))


def _install(patches: Patches) -> None:
    for kind in (futures.ThreadPoolExecutor, futures.ProcessPoolExecutor, Pool):
        _replace(patches, kind, "__init__", _making)
    for kind, ends in (
        (futures.ThreadPoolExecutor, ("shutdown",)),
        (futures.ProcessPoolExecutor, ("shutdown",)),
        (Pool, ("close", "terminate")),
    ):
        for name in ends:
            _replace(patches, kind, name, _ending)
    _replace(patches, futures.ThreadPoolExecutor, "submit", _submitting_to_threads)
    _replace(patches, futures.ProcessPoolExecutor, "submit", _submitting_to_processes)
    _replace(patches, BaseProcess, "start", _starting)
    _replace(patches, threading.Thread, "start", _starting_thread)
    _replace(patches, subprocess.Popen, "__init__", _starting_program)
    if hasattr(os, "fork"):
        _replace(patches, os, "fork", _forking)


PATCHES = Patches(_install)
"""Open while somebody watches."""


def _making(original: Callable) -> Callable:
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807 (takes the place of one)
        original(self, *args, **kwargs)
        frame = own_frame(sys._getframe(1))
        where = place(frame.f_code, frame.f_lineno) if frame is not None else ""
        default = str(getattr(self, "_thread_name_prefix", "")).startswith("asyncio")
        for notes in TAKEN:
            if id(self) in notes.by_id and notes.by_id[id(self)][0] is self:
                continue  # ThreadPool calls Pool's
            processes = isinstance(self, PROCESS_POOLS) and not isinstance(self, ThreadPool)
            kind = type(self).__name__
            executor = Executor(kind, where, time.perf_counter(), default, of_processes=processes)
            notes.by_id[id(self)] = (self, executor)
            notes.made.append(executor)

    return __init__


def _ending(original: Callable) -> Callable:
    def end(self: Any, *args: Any, **kwargs: Any) -> Any:
        for notes in TAKEN:
            _, executor = notes.by_id.get(id(self), (None, None))
            if executor is not None:
                executor.shut_down = True
        return original(self, *args, **kwargs)

    return end


def _submitting_to_threads(original: Callable) -> Callable:
    def submit(self: Any, fn: Callable, /, *args: Any, **kwargs: Any) -> futures.Future:
        if type(self) is not futures.ThreadPoolExecutor:
            return original(self, fn, *args, **kwargs)  # an InterpreterPoolExecutor must pickle the function
        taken = tuple(TAKEN)

        @functools.wraps(fn, updated=())
        def run(*args: Any, **kwargs: Any) -> Any:
            started = time.perf_counter()
            try:
                return fn(*args, **kwargs)
            finally:
                seconds = time.perf_counter() - started
                for notes in taken:
                    notes.ran.append(Ran(_name(fn), os.getpid(), threading.get_ident(), seconds))

        return original(self, run, *args, **kwargs)

    return submit


def _submitting_to_processes(original: Callable) -> Callable:
    def submit(self: Any, fn: Callable, /, *args: Any, **kwargs: Any) -> futures.Future:
        for notes in TAKEN:
            fn = _Reporting(fn, notes.folder)
        return original(self, fn, *args, **kwargs)

    return submit


def _starting(original: Callable) -> Callable:
    def start(self: Any) -> Any:
        key, owner = _owner(self)
        for notes in TAKEN:
            notes.starts.append((key, owner, time.perf_counter()))
        return original(self)

    return start


def _owner(process: Any) -> tuple[Any, str]:
    """Return what tells a process's pool from others, and its kind; a pool gives its workers one queue."""
    target = getattr(process, "_target", None)
    args: tuple = getattr(process, "_args", ())
    if getattr(target, "__module__", "") == "concurrent.futures.process":
        return args[0], "ProcessPoolExecutor"
    if getattr(target, "__module__", "") == "multiprocessing.pool":
        return args[0], "Pool"
    return process, type(process).__name__


def _starting_thread(original: Callable) -> Callable:
    def start(self: Any) -> Any:
        frame = sys._getframe(1)
        if own_frame(frame) is frame:
            for notes in TAKEN:
                notes.threads_started += 1
        return original(self)

    return start


def _starting_program(original: Callable) -> Callable:
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807 (takes the place of one)
        for notes in TAKEN:
            notes.programs += 1
        original(self, *args, **kwargs)
        _keep(self.pid, sys._getframe(1))

    return __init__


def _forking(original: Callable) -> Callable:
    def fork() -> int:
        by_hand = not sys._getframe(1).f_globals.get("__name__", "").startswith("multiprocessing.")
        for notes in TAKEN if by_hand else ():
            notes.programs += 1
        child = original()
        if child and by_hand:
            _keep(child, sys._getframe(1))
        return child

    return fork


def _keep(pid: int, frame: FrameType | None) -> None:
    """Remember a program that was started at this frame, unless a package started it for itself."""
    while frame is not None and is_library(frame.f_code.co_filename):
        if "site-packages" in frame.f_code.co_filename:
            return
        frame = frame.f_back
    with suppress(psutil.Error):  # it may have ended already
        program = psutil.Process(pid)
        for notes in TAKEN:
            notes.running.append(program)

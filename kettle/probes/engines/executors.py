"""Notes of executors, processes, threads and programs as they are made; `watch_workers` reads them."""

import functools
import itertools
import json
import os
import threading
import time
from collections.abc import Callable
from concurrent import futures
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.pool import Pool, ThreadPool
from pathlib import Path
from types import FrameType
from typing import Any

import psutil

from kettle.probes.engines.where import is_library, own_frame, place

PROCESS_POOLS = (futures.ProcessPoolExecutor, Pool)  # and ThreadPool, which is a Pool, is none
_POOLS = {"concurrent.futures.process": "ProcessPoolExecutor", "multiprocessing.pool": "Pool"}
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
    """What is noted of the time in which somebody watches: a listener of `starts`.

    folder: takes the notes of other processes.
    """

    def __init__(self) -> None:
        self.made: list[Executor] = []
        self.starts: list[tuple[Any, str, float]] = []
        self.ran: list[Ran] = []
        self.running: list[psutil.Process] = []
        self.threads_started = self.programs = 0
        self.folder = ""
        self._by_id: dict[int, tuple[Any, Executor]] = {}  # with the pool, so that no other gets its id

    def making(self, real: Callable, caller: FrameType, pool: Any, *args: Any, **kwargs: Any) -> None:
        """Note a pool that is made, and by whom."""
        real(pool, *args, **kwargs)
        frame = own_frame(caller)
        where = place(frame.f_code, frame.f_lineno) if frame is not None else ""
        default = str(kwargs.get("thread_name_prefix", "")).startswith("asyncio")
        processes = isinstance(pool, PROCESS_POOLS) and not isinstance(pool, ThreadPool)
        kind = type(pool).__name__
        executor = Executor(kind, where, time.perf_counter(), default, of_processes=processes)
        self._by_id[id(pool)] = (pool, executor)
        self.made.append(executor)

    def ending(self, real: Callable, caller: FrameType, pool: Any, *args: Any, **kwargs: Any) -> Any:
        """Note that a pool is shut down."""
        if id(pool) in self._by_id:
            self._by_id[id(pool)][1].shut_down = True
        return real(pool, *args, **kwargs)

    def job(
        self, real: Callable, caller: FrameType, pool: Any, fn: Callable, /, *args: Any, **kwargs: Any
    ) -> Any:
        """Note work of this process's threads when it has run."""

        @functools.wraps(fn, updated=())
        def run(*args: Any, **kwargs: Any) -> Any:
            started = time.perf_counter()
            try:
                return fn(*args, **kwargs)
            finally:
                seconds = time.perf_counter() - started
                self.ran.append(Ran(_name(fn), os.getpid(), threading.get_ident(), seconds))

        return real(pool, run, *args, **kwargs)

    def sending(
        self, real: Callable, caller: FrameType, pool: Any, fn: Callable, /, *args: Any, **kwargs: Any
    ) -> Any:
        """Let work leave a note in the process that it runs in."""
        reporting = isinstance(pool, futures.ProcessPoolExecutor)
        return real(pool, _Reporting(fn, self.folder) if reporting else fn, *args, **kwargs)

    def process(self, real: Callable, caller: FrameType, process: Any) -> None:
        """Note a process of multiprocessing, and its pool."""
        pool = _POOLS.get(caller.f_globals.get("__name__", ""))
        # A pool gives its workers one queue, first of all; nothing else tells which processes are its.
        key = process._args[0] if pool else process
        self.starts.append((key, pool or type(process).__name__, time.perf_counter()))
        real(process)

    def thread(self, real: Callable, caller: FrameType, thread: threading.Thread) -> None:
        """Note a thread that code other than a library starts."""
        self.threads_started += own_frame(caller) is caller
        real(thread)

    def popen(self, real: Callable, caller: FrameType, program: Any, *args: Any, **kwargs: Any) -> None:
        """Note a program."""
        self.programs += 1
        real(program, *args, **kwargs)
        self._keep(program.pid, caller)

    def fork(self, real: Callable, caller: FrameType) -> int:
        """Note a fork that multiprocessing does not make."""
        by_hand = not caller.f_globals.get("__name__", "").startswith("multiprocessing.")
        self.programs += by_hand
        child = real()
        if child and by_hand:
            self._keep(child, caller)
        return child

    def _keep(self, pid: int, frame: FrameType | None) -> None:
        """Remember a program that was started at this frame, unless a package started it for itself."""
        while frame is not None and is_library(frame.f_code.co_filename):
            if "site-packages" in frame.f_code.co_filename:
                return
            frame = frame.f_back
        with suppress(psutil.Error):  # it may have ended already
            self.running.append(psutil.Process(pid))


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

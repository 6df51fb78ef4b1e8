"""Workers: which executors were made and shut down, which processes began, and where the work ran."""

import functools
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from concurrent import futures
from concurrent.futures import process as _process  # noqa: F401 (so that the attribute is there)
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.pool import Pool, ThreadPool
from multiprocessing.process import BaseProcess
from pathlib import Path

import psutil

from kettle.probes.engines.patches import Patches
from kettle.probes.engines.where import is_library, own_frame, place

_numbers = itertools.count()
PROCESS_POOLS = (futures.ProcessPoolExecutor, Pool)  # and ThreadPool, which is a Pool, is none


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
class Batch:
    """Processes that one pool started, or one process started by hand: the owner's kind, when, how many."""

    owner: str
    started: tuple[float, ...]

    def __len__(self):
        return len(self.started)


@dataclass(frozen=True)
class Ran:
    """One piece of work that an executor ran: its function's name, the process's and the thread's ids.

    seconds: how long it took; 0.0 where it ran in another process.
    """

    name: str
    process: int
    thread: int
    seconds: float = 0.0


class watch_workers:  # noqa: N801 (used as a verb: with watch_workers() as workers)
    """Watch the executors, pools and processes of this whole process; `with` and `async with` both work.

    Read afterwards (or in the block):
    made: the executors and pools made in the block (`Executor`). open: those of them not shut down.
    batches: the processes that began, by the pool they belong to (`Batch`); a pool may start its processes
    one by one as it needs them: that is one batch. pools, started, own_gil: numbers of them, and whether
    threads need no common GIL.
    ran: the work that ended, in executors' threads and processes (`Ran`); of `multiprocessing.Pool` only
    batches are known. processes, threads: the ids of the processes, other than this one, and of the threads
    of this one in which work ran.
    threads_started: how many threads were started by other code than executors.
    programs: how many programs `subprocess` started, and forks that multiprocessing did not make.
    running: the ids of those that have not ended. What an installed package started for itself is left out:
    it may keep it for as long as the event loop, as anyio does.
    """

    def __init__(self):
        self.made, self._starts, self._ran, self._by_id, self._programs = [], [], [], {}, []
        self._kept = None
        self.threads_started = self.programs = 0

    def __enter__(self):
        self._folder = tempfile.mkdtemp(prefix="kettle-workers-")
        _watchers.append(self)
        _PATCHES.open()
        return self

    def __exit__(self, *error):
        _watchers.remove(self)
        _PATCHES.close()
        self._kept = self._read()
        shutil.rmtree(self._folder, ignore_errors=True)

    async def __aenter__(self):
        return self.__enter__()

    async def __aexit__(self, *error):
        self.__exit__(*error)

    @property
    def open(self):
        """The executors made in the block that were not shut down."""
        return tuple(executor for executor in self.made if not executor.shut_down)

    @property
    def running(self):
        """The ids of the programs and forks that were started in the block and still run, now."""
        return frozenset(program.pid for program in self._programs if _runs(program))

    @property
    def batches(self):
        """The processes that began, one batch for each pool and for each process started by hand."""
        owners = {}
        for key, owner, started in self._starts:
            owners.setdefault((id(key), owner), []).append(started)
        return tuple(Batch(owner, tuple(times)) for (_, owner), times in owners.items())

    @property
    def pools(self):
        """How many pools there were: those that started processes, and those of threads by the code."""
        others = [each for each in self.made if not each.default and not each.of_processes]
        return len(self.batches) + len(others)

    @property
    def started(self):
        """How many processes began."""
        return sum(map(len, self.batches))

    @property
    def own_gil(self):
        """Whether threads need no common GIL: a build without it, or interpreters of their own (3.14)."""
        kinds = {each.kind for each in self.made if not each.default}
        return not has_gil() or kinds == {"InterpreterPoolExecutor"}

    @property
    def ran(self):
        """The work that has ended in executors."""
        return self._read() if self._kept is None else self._kept

    @property
    def processes(self):
        """The ids of the other processes in which work ran."""
        return frozenset(work.process for work in self.ran) - {os.getpid()}

    @property
    def threads(self):
        """The ids of the threads of this process in which executors' work ran."""
        return frozenset(work.thread for work in self.ran if work.process == os.getpid())

    def __repr__(self):
        made = ", ".join(executor.kind for executor in self.made) or "no executors"
        return f"watch_workers({made} made, {len(self.batches)} batches of processes, {len(self.ran)} ran)"

    def _read(self):
        elsewhere = (json.loads(path.read_text("utf-8")) for path in Path(self._folder).glob("*.ran"))
        return (*self._ran, *(Ran(**work) for work in elsewhere))


def has_gil():
    """Tell whether threads of this Python take turns at one lock."""
    return getattr(sys, "_is_gil_enabled", lambda: True)()


class _Reporting:
    """A function that leaves a note of the process it ran in. Can be pickled if the function can."""

    def __init__(self, function, folder):
        self.function, self.folder = function, folder

    def __call__(self, *args, **kwargs):
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


def _name(function):
    while isinstance(function, functools.partial | _Reporting):
        if isinstance(function, functools.partial) and function.args and _is_context_run(function.func):
            function = function.args[0]  # asyncio.to_thread
        else:
            function = getattr(function, "func", None) or function.function
    return getattr(function, "__qualname__", type(function).__qualname__)


def _is_context_run(function):
    return getattr(function, "__qualname__", "") == "Context.run"


_watchers = []


def _replace(patches, owner, name, make):
    original = getattr(owner, name)
    patches.put(owner, name, functools.wraps(original)(make(original)))


def _install(patches):
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


_PATCHES = Patches(_install)


def _making(original):
    def __init__(self, *args, **kwargs):  # noqa: N807 (takes the place of one)
        original(self, *args, **kwargs)
        frame = own_frame(sys._getframe(1))
        where = place(frame.f_code, frame.f_lineno) if frame is not None else ""
        default = str(getattr(self, "_thread_name_prefix", "")).startswith("asyncio")
        for watcher in _watchers:
            if id(self) in watcher._by_id and watcher._by_id[id(self)][0] is self:
                continue  # ThreadPool calls Pool's
            processes = isinstance(self, PROCESS_POOLS) and not isinstance(self, ThreadPool)
            kind = type(self).__name__
            executor = Executor(kind, where, time.perf_counter(), default, of_processes=processes)
            watcher._by_id[id(self)] = (self, executor)
            watcher.made.append(executor)

    return __init__


def _ending(original):
    def end(self, *args, **kwargs):
        for watcher in _watchers:
            _, executor = watcher._by_id.get(id(self), (None, None))
            if executor is not None:
                executor.shut_down = True
        return original(self, *args, **kwargs)

    return end


def _submitting_to_threads(original):
    def submit(self, fn, /, *args, **kwargs):
        if type(self) is not futures.ThreadPoolExecutor:
            return original(self, fn, *args, **kwargs)  # an InterpreterPoolExecutor must pickle the function
        watchers = tuple(_watchers)

        @functools.wraps(fn, updated=())
        def run(*args, **kwargs):
            started = time.perf_counter()
            try:
                return fn(*args, **kwargs)
            finally:
                seconds = time.perf_counter() - started
                for watcher in watchers:
                    watcher._ran.append(Ran(_name(fn), os.getpid(), threading.get_ident(), seconds))

        return original(self, run, *args, **kwargs)

    return submit


def _submitting_to_processes(original):
    def submit(self, fn, /, *args, **kwargs):
        for watcher in _watchers:
            fn = _Reporting(fn, watcher._folder)
        return original(self, fn, *args, **kwargs)

    return submit


def _starting(original):
    def start(self):
        key, owner = _owner(self)
        for watcher in _watchers:
            watcher._starts.append((key, owner, time.perf_counter()))
        return original(self)

    return start


def _owner(process):
    """Return what tells a process's pool from others, and its kind; a pool gives its workers one queue."""
    target, args = getattr(process, "_target", None), getattr(process, "_args", ())
    if getattr(target, "__module__", "") == "concurrent.futures.process":
        return args[0], "ProcessPoolExecutor"
    if getattr(target, "__module__", "") == "multiprocessing.pool":
        return args[0], "Pool"
    return process, type(process).__name__


def _starting_thread(original):
    def start(self):
        frame = sys._getframe(1)
        if own_frame(frame) is frame:
            for watcher in _watchers:
                watcher.threads_started += 1
        return original(self)

    return start


def _starting_program(original):
    def __init__(self, *args, **kwargs):  # noqa: N807 (takes the place of one)
        for watcher in _watchers:
            watcher.programs += 1
        original(self, *args, **kwargs)
        _keep(self.pid, sys._getframe(1))

    return __init__


def _forking(original):
    def fork():
        by_hand = not sys._getframe(1).f_globals.get("__name__", "").startswith("multiprocessing.")
        for watcher in _watchers if by_hand else ():
            watcher.programs += 1
        child = original()
        if child and by_hand:
            _keep(child, sys._getframe(1))
        return child

    return fork


def _keep(pid, frame):
    """Remember a program that was started at this frame, unless a package started it for itself."""
    while frame is not None and is_library(frame.f_code.co_filename):
        if "site-packages" in frame.f_code.co_filename:
            return
        frame = frame.f_back
    with suppress(psutil.Error):  # it may have ended already
        program = psutil.Process(pid)
        for watcher in _watchers:
            watcher._programs.append(program)


def _runs(program):
    with suppress(psutil.Error):
        return program.is_running() and program.status() != psutil.STATUS_ZOMBIE
    return False

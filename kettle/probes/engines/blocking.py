"""Calls that block a thread: the list, and two ways to record them. They explain; they do not judge.

`patched` replaces the functions for a while (light: fit for a timed run; misses what a closure or a default
argument has kept of them). `profiled` looks at every call of the thread (heavy: fit for a check; knows
`time.sleep` however it was imported, locks and files too).
"""

import builtins
import contextlib
import inspect
import io
import os
import select
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from concurrent import futures
from concurrent.futures import process as _process  # noqa: F401 (so that the attribute is there to be patched)
from dataclasses import dataclass
from functools import partial
from multiprocessing.pool import ApplyResult
from multiprocessing.process import BaseProcess
from queue import Queue
from types import CodeType, FrameType, ModuleType
from typing import Any

from kettle.layers import Once, Patches
from kettle.probes.engines.callbacks import own_name
from kettle.probes.engines.where import is_library, own_frame, place, source

SHORTEST = 0.001  # seconds: calls that end sooner held nobody up


@dataclass(frozen=True)
class BlockingCall:
    """One call that blocked: what was called; "module:line", text, function of the caller; when; seconds."""

    call: str
    where: str
    source: str
    started: float
    seconds: float
    function: str = ""

    def __str__(self) -> str:
        return f"{self.call} at {self.where} ({self.seconds * 1000:.0f} ms)"


@dataclass(frozen=True)
class _Known:
    """A function known to block: where it lives, how it is told, and whether this call of it would wait."""

    owner: object
    name: str
    label: str
    waits: Callable[..., bool] = lambda *args, **kwargs: True

    @property
    def function(self) -> Any:
        return getattr(self.owner, self.name)


def _has_timeout(sock: socket.socket, *args: Any, **kwargs: Any) -> bool:
    return sock.gettimeout() != 0


def _not_done(future: futures.Future, *args: Any, **kwargs: Any) -> bool:
    return not future.done()


def _thread_is_alive(thread: threading.Thread, *args: Any, **kwargs: Any) -> bool:
    return thread.is_alive()


_START = inspect.unwrap(threading.Thread.start).__code__


def _starting_a_thread() -> bool:
    """Tell whether a wait is the one of `Thread.start` for its new thread."""
    return any(frame.f_code is _START for frame, _ in traceback.walk_stack(sys._getframe()))


def _not_set(event: threading.Event, *args: Any, **kwargs: Any) -> bool:
    return not event.is_set() and not _starting_a_thread()


def _empty(queue: Queue, block: bool = True, timeout: float | None = None) -> bool:
    return block and queue.empty()


def _still_running(process: subprocess.Popen, *args: Any, **kwargs: Any) -> bool:
    return process.returncode is None


_SOCKET = ("connect", "accept", "recv", "recv_into", "recvfrom", "recvfrom_into", "send", "sendall", "sendto")
KNOWN = (
    _Known(time, "sleep", "time.sleep"),
    _Known(select, "select", "select.select"),
    *(_Known(socket.socket, name, f"socket.{name}", _has_timeout) for name in _SOCKET),
    *(_Known(socket, name, f"socket.{name}") for name in ("getaddrinfo", "gethostbyname", "gethostbyaddr")),
    _Known(futures.Future, "result", "Future.result", _not_done),
    _Known(futures.Future, "exception", "Future.exception", _not_done),
    _Known(futures, "wait", "concurrent.futures.wait"),
    _Known(futures.ThreadPoolExecutor, "shutdown", "ThreadPoolExecutor.shutdown"),
    _Known(futures.ProcessPoolExecutor, "shutdown", "ProcessPoolExecutor.shutdown"),
    _Known(ApplyResult, "get", "AsyncResult.get"),
    _Known(BaseProcess, "join", "Process.join"),
    _Known(threading.Thread, "join", "Thread.join", _thread_is_alive),
    _Known(threading.Event, "wait", "Event.wait", _not_set),
    _Known(Queue, "get", "Queue.get", _empty),
    _Known(subprocess.Popen, "wait", "Popen.wait", _still_running),
    _Known(subprocess.Popen, "communicate", "Popen.communicate", _still_running),
    _Known(os, "system", "os.system"),
    _Known(os, "fsync", "os.fsync"),
    _Known(builtins, "open", "open"),
    _Known(builtins, "input", "input"),
)


def _nothing(label: str) -> None:
    pass


class Recorder:
    """Collects the blocking calls of one thread; only the outermost of calls within calls.

    thread: its ident. wanted: a function without arguments; a call is recorded only while it returns true.
    """

    def __init__(self, thread: int, wanted: Callable[[], bool] = lambda: True) -> None:
        self.thread, self.wanted = thread, wanted
        self.calls: list[BlockingCall] = []
        self.busy = False
        self.entered = self.left = _nothing  # called with the label as a blocking call begins and ends

    def add(self, label: str, frame: FrameType | None, started: float) -> None:
        """Note a call that has just ended, made by `frame`, if it took long enough to matter."""
        seconds = time.perf_counter() - started
        frame = own_frame(frame) or frame
        if seconds >= SHORTEST and frame is not None:
            self.calls.append(
                BlockingCall(label, place(frame.f_code, frame.f_lineno), source(frame.f_code, frame.f_lineno),
                             started, seconds, own_name(frame.f_code.co_qualname))
            )  # fmt: skip


_recorders: dict[int, list[Recorder]] = {}  # thread ident → its recorders, the innermost last


@contextlib.contextmanager
def patched(recorder: Recorder) -> Iterator[Recorder]:
    """Record the blocking calls of `recorder.thread` by replacing the functions of KNOWN for a while."""
    _PATCHES.open()
    _recorders.setdefault(recorder.thread, []).append(recorder)
    try:
        yield recorder
    finally:
        _recorders[recorder.thread].remove(recorder)
        if not _recorders[recorder.thread]:
            del _recorders[recorder.thread]
        _PATCHES.close()


def _install(patches: Patches) -> None:
    modules = own_modules()
    for known in KNOWN:
        original, wrapped = known.function, Once(partial(_wrapped, known))
        patches.put(known.owner, known.name, wrapped)
        if not isinstance(known.owner, type):
            for module, name in names_of(original, modules):
                patches.put(module, name, wrapped)


_PATCHES = Patches(_install)


def own_modules() -> list[ModuleType]:
    """Return the imported modules that are no library's: the learner's, and what they call."""
    known = {id(module): module for module in list(sys.modules.values())}  # one may stand there twice
    return [module for module in known.values() if _is_own(module)]


def _is_own(module: ModuleType) -> bool:
    filename = getattr(module, "__file__", None)
    return getattr(module, "__name__", "") == "__main__" or bool(filename and not is_library(filename))


def names_of(function: Any, modules: Iterable[ModuleType]) -> list[tuple[ModuleType, str]]:
    """List (module, name) for each name that modules have for a function (`from time import sleep`)."""
    names = [(module, name) for module in modules for name in list(vars(module))]
    return [(module, name) for module, name in names if vars(module).get(name) is function]


def _wrapped(known: _Known, original: Callable) -> Callable:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        recorders = _recorders.get(threading.get_ident())
        if not recorders or not known.waits(*args, **kwargs):
            return original(*args, **kwargs)
        idle = [recorder for recorder in recorders if not recorder.busy and recorder.wanted()]
        for recorder in idle:
            recorder.busy = True
        started = time.perf_counter()
        try:
            return original(*args, **kwargs)
        finally:
            for recorder in idle:
                recorder.busy = False
                recorder.add(known.label, sys._getframe(1), started)

    wrapper.__name__ = known.name
    vars(wrapper)["__wrapped__"] = original
    return wrapper


_LOCKS = (type(threading.Lock()), type(threading.RLock()))
_FILES = ("read", "readline", "readlines", "readinto", "write", "writelines", "flush")


@contextlib.contextmanager
def profiled(recorder: Recorder) -> Iterator[Recorder]:
    """Record the blocking calls of the current thread by `sys.setprofile`; it must be `recorder.thread`."""
    known = {inspect.unwrap(k.function): k for k in KNOWN}  # below what instruments have put in their place
    by_code = {function.__code__: k for function, k in known.items() if hasattr(function, "__code__")}
    by_function = {function: k for function, k in known.items() if not hasattr(function, "__code__")}
    before = sys.getprofile()
    sys.setprofile(_profiler(recorder, by_code, by_function))
    try:
        yield recorder
    finally:
        sys.setprofile(before)


def _profiler(
    recorder: Recorder, by_code: dict[CodeType, _Known], by_function: dict[Any, _Known]
) -> Callable[[FrameType, str, Any], None]:
    """Return the function for `sys.setprofile`. Its state is the one call that is being waited for."""
    waiting: tuple | None = None
    label, started = "", 0.0

    def profile(frame: FrameType, event: str, arg: Any) -> None:
        nonlocal label, waiting, started
        if waiting is not None:
            if event in ("return", "c_return", "c_exception") and waiting == (
                frame,
                event == "return" or arg,
            ):
                recorder.add(label, frame.f_back if event == "return" else frame, started)
                waiting = None
                recorder.left(label)
        elif event == "call":
            known = by_code.get(frame.f_code)
            if known and recorder.wanted() and _frame_waits(known, frame):
                label, waiting, started = known.label, (frame, True), time.perf_counter()
                recorder.entered(label)
        elif event == "c_call":
            found = _c_label(by_function, arg)
            if found and recorder.wanted():
                label, waiting, started = found, (frame, arg), time.perf_counter()
                recorder.entered(label)

    return profile


def _frame_waits(known: _Known, frame: FrameType) -> bool:
    code = frame.f_code
    return known.waits(*(frame.f_locals[name] for name in code.co_varnames[: code.co_argcount]))


def _c_label(by_function: dict[Any, _Known], function: Any) -> str | None:
    """Return how a built-in function that would block is told; None if it would not."""
    known = by_function.get(function)
    if known is not None:
        return known.label
    name, owner = function.__name__, getattr(function, "__self__", None)
    if name in _SOCKET and isinstance(owner, socket.SocketType):
        return f"socket.{name}" if owner.gettimeout() != 0 else None
    if name == "acquire" and isinstance(owner, _LOCKS):
        return "Lock.acquire" if _would_wait(owner) and not _starting_a_thread() else None
    if name in _FILES and isinstance(owner, io.IOBase) and not owner.closed:
        # An HTTP client of the standard library reads its socket through a buffer.
        return f"{'socket' if isinstance(getattr(owner, 'raw', None), socket.SocketIO) else 'file'}.{name}"
    return None


def _would_wait(lock: Any) -> bool:
    if isinstance(lock, _LOCKS[0]):
        return lock.locked()
    free = lock.acquire(blocking=False)  # whoever holds an RLock may take it again
    if free:
        lock.release()
    return not free

"""Counting the instructions and calls that a thread executes: the meter behind `kettle.probes.work`.

Python 3.11: sys.settrace with `f_trace_opcodes`, and sys.setprofile. From 3.12 on: sys.monitoring, because
there `f_trace_opcodes` misses instructions of a function that is traced for the first time.
"""

import asyncio
import concurrent.futures
import inspect
import multiprocessing
import os
import queue
import selectors
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from types import BuiltinFunctionType, CodeType, FrameType, MethodDescriptorType
from typing import Any, ClassVar

_PROBES = str(Path(__file__).parents[1] / "__init__.py")
_FOLDERS = (_PROBES, asyncio.__file__, concurrent.futures.__file__, multiprocessing.__file__)
MACHINERY = (  # how often these act depends on the moment, so they are left out
    *(str(Path(file).parent) + os.sep for file in _FOLDERS),
    *(inspect.getfile(each) for each in (weakref.WeakSet, queue, selectors, subprocess, threading)),
)


class _Traced:
    """The counts of one thread by its trace and profile functions (Python 3.11).

    of: the globals of the module whose code is counted; without it, all code is but MACHINERY.
    """

    lost = False

    def __init__(self, of: dict | None = None) -> None:
        self.live = True
        instructions = calls = c_calls = 0  # closures: an attribute would cost more for each instruction

        def step(frame: FrameType, event: str, arg: Any) -> Callable | None:
            nonlocal instructions
            if event == "opcode":
                instructions += 1
            return step if self.live else None

        def trace(frame: FrameType, event: str, arg: Any) -> Callable | None:
            nonlocal calls
            code = frame.f_code
            if not self.live:  # a thread that outlived the run
                sys.settrace(None)
                sys.setprofile(None)
            elif (of is None or frame.f_globals is of) and not code.co_filename.startswith(MACHINERY):
                frame.f_trace_opcodes, frame.f_trace_lines = True, False
                calls += _begins(code, frame.f_lasti)
                return step
            return None

        def profile(frame: FrameType, event: str, arg: Any) -> None:
            nonlocal c_calls
            if event == "c_call" and self.live and not frame.f_code.co_filename.startswith(MACHINERY):
                c_calls += 1

        self._functions = trace, profile
        self.read = lambda: (instructions, calls, c_calls)

    def start(self) -> None:
        """Count this thread from here on."""
        self._before = sys.gettrace(), sys.getprofile()
        sys.setprofile(self._functions[1])
        sys.settrace(self._functions[0])

    def close(self) -> None:
        """Count no more, also where the thread goes on, as the threads of a pool do."""
        self.live = False  # its trace function then takes itself away

    def stop(self) -> None:
        """Give the thread back the trace and profile functions that it had."""
        found = sys.gettrace(), sys.getprofile()
        sys.settrace(self._before[0])
        sys.setprofile(self._before[1])
        self.lost = self.live and found != self._functions


def _begins(code: CodeType, at: int) -> bool:
    """Whether a frame is entered for the first time, by the last bits of the argument of RESUME."""
    return at < 0 or code.co_code[at + 1] & 3 == 0


class _Monitored:
    """The counts of one thread by sys.monitoring (Python 3.12 and later).

    of: the globals of the module whose code is counted; without it, all code is but MACHINERY.
    """

    lost = False
    _lock = threading.Lock()
    _current: ClassVar[dict[int, "_Monitored"]] = {}
    _tool = -1  # of sys.monitoring

    def __init__(self, of: dict | None = None) -> None:
        self.live, self.of = True, of
        self.counts = [0, 0, 0]

    def read(self) -> tuple[int, int, int]:
        """Tell the counts so far."""
        instructions, calls, c_calls = self.counts
        return instructions, calls, c_calls

    def start(self) -> None:
        """Count this thread from here on."""
        me = threading.get_ident()
        with self._lock:
            self._before = self._current.get(me)
            if not self._current:
                self._switch_on()
            self._current[me] = self

    def stop(self) -> None:
        """End counting this thread, or count on for whoever counted it before."""
        with self._lock:
            self._drop(threading.get_ident())

    def close(self) -> None:
        """Count no more, also where the thread goes on, as the threads of a pool do."""
        self.live = False
        with self._lock:
            for thread in [thread for thread, meter in self._current.items() if meter is self]:
                self._drop(thread)

    def _drop(self, thread: int) -> None:
        if self._current.get(thread) is not self:
            return
        if self._before and self._before.live:
            self._current[thread] = self._before
            return
        del self._current[thread]
        if not self._current:
            self._switch_off()

    @classmethod
    def _switch_off(cls) -> None:
        sys.monitoring.set_events(cls._tool, 0)
        for event in (
            sys.monitoring.events.INSTRUCTION,
            sys.monitoring.events.PY_START,
            sys.monitoring.events.CALL,
        ):
            sys.monitoring.register_callback(cls._tool, event, None)
        sys.monitoring.free_tool_id(cls._tool)

    @classmethod
    def _switch_on(cls) -> None:
        watch = sys.monitoring
        free = [tool for tool in (4, 3, 2, 1) if watch.get_tool(tool) is None]
        if not free:
            raise RuntimeError(
                "Instructions cannot be counted: other tools hold every place of sys.monitoring."
            )
        cls._tool = free[0]
        watch.use_tool_id(cls._tool, "kettle.probes.work")
        watch.register_callback(cls._tool, watch.events.INSTRUCTION, _counter(cls._current, 0))
        watch.register_callback(cls._tool, watch.events.PY_START, _counter(cls._current, 1))
        watch.register_callback(cls._tool, watch.events.CALL, _counter(cls._current, 2))
        watch.set_events(cls._tool, watch.events.INSTRUCTION | watch.events.PY_START | watch.events.CALL)
        watch.restart_events()


def _counter(current: dict[int, _Monitored], which: int) -> Callable:
    of_c, ident, never = (
        (BuiltinFunctionType, MethodDescriptorType),
        threading.get_ident,
        sys.monitoring.DISABLE,
    )

    def count(code: CodeType, offset: int, *called: Any) -> object:
        if code.co_filename.startswith(MACHINERY):
            return never
        meter = current.get(ident())
        if meter is not None and meter.live and (not called or type(called[0]) in of_c):
            meter.counts[which] += meter.of is None or sys._getframe(1).f_globals is meter.of
        return None

    return count


if sys.version_info >= (3, 12):
    Meter = _Monitored
else:
    Meter = _Traced

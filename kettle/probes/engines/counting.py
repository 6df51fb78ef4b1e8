"""Following a run's work into the threads it starts, and noticing when it leaves the process."""

import gc
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kettle.layers import Patches
from kettle.probes.engines.instructions import Meter
from kettle.probes.engines.starts import listening


class Counting:
    """Counts what is run by `here`, the threads started by it, and the jobs it gives to thread pools.

    Automatic garbage collection is off meanwhile: finalizers would count at random. After the block: `totals`
    (instructions, calls, calls of C functions), `threads`, `processes`, `sent_away` (jobs given to pools of
    processes or interpreters), and `lost`: whether a trace or profile function was replaced meanwhile.
    """

    def __init__(self) -> None:
        self.processes = self.sent_away = 0
        self.is_open = False
        self._meters: list[tuple[threading.Thread, Meter]] = []

    def __enter__(self) -> "Counting":
        _WATCH.open()
        self.is_open = True
        return self

    def __exit__(self, *error: object) -> None:
        self.is_open = False
        for _, meter in self._meters:
            meter.close()
        _WATCH.close()
        counts = [(thread, meter.read()) for thread, meter in self._meters]
        self.totals = tuple(map(sum, zip((0, 0, 0), *(count for _, count in counts), strict=True)))
        self.threads = len({thread for thread, count in counts if count[0]} - {threading.current_thread()})
        self.lost = any(meter.lost for _, meter in self._meters)

    def here(self, fn: Callable, *args: Any, **kwargs: Any) -> Any:
        """Call `fn`, counted in this thread."""
        counted = _COUNTED.get(threading.get_ident())
        if not self.is_open or (counted and counted.by is self):
            return fn(*args, **kwargs)
        counted = self.begin()
        try:
            return fn(*args, **kwargs)
        finally:
            self.end(counted)

    def begin(self) -> "_Counted":
        """Count this thread until `end`. Only this folder's frames may come before the code to be counted."""
        me = threading.get_ident()
        counted = _COUNTED[me] = _Counted(self, Meter(), _COUNTED.get(me))
        self._meters.append((threading.current_thread(), counted.meter))
        counted.meter.start()
        return counted

    def end(self, counted: "_Counted") -> None:
        """End what `begin` began, in the same thread."""
        counted.meter.stop()
        if counted.before:
            _COUNTED[threading.get_ident()] = counted.before
        else:
            del _COUNTED[threading.get_ident()]


@dataclass
class _Counted:
    """A thread that is being counted: by whom, and whether it is just now leaving the process.

    A listener of `starts`.
    """

    by: Counting
    meter: Meter
    before: "_Counted | None"
    leaving: str | None = None

    def process(self, real: Callable, caller: Any, *args: Any, **kwargs: Any) -> Any:
        self.by.processes += self.leaving != "start"  # Process.start calls os.fork
        return self._leave("start", real, *args, **kwargs)

    popen = fork = program = process

    def sending(self, real: Callable, caller: Any, *args: Any, **kwargs: Any) -> Any:
        self.by.sent_away += self.leaving is None
        return self._leave("send", real, *args, **kwargs)

    def thread(self, real: Callable, caller: Any, thread: Any) -> None:
        if self.leaving:  # the helpers of a pool of processes
            return real(thread)
        run = thread.run

        def counted_run() -> None:
            thread.__dict__.pop("run", None)
            self.by.here(run)

        thread.run = counted_run
        return real(thread)

    def job(self, real: Callable, caller: Any, pool: Any, fn: Callable, /, *args: Any, **kwargs: Any) -> Any:
        return real(pool, self.by.here, fn, *args, **kwargs)

    def _leave(self, how: str, real: Callable, *args: Any, **kwargs: Any) -> Any:
        """Call `real` without counting what the standard library does to start or reach a process."""
        before, self.leaving, here = self.leaving, how, os.getpid()
        if before is None:
            self.meter.stop()
        try:
            return real(*args, **kwargs)
        finally:
            self.leaving = before
            if before is None and os.getpid() == here:  # a forked child runs at full speed
                self.meter.start()


_COUNTED: dict[int, _Counted] = {}  # by the number of the thread


def _counted() -> _Counted | None:
    """Return this thread, if it is counted just now."""
    counted = _COUNTED.get(threading.get_ident())
    return counted if counted and counted.by.is_open else None


def _install(patches: Patches) -> None:
    if gc.isenabled():
        gc.disable()
        patches.undo.callback(gc.enable)
    patches.undo.enter_context(listening(_counted))


_WATCH = Patches(_install)

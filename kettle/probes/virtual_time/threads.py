"""Worker threads in virtual time: whose clock is the loop's, and whose work the loop waits for."""

import contextlib
import functools
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent import futures
from types import FrameType
from typing import Any

from kettle.layers import replace
from kettle.probes.engines.blocking import BlockingCall, Recorder, names_of, own_modules
from kettle.probes.engines.starts import listening
from kettle.probes.engines.where import own_frame, place, source

from .clock import Clock
from .refused import refuse


class Threads:
    """The threads of one virtual loop: its own, the pools' workers, and those that the code starts.

    A listener of `starts`, for what these threads start.
    """

    def __init__(self, recorder: Recorder) -> None:
        self.loop: Any = None  # a VirtualLoop, made later, in its own thread
        self.recorder = recorder
        self.workers: set[int] = set()

    @contextlib.contextmanager
    def replaced(self) -> Iterator[None]:
        """Replace what starts threads, hands them work and sleeps, where this loop's threads call it."""
        self.really_sleep = time.sleep
        asleep = functools.partial(self.sleep)  # has no code by which `profiled` would note the sleep again
        sleeps = [(time, "sleep"), *names_of(self.really_sleep, own_modules())]
        with contextlib.ExitStack() as undo:
            for owner, name in sleeps:
                undo.callback(replace(owner, name, lambda _: asleep))
            undo.enter_context(listening(lambda: self if self.is_ours() else None))
            yield

    @property
    def clock(self) -> Clock:
        """The clock of the loop."""
        return self.loop.clock

    def is_ours(self) -> bool:
        """Tell whether the current thread is the loop's or one of its workers."""
        me = threading.get_ident()
        return self.loop is not None and (me == self.loop.thread or me in self.workers)

    def sleep(self, seconds: float) -> None:
        """Sleep virtually: on the loop's thread that is a blocking call, in a worker it is waiting."""
        me = threading.get_ident()
        if self.loop is not None and me == self.loop.thread:
            self.note_sleep(seconds)
            self.clock.pass_blocked(seconds)
        elif me in self.workers:
            self.clock.sleep(seconds, self.wake)
        else:
            self.really_sleep(seconds)

    def note_sleep(self, seconds: float) -> None:
        """Record a sleep on the loop's thread as blocking."""
        frame = own_frame(sys._getframe(2)) or sys._getframe(2)
        spot = (frame.f_code, frame.f_lineno)
        call = BlockingCall("time.sleep", place(*spot), source(*spot), self.clock.now, seconds)
        self.recorder.calls.append(call)

    def wake(self) -> None:
        """Make the loop look at the clock again."""
        with contextlib.suppress(RuntimeError):  # the loop is closed
            self.loop.call_soon_threadsafe(lambda: None)

    def working(self, function: Callable) -> Callable:
        """Return a function that runs another as one of this loop's workers."""

        @functools.wraps(function, updated=())
        def work(*args: Any, **kwargs: Any) -> Any:
            me = threading.get_ident()
            self.workers.add(me)
            try:
                return function(*args, **kwargs)
            finally:
                self.workers.discard(me)

        return work

    def job(
        self, real: Callable, caller: FrameType, pool: Any, fn: Callable, /, *args: Any, **kwargs: Any
    ) -> futures.Future:
        """Submit a job whose work the clock waits for."""
        self.clock.work_begins()
        try:
            inner = real(pool, self.working(fn), *args, **kwargs)
        except BaseException:
            self.clock.work_ends()
            raise
        return self.delivered(inner)

    def delivered(self, inner: futures.Future) -> futures.Future:
        """Return a future that is done before its work stops counting as busy: the clock finds no gap."""
        outer: futures.Future = futures.Future()

        def finish(inner: futures.Future) -> None:
            try:
                if inner.cancelled():
                    outer.cancel()
                    outer.set_running_or_notify_cancel()
                elif inner.exception() is not None:
                    outer.set_exception(inner.exception())
                else:
                    outer.set_result(inner.result())
            except futures.InvalidStateError:
                pass  # it was cancelled by whoever waited for it
            finally:
                self.clock.work_ends()

        outer.add_done_callback(lambda outer: outer.cancelled() and inner.cancel())
        inner.add_done_callback(finish)
        return outer

    def thread(self, real: Callable, caller: FrameType, thread: Any) -> None:
        """Start a thread that the clock waits for; a pool's worker is waited for job by job."""
        if caller.f_globals.get("__name__") != "concurrent.futures.thread":
            self.clock.work_begins()
            run = self.working(thread.run)

            def run_and_end() -> None:
                try:
                    run()
                finally:
                    self.clock.work_ends()

            thread.run = run_and_end
        real(thread)

    def process(self, real: Callable, caller: FrameType, *args: Any, **kwargs: Any) -> None:
        """Refuse another process."""
        refuse("other processes", "Their clock cannot be moved: run this in real time.")

    sending = process

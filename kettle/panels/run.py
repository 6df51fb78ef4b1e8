"""A timed run: started, a clock that goes on in the browser, and what was measured."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import threading
import time
from collections.abc import Callable
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from typing import Any

from kettle.panels.style import Said, inline

BEAT = 0.1  # seconds: a kernel notices the interrupt button only when its loop wakes


@dataclass(frozen=True)
class Ran:
    """What a timed run gave.

    Args:
        result: what the function returned.
        seconds: wall time.
        traffic: what the practice shop saw, if it was watched.
    """

    result: Any
    seconds: float
    traffic: Any = None


class Interrupted(Exception):
    """The learner interrupted the run; shown as its one sentence instead of a traceback."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


class Face:
    """The line that says that something runs, for how long, and in the end how long it took.

    Args:
        what: what runs, for the learner.
        total: how many steps it has, if it counts them.
    """

    def __init__(self, what: str, total: int | None = None) -> None:
        self.what, self.total, self.count = what, total, 0
        self.started = time.perf_counter()
        self._handle: Any = None  # of the display
        self._shown = -1

    @property
    def seconds(self) -> float:
        """Seconds since it was started."""
        return time.perf_counter() - self.started

    def start(self) -> None:
        """Show that it has started, before the clock starts."""
        from IPython.display import display

        self._handle = display(self._running(), display_id=True)
        self.started = time.perf_counter()

    def tick(self, steps: int = 1) -> None:
        """Count steps; may be called from any thread."""
        self.count += steps

    def refresh(self) -> None:
        """Show the count, if it has changed."""
        if self._handle is not None and self.total and self.count != self._shown:
            self._shown = self.count
            self._handle.update(self._running())

    def finish(self, sentence: str) -> None:
        """Take the clock away, and show a sentence."""
        from IPython.display import display

        if self._handle is not None:
            self._handle.update(Said("", ""))
        box = f'<div class="wk wk-run" role="status" aria-live="polite"><p>{inline(sentence)}</p></div>'
        # An output of its own: not every front end replaces one that it has shown, and then it would be lost.
        display(Said(box, sentence))

    def _running(self) -> Said:
        # The clock and the bar are CSS: they cost the run nothing, and go on while its loop is held.
        clock = (
            f'<span class="wk-clock" aria-hidden="true" style="animation-delay:-{self.seconds:.1f}s"></span>'
        )
        if self.total:
            bar = f'<i style="width:{min(100, 100 * self.count / self.total):.0f}%"></i>'
            text = f"{self.what}: {self.count} of {self.total}"
        else:
            bar, text = '<i class="wk-sweep"></i>', f"{self.what} is running"
        html = (
            f'<div class="wk wk-run"><p role="status">{inline(text)} {clock}</p>'
            f'<div class="wk-bar" aria-hidden="true">{bar}</div></div>'
        )
        return Said(html, f"{text} …")


def name_of(function: Callable) -> str:
    """Return how the learner calls a function."""
    function = getattr(function, "func", function)
    return getattr(function, "__name__", type(function).__name__)


async def measured(
    function: Callable, args: tuple, kwargs: dict, *, watch: Any = None, face: Face | None = None
) -> Ran:
    """Call a function and measure it: async on this loop, anything else in a thread of its own.

    Args:
        function: synchronous or asynchronous.
        args: what it is called with.
        kwargs: what else it is called with.
        watch: a shop whose traffic is collected meanwhile.
        face: kept up to date while the loop lives.
    """
    beat = asyncio.create_task(_beat(face))
    try:
        with watch.traffic() if watch is not None else nullcontext() as traffic:
            started = time.perf_counter()
            result = await _called(function, args, kwargs)
            seconds = time.perf_counter() - started
    finally:
        beat.cancel()
        with suppress(asyncio.CancelledError):
            await beat
    return Ran(result, seconds, traffic)


async def _called(function: Callable, args: tuple, kwargs: dict) -> Any:
    if inspect.iscoroutinefunction(function):
        return await function(*args, **kwargs)
    result = await in_thread(lambda: function(*args, **kwargs))
    return await result if inspect.isawaitable(result) else result


async def in_thread(function: Callable) -> Any:
    """Run a function in a daemon thread, which cannot keep a kernel from ending, and await its result."""
    loop, done = asyncio.get_running_loop(), asyncio.get_running_loop().create_future()
    context = contextvars.copy_context()  # output of the function belongs to this cell

    def deliver(setter: Callable, value: Any) -> None:
        if not done.done():
            setter(value)

    def work() -> None:
        try:
            answer = (done.set_result, context.run(function))
        except BaseException as error:  # noqa: BLE001 - it is raised in the cell that awaits it
            # A future refuses StopIteration.
            wrapped = RuntimeError(f"StopIteration: {error}") if isinstance(error, StopIteration) else error
            answer = (done.set_exception, wrapped)
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(deliver, *answer)

    threading.Thread(target=work, name="lesson", daemon=True).start()
    return await done


async def _beat(face: Face | None) -> None:
    while True:
        await asyncio.sleep(BEAT)
        if face is not None:
            face.refresh()

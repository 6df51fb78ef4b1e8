"""Where a thread's steps spend their time: a thread that looks at another one from outside.

While C code keeps the GIL nobody can look. So a look stands for all the time since the one before: the first
that gets through finds the thread on the line that called the C code.
"""

import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from types import CodeType

from kettle.probes.engines.callbacks import own_name
from kettle.probes.engines.where import no_collection, own_frame, place, source

_LOOK_EVERY = 0.01  # seconds between two looks


class Sampler(threading.Thread):
    """Looks from outside where the loop's thread is, whenever one step lasts longer than two looks.

    thread: its ident. step: a function that returns (number, when it began) of the step
    that runs, or None.
    """

    def __init__(self, thread: int, step: Callable[[], tuple[int, float] | None]) -> None:
        super().__init__(name="kettle looks at the loop", daemon=True)
        self.thread, self.step = thread, step
        self.over = threading.Event()
        self.seen: dict[int, defaultdict[tuple[CodeType, int], float]] = {}

    def run(self) -> None:
        """Look, until `stop()`."""
        last, looked = 0, time.perf_counter()
        while not self.over.wait(_LOOK_EVERY):
            step = self.step()
            if step is None:
                continue
            number, started = step[0], step[1]
            now = time.perf_counter()
            since = looked if number == last else started
            if number == last or now - started > _LOOK_EVERY:
                with no_collection():
                    frame = own_frame(sys._current_frames().get(self.thread))
                if frame is not None and self.step() is step:
                    spot = (frame.f_code, frame.f_lineno)
                    self.seen.setdefault(number, defaultdict(float))[spot] += now - since
            last, looked = number, now

    def commonest(self, number: int) -> tuple[str, str, str]:
        """Return (function, "module:line", source) where a step spent most of its time; empty if unseen."""
        spots = self.seen.pop(number, None)
        if not spots:
            return "", "", ""
        code, line = max(spots, key=spots.__getitem__)
        return own_name(code.co_qualname), place(code, line), source(code, line)

    def stop(self) -> None:
        """End the thread; waits for it for a moment."""
        self.over.set()
        self.join(1)

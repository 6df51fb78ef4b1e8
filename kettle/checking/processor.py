"""What code costs the processor, to be held against a piece of work that is measured beside it."""

from __future__ import annotations

import gc
import time
from collections.abc import Awaitable, Callable
from typing import Any

from kettle.probes.loop import watch_loop
from kettle.probes.workers import has_gil

TRIES = 4


def cpu(function: Callable, *args: Any) -> float:
    """Return the processor time of one call in this thread, in seconds; the least of three."""
    found = []
    for _ in range(3):
        before = time.thread_time()
        function(*args)
        found.append(time.thread_time() - before)
    return min(found)


async def costs(call: Callable[[], Awaitable]) -> float:
    """Return the processor time of a call: of all threads that share the GIL with the loop."""
    clock = time.process_time if has_gil() else time.thread_time
    before = clock()
    await call()
    return clock() - before


async def longest_step(call: Callable[[], Awaitable]) -> float:
    """Return the processor time of the longest step of the loop during a call, from a millisecond on."""
    with watch_loop(budget=0.001) as watched:
        await call()
    return max((hold.cpu for hold in watched.holds), default=0.0)


async def fits(measure: Callable[[], Awaitable[float]], most: float) -> bool:
    """Tell whether something costs at most so much, once in some tries: a busy machine can only add to it."""
    gc.collect()
    gc.disable()
    try:
        for _ in range(TRIES):
            if await measure() <= most:
                return True
    finally:
        gc.enable()
    return False

"""Run a coroutine function in virtual time, and tell how it went."""

import asyncio
import threading
from asyncio.mixins import _LoopBoundMixin  # what locks, queues and the like have in common
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from aiohttp import ThreadedResolver

from kettle.layers import replace
from kettle.probes.engines.blocking import BlockingCall, Recorder, profiled
from kettle.probes.engines.own_thread import run_in_own_thread
from kettle.probes.engines.timed_job import Ended

from .loop import VirtualLoop
from .refused import refuse, refused
from .threads import Threads

_one_at_a_time = threading.Lock()  # the functions that are replaced are everybody's


@dataclass(frozen=True)
class VirtualRun:
    """How a run in virtual time ended.

    value, error: what the coroutine returned or raised; both None if it hung, unless it made an error of its
    own of being cancelled for that. elapsed: virtual seconds. hung: empty, or a sentence that says why it
    would have waited for ever. blocked: the blocking calls on the loop's thread (`BlockingCall`; of
    `time.sleep`, in virtual seconds).
    leftover: the names of tasks that were alive at the end. complaints: what the exception handler heard.
    connections: how many the in-memory network opened. refused: what the run was refused, if anything.
    """

    value: Any = None
    error: BaseException | None = None
    elapsed: float = 0.0
    hung: str = ""
    blocked: tuple[BlockingCall, ...] = ()
    leftover: tuple[str, ...] = ()
    complaints: tuple[str, ...] = ()
    connections: int = 0
    refused: tuple[str, ...] = ()


def run_virtual(
    function: Callable[..., Awaitable],
    *args: Any,
    horizon: float = 900.0,
    limit: float = 30.0,
    more: Callable[[], float] | None = None,
    blocking: bool = True,
    make_loop: Callable[[float], VirtualLoop] = VirtualLoop,
    around: Callable[[Threads], AbstractContextManager] = lambda threads: nullcontext(),
    **kwargs: Any,
) -> VirtualRun:
    """Run a coroutine function on a loop whose clock jumps, in a thread of its own.

    horizon: virtual seconds after which it is said to hang. limit: real seconds, for code that never waits;
    more: asked, when they are up, how many more there may be (see `OwnThread.run`). blocking: whether calls
    that block the loop's thread are recorded, which takes as long again as the run itself; without it, a
    thread that is joined on the loop does not move the clock. make_loop: makes the loop, given the horizon.
    around: given the run's threads, the block in which it runs.
    Supported: asyncio's timers, tasks, locks and queues; `asyncio.to_thread`, thread pools and threads, also
    with `time.sleep` in them; `time.sleep` on the loop (recorded as blocking; moves the clock); aiohttp
    clients and applications by `network().serve`. Refused with `NotSupported`: other processes, real sockets
    and TLS. `time.time` and `time.perf_counter` stay real: read the loop's `time()`. A lock of `threading`
    that a sleeping worker holds while the loop waits for it ends with the real limit.
    """
    seen: dict[str, Any] = {"recorder": Recorder(0)}
    threads = Threads(seen["recorder"])

    def begin() -> VirtualLoop:
        seen["loop"] = threads.loop = make_loop(horizon)
        seen["began"] = threads.loop.clock.now
        return seen["loop"]

    async def body() -> Any:
        loop, recorder = seen["loop"], seen["recorder"]
        loop.main = asyncio.current_task()
        recorder.entered, recorder.left = loop.clock.block, loop.clock.unblock
        with profiled(recorder) if blocking else nullcontext():
            try:
                return await function(*args, **kwargs)
            finally:
                seen["elapsed"] = loop.clock.now - seen["began"]
                loop.over = True
                await loop.network.close()

    if not _one_at_a_time.acquire(timeout=2 * limit):
        refuse("a run inside another one", "Run them one after the other.")
    try:
        # replaced out here: a coroutine that cannot be stopped would never put things back
        refused.clear()
        # where aiodns is installed, aiohttp would ask a real name server, and not the loop
        by_loop = patch("aiohttp.connector.DefaultResolver", ThreadedResolver)
        with threads.replaced(), unbound(), by_loop, around(threads):
            ended = run_in_own_thread(body, limit=limit, more=more, loop_factory=begin)
    finally:
        _one_at_a_time.release()
    return _told(ended, seen, limit)


@contextmanager
def unbound() -> Iterator[None]:
    """Let a lock that code keeps go with it from one run to the next, as if both were on one loop."""

    def binding(bind: Callable) -> Callable:
        def bind_again(kept: Any) -> Any:
            if kept._loop is not None and kept._loop.is_closed():  # nothing else unbinds a lock
                kept._loop = None
            return bind(kept)

        return bind_again

    # It is called with each wait, and binds a lock to the loop of its first one.
    undo = replace(_LoopBoundMixin, "_get_loop", binding)
    try:
        yield
    finally:
        undo()


def _told(ended: Ended, seen: dict[str, Any], limit: float) -> VirtualRun:
    loop = seen.get("loop")
    hung = loop.hung if loop is not None else ""
    if ended.timed_out:
        at = f"the line `{ended.line}`" if ended.at.startswith("cell:") else ended.at or "an unknown place"
        hung = f"It was still at {at} after {limit:g} real seconds."
    return VirtualRun(
        value=None if hung else ended.value,
        error=None if hung and isinstance(ended.error, asyncio.CancelledError) else ended.error,
        elapsed=seen.get("elapsed", loop.clock.now - seen["began"] if loop is not None else 0.0),
        hung=hung,
        blocked=tuple(seen["recorder"].calls),
        leftover=ended.leftover,
        complaints=ended.complaints,
        connections=loop.network.connections if loop is not None else 0,
        refused=tuple(refused),
    )

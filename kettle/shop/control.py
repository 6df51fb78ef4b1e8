"""A process that serves one kernel: does what lines on stdin ask, until its parent ends."""

import asyncio
import gc
import json
import os
import queue
import signal
import sys
import threading
from contextlib import suppress
from typing import Any

from kettle.shop.watch import Rendezvous, Window

PARENT_POLL = 0.5
"""Seconds between two looks at whether the parent still lives."""


class Control:
    """Does what the lines on stdin ask, and writes one line for each to stdout.

    In: {"id": 3, "do": "window", "tenant": 1, …}, where "do" is one of the coroutine methods.
    Out: {"id": 3, "ok": …} or {"id": 3, "error": "…"}. Commands start in the order of their lines.
    """

    def __init__(self) -> None:
        self._tenants: dict[int, Any] = {}  # whatever has `watchers`
        self._tasks: set[asyncio.Task[None]] = set()
        self._out: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._loop = asyncio.get_running_loop()

    def start(self) -> None:
        """Begin to read and to write."""
        # Threads, because no event loop of Windows can wait for a pipe that was made elsewhere.
        for work in (self._read, self._write):
            threading.Thread(target=work, daemon=True).start()

    async def window(self, tenant: int, watcher: int) -> None:
        """Start to collect calls."""
        self._tenants[tenant].watchers[watcher] = Window()

    async def meeting(
        self, tenant: int, watcher: int, routes: list[str], count: int | None, patience: float
    ) -> None:
        """Start to hold calls."""
        self._tenants[tenant].watchers[watcher] = Rendezvous(tuple(routes), count, patience)

    async def look(self, tenant: int, watcher: int, settle: float, close: bool) -> dict[str, Any]:
        """Report on a window or a meeting, and close it if that is asked."""
        watchers = self._tenants[tenant].watchers
        watched = watchers[watcher]
        await watched.settle(settle)
        if close and isinstance(watched, Rendezvous):
            watched.release()
        if close:
            watchers.pop(watcher, None)
        return watched.report()

    def end(self) -> None:
        """End this process, at once."""
        os._exit(0)

    def _read(self) -> None:
        with suppress(OSError):
            for line in sys.stdin.buffer:
                self._loop.call_soon_threadsafe(self._take, line)
        self.end()  # the other end is closed: whoever started this process has ended

    def _write(self) -> None:
        with suppress(OSError):
            while True:
                sys.stdout.buffer.write(self._out.get())
                sys.stdout.buffer.flush()
        self.end()

    def _take(self, line: bytes) -> None:
        task = self._loop.create_task(self._do(json.loads(line)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _do(self, message: dict[str, Any]) -> None:
        number, what = message.pop("id"), message.pop("do")
        try:
            reply = {"id": number, "ok": await getattr(self, what)(**message)}
        except Exception as error:  # noqa: BLE001 - whoever asked must get an answer
            reply = {"id": number, "error": f"{type(error).__name__}: {error}"}
        self._out.put(json.dumps(reply).encode() + b"\n")


async def _watch_parent(parent: int, control: Control) -> None:
    """End with the parent, also where children forked from it still hold the pipe to this process."""
    while os.getppid() == parent:  # noqa: ASYNC110 - nothing portable tells of it
        await asyncio.sleep(PARENT_POLL)
    control.end()


async def _serve(parent: int, kind: type[Control]) -> None:
    control = kind()
    control.start()
    if os.name == "posix":  # elsewhere nothing is forked, so the pipe tells enough
        await _watch_parent(parent, control)
    await asyncio.Event().wait()


def _allow_many_connections() -> None:
    with suppress(ImportError, OSError, ValueError):
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = 65536 if hard == resource.RLIM_INFINITY else min(hard, 65536)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))


def serve(kind: type[Control]) -> None:
    """Serve until the parent, whose process id is the only argument, has ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the interrupt button is meant for the kernel
    _allow_many_connections()
    gc.freeze()
    asyncio.run(_serve(int(sys.argv[1]), kind))

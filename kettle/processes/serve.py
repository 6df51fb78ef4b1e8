"""A child's own side: does what lines on stdin ask, and answers on stdout, until its parent ends."""

from __future__ import annotations

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

from kettle.processes import ChildTrouble

LOOK = 0.5  # seconds between two looks at whether the parent still lives


class Service:
    """Does what lines ask: {"id": 3, "do": "window", "tenant": 1, …}, where "do" is a coroutine method.

    The answer is {"id": 3, "ok": …}, {"id": 3, "trouble": "a sentence"} for a ChildTrouble, or
    {"id": 3, "error": "…"}. Commands begin in the order of their lines.
    """

    def __init__(self) -> None:
        self.over = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._out: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._loop = asyncio.get_running_loop()

    async def start(self, own: list[Any]) -> Any:
        """Start, before all else. own: how the user's own server is reached, where there is one."""

    async def end(self) -> None:
        """Put away what would outlive this process."""

    def is_needed(self) -> bool:
        """Whether there is still something to serve."""
        return True

    def read(self) -> None:
        """Take each line, until the other end is closed: the process that asks has ended."""
        with suppress(OSError):
            for line in sys.stdin.buffer:
                self._loop.call_soon_threadsafe(self._take, line)
        self._loop.call_soon_threadsafe(self.over.set)

    def write(self) -> None:
        """Write each answer."""
        with suppress(OSError):
            while True:
                sys.stdout.buffer.write(self._out.get())
                sys.stdout.buffer.flush()
        self._loop.call_soon_threadsafe(self.over.set)

    def _take(self, line: bytes) -> None:
        task = self._loop.create_task(self._do(json.loads(line)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _do(self, message: dict[str, Any]) -> None:
        number, what = message.pop("id"), message.pop("do")
        try:
            answer = {"ok": await getattr(self, what)(**message)}
        except ChildTrouble as trouble:
            answer = {"trouble": str(trouble)}
        except Exception as error:  # noqa: BLE001 - an answer must come, whatever happens
            answer = {"error": f"{type(error).__name__}: {error}"}
        self._out.put(json.dumps({"id": number, **answer}).encode() + b"\n")


def serve(kind: type[Service]) -> None:
    """Serve until the parent, whose process id is the only argument, has ended; then end this process."""
    for name in ("SIGINT", "SIGHUP"):  # meant for the kernel
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    _allow_many_connections()
    gc.freeze()
    asyncio.run(_serve(int(sys.argv[1]), kind))


async def _serve(parent: int, kind: type[Service]) -> None:
    service = kind()
    # Threads, because no event loop of Windows can wait for a pipe that was made elsewhere.
    for work in (service.read, service.write):
        threading.Thread(target=work, daemon=True).start()
    if os.name == "posix":
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, service.over.set)
    while not service.over.is_set() and _lives(parent) and service.is_needed():
        with suppress(TimeoutError):
            await asyncio.wait_for(service.over.wait(), LOOK)
    try:
        await service.end()
    finally:
        os._exit(0)


def _lives(parent: int) -> bool:
    # A process forked from the parent may still hold the pipe to this one. On Windows none is forked.
    return os.name != "posix" or os.getppid() == parent


def _allow_many_connections() -> None:
    with suppress(ImportError, OSError, ValueError):
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = 65536 if hard == resource.RLIM_INFINITY else min(hard, 65536)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))

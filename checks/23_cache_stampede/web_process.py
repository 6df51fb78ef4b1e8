"""One process of a web server: defines what a notebook defines, and calls it in threads. Started by Web."""

from __future__ import annotations

import asyncio
import json
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import redis

from kettle.processes import ChildTrouble
from kettle.processes.serve import Service, serve

IDLE = 15.0  # seconds without a command, after which the process ends by itself
INTRODUCTIONS = {b"HELLO", b"CLIENT", b"AUTH", b"SELECT", b"PING"}  # what a client sends for its own sake
PAUSE = 0.02  # seconds between two visits of a visitor, on average


class Call:
    """A call of a function in a thread of its own, and what came of it.

    gives: what making the value gives. hold: whether that waits for `go`. pause: whether the call waits for
    `on` before it sends its second command.
    """

    def __init__(self, gives: Any, *, hold: bool, pause: bool) -> None:
        self.gives, self.fails = gives, False
        self.go, self.on = threading.Event(), threading.Event()
        self.makes, self.sent, self.over = 0, 0, False
        self.value, self.error = None, ""
        if not hold:
            self.go.set()
        if not pause:
            self.on.set()

    def send(self) -> None:
        """Note that a command is sent."""
        if self.sent:
            self.on.wait()
        self.sent += 1

    def make(self) -> Any:
        """Make the value, or raise LookupError, as it was told."""
        self.makes += 1
        self.go.wait()
        if self.fails:
            raise LookupError("the value could not be made")
        return self.gives

    def run(self, call: Callable[[], Any]) -> None:
        """Make the call."""
        try:
            self.value = call()
        except Exception as error:  # noqa: BLE001 - whatever it is, the asker tells of it
            self.error = f"{type(error).__name__}: {error}"
        self.over = True

    def seen(self) -> dict[str, Any]:
        """Return what is known of it by now."""
        names = ("makes", "sent", "over", "value", "error")
        return {name: getattr(self, name) for name in names}


class WebProcess(Service):
    """Defines names by running their source, and calls functions that keep things in Redis."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: dict[int, Call] = {}
        self.names: dict[str, Any] = {}
        self.mine, self.asked = threading.local(), time.monotonic()

    def is_needed(self) -> bool:
        """Whether something is being done, or somebody has asked for something lately."""
        if self._tasks:
            self.asked = time.monotonic()
        return time.monotonic() - self.asked < IDLE

    async def load(self, source: str, url: str) -> None:
        """Run the definitions, as a process does that imports a module, and make a client of its own."""
        self.asked = time.monotonic()
        self.names, self.calls = {"__name__": "shop"}, {}
        try:
            exec(compile(source, "<the notebook>", "exec"), self.names)
        except Exception as error:
            raise ChildTrouble(f"{type(error).__name__}: {error}") from error
        pool = redis.ConnectionPool.from_url(url)
        pool.connection_class = self._watched(pool.connection_class)
        self.store = redis.Redis.from_pool(pool)

    async def ask(self, number: int, name: str, key: str, seconds: int, **options: Any) -> None:
        """Begin a call in a thread; options: of Call."""
        self.asked = time.monotonic()
        call, function = Call(**options), self.names[name]
        self.calls[number] = call

        def ask() -> None:
            self.mine.call = call
            call.run(lambda: function(self.store, key, call.make, seconds))

        threading.Thread(target=ask, daemon=True).start()

    async def let(self, number: int, fails: bool) -> None:
        """Let a call go on, or fail to make its value."""
        self.calls[number].fails = fails
        self.calls[number].go.set()
        self.calls[number].on.set()

    async def look(self) -> dict[int, dict[str, Any]]:
        """Return what is known of each call."""
        seen = {number: call.seen() for number, call in self.calls.items()}
        return json.loads(json.dumps(seen, default=repr))

    async def visits(self, name: str, make: str, key: str, seconds: int, threads: int, lasts: float) -> Any:
        """Let visitors come again and again, for `lasts` seconds; or once each, where that is 0.

        Returns:
            For each visit the visitor's number, when it began and ended, and when it began and ended to make
            the value (None: it did not), in seconds on the clock of `time.perf_counter`.
        """
        found: list[tuple] = []
        cached, maker = self.names[name], self.names[make]
        end, ready = time.perf_counter() + lasts, threading.Barrier(threads)

        def visit(number: int) -> None:
            times: list[float] = []

            def watched() -> Any:
                times.append(time.perf_counter())
                try:
                    return maker()
                finally:
                    times.append(time.perf_counter())

            began = time.perf_counter()
            cached(self.store, key, watched, seconds)
            found.append((number, began, time.perf_counter(), *(times or (None, None))))

        def visitor(number: int) -> None:
            ready.wait()
            visit(number)
            while time.perf_counter() < end:
                time.sleep(random.uniform(0, 2 * PAUSE))
                visit(number)

        with ThreadPoolExecutor(threads) as pool:
            loop = asyncio.get_running_loop()
            await asyncio.gather(*(loop.run_in_executor(pool, visitor, number) for number in range(threads)))
        return found

    def _watched(self, kind: Any) -> type:
        """Return a kind of connection that tells a call what it sends; an introduction is not told."""
        mine = self.mine

        class Watched(kind):
            def send_packed_command(self, command: Any, *args: Any, **options: Any) -> Any:
                packed = command if isinstance(command, list) else [command]
                words = b"".join(each.encode() if isinstance(each, str) else bytes(each) for each in packed)
                if hasattr(mine, "call") and words.split(b"\r\n")[2] not in INTRODUCTIONS:
                    mine.call.send()
                return super().send_packed_command(command, *args, **options)

        return Watched


if __name__ == "__main__":
    serve(WebProcess)

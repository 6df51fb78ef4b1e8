"""A child as its parent sees it: started once, asked by any thread in lines, ended with its parent."""

from __future__ import annotations

import asyncio
import atexit
import concurrent.futures
import io
import itertools
import json
import os
import subprocess
import tempfile
import threading
from collections.abc import Generator
from contextlib import suppress
from typing import Any, ClassVar, Self

from kettle.processes import ChildTrouble
from kettle.processes.start import start


class Reply(concurrent.futures.Future):
    """What a child will reply: `wait()` for it, or await it. Both raise the child's `trouble`."""

    def __init__(self, child: Child) -> None:
        super().__init__()
        self._child = child
        self.set_running_or_notify_cancel()  # nobody can cancel it, so whatever comes may be set

    def wait(self, patience: float | None = None) -> Any:
        """Wait for it.

        Args:
            patience: seconds to wait at most; None: as many as this child takes at most.
        """
        patience = self._child.patience if patience is None else patience
        try:
            return self.result(patience)
        except TimeoutError:
            raise self._silence(patience) from None

    def __await__(self) -> Generator[Any, None, Any]:
        return self._arrive().__await__()

    async def _arrive(self) -> Any:
        try:
            return await asyncio.wait_for(asyncio.wrap_future(self), self._child.patience)
        except TimeoutError:
            raise self._silence(self._child.patience) from None

    def _silence(self, patience: float) -> ChildTrouble:
        text = f"{self._child.name} has not answered for {patience:g} seconds. Restart the kernel."
        return self._child.trouble(text)


class Child:
    """A process that serves this one. A subclass says which module it runs, and what is said of it.

    own: how the user's own server is reached, if there is one.
    """

    module: ClassVar[str]
    name: ClassVar[str]  # begins a sentence
    again: ClassVar[str]  # a sentence: what to do when it has ended
    trouble: ClassVar[type[ChildTrouble]] = ChildTrouble
    patience: ClassVar[float] = 20.0  # seconds to wait for a reply
    start_patience: ClassVar[float] = 20.0  # seconds to wait until it has started
    parting: ClassVar[float] = 2.0  # seconds that it gets to end by itself
    tidies_up: ClassVar[bool] = False  # whether it has something to put away

    def __init__(self, *own: Any) -> None:
        self.owner = os.getpid()
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the process has ended
        try:
            self.process = start(self.module, self._complaints, self.tidies_up)
        except OSError as error:
            self._complaints.close()
            raise self.trouble(f"{self.name} could not be started ({error}).") from error
        self._numbers = itertools.count(1)
        self._waiting: dict[int, Reply] = {}
        self._ended: str | None = None
        # Reentrant, because the collector may close a forgotten shop in the middle of a write.
        self._writing = threading.RLock()
        self._reader = threading.Thread(target=self._read, name="kettle-child", daemon=True)
        self._reader.start()
        self._started = self.tell("start", own=own)

    @classmethod
    def running(cls, *own: Any) -> Self:
        """Give this process's child of this kind, and start it where there is none; raises its trouble."""
        with _starting:
            child = _children.get((cls, own))
            if child is None or not child.usable:
                child = _children[cls, own] = cls(*own)
            return child

    @property
    def usable(self) -> bool:
        """Whether the process lives, as far as is known, and belongs to this one."""
        return self._ended is None and self.owner == os.getpid() and self.process.poll() is None

    def started(self) -> Any:
        """Wait until it has started and return what it told then; where it could not, end it and raise."""
        try:
            return self._started.wait(self.start_patience)
        except ChildTrouble:
            self.end()
            raise

    def tell(self, what: str, /, **details: Any) -> Reply:
        """Send a command; raises the child's trouble where that has ended, or belongs to another process."""
        if self.owner != os.getpid():
            raise self.trouble(
                f"{self.name} belongs to the process that this one was forked from. Here, use the url only."
            )
        number, reply = next(self._numbers), Reply(self)
        self._waiting[number] = reply
        try:
            self._write(json.dumps({"id": number, "do": what, **details}).encode() + b"\n")
        except (OSError, ValueError):
            self._waiting.pop(number, None)
            raise self.trouble(self._ended or f"{self.name} has ended. {self.again}") from None
        if self._ended and self._waiting.pop(number, None):  # it ended between the check and the write
            raise self.trouble(self._ended)
        return reply

    def end(self) -> None:
        """End the process, politely first."""
        with suppress(OSError):
            self.process.stdin.close()
        try:
            self.process.wait(timeout=self.parting)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self._reader.join(timeout=2)

    def let_go(self) -> None:
        """Close a forked process's copies of the pipes: the child belongs to its parent."""
        for pipe in (self.process.stdin, self.process.stdout):
            with suppress(OSError):
                pipe.close()
        self.process.returncode = 0  # not a child of this process: nothing to wait for

    def _write(self, line: bytes) -> None:
        with self._writing:
            while line:
                line = line[self.process.stdin.write(line) :]

    def _read(self) -> None:
        """Give each reply to the one that waits for it, until the process ends."""
        with suppress(OSError, ValueError):
            for line in io.BufferedReader(self.process.stdout):
                self._deliver(json.loads(line))
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=5)
        self._ended = f"{self.name} has ended. {self.again}{self._last_words()}"
        for number in list(self._waiting):
            if reply := self._waiting.pop(number, None):
                reply.set_exception(self.trouble(self._ended))
        for resource in (self.process.stdin, self.process.stdout, self._complaints):
            with suppress(OSError):
                resource.close()

    def _deliver(self, told: dict[str, Any]) -> None:
        reply = self._waiting.pop(told["id"], None)
        if reply is None:
            return
        if "trouble" in told:
            reply.set_exception(self.trouble(told["trouble"]))
        elif "error" in told:
            reply.set_exception(self.trouble(f"{self.name} could not do that ({told['error']})."))
        else:
            reply.set_result(told["ok"])

    def _last_words(self) -> str:
        with suppress(OSError, ValueError):
            self._complaints.seek(0)
            lines = self._complaints.read().decode(errors="replace").strip().splitlines()
            return f" Its last words: {lines[-1]}" if lines else ""
        return ""


_children: dict[tuple[type[Child], tuple], Any] = {}  # of this process
_starting = threading.Lock()


@atexit.register
def _end_all() -> None:
    for child in _children.values():
        if child.usable:
            child.end()


def _forget_in_child() -> None:
    for child in _children.values():
        child.let_go()
    _children.clear()
    _starting.release()


if hasattr(os, "register_at_fork"):
    # Held while forking, so that no child begins with a lock that a thread of its parent holds.
    os.register_at_fork(
        before=_starting.acquire, after_in_parent=_starting.release, after_in_child=_forget_in_child
    )

"""The server's process as its parent sees it: started once, asked by any thread, ended with its parent."""

import asyncio
import atexit
import concurrent.futures
import itertools
import json
import os
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

from kettle.processes import TIDIES_UP

PATIENCE = 20.0
"""Seconds to wait for a reply before the server counts as lost; the first one includes its start."""

_ROOT = Path(__file__).resolve().parents[2]
# They would slow down, or make talkative, a server that nobody wants to debug.
_NOT_PASSED_ON = (
    "PYTHONASYNCIODEBUG",
    "PYTHONDEVMODE",
    "PYTHONTRACEMALLOC",
    "PYTHONPROFILEIMPORTTIME",
    "PYTHONINSPECT",
)


class ShopClosed(RuntimeError):
    """The shop, or the process of its server, is gone; the message says why and what to do."""


class ServerProcess:
    """A process that serves shops, with a pipe to it and one from it.

    A subclass names another module that is served, and the sentence on its end. tidies_up: whether it has
    something to put away elsewhere, for which it is given time.
    """

    module: ClassVar[str] = "kettle.shop.server"
    gone: ClassVar[str] = "The process of the shop's server has ended. Make a new Shop() to start another."

    patience: ClassVar[float] = 2.0  # seconds that it gets to end by itself

    def __init__(self, tidies_up: bool = False) -> None:
        self.owner = os.getpid()
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the process has ended
        self._process = _start(self._complaints, self.module, {TIDIES_UP: "1"} if tidies_up else {})
        self._numbers = itertools.count(1)
        self._waiting: dict[int, concurrent.futures.Future[Any]] = {}
        self._ended: str | None = None
        # Reentrant, because the collector may close a forgotten shop in the middle of a write.
        self._writing = threading.RLock()
        self._reader = threading.Thread(target=self._read, name="kettle-shop", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """The id of the server's process."""
        return self._process.pid

    @property
    def usable(self) -> bool:
        """Whether the process lives, as far as is known, and belongs to this one."""
        return self._ended is None and self.owner == os.getpid() and self._process.poll() is None

    def tell(self, what: str, **details: Any) -> concurrent.futures.Future[Any]:
        """Send a command and return the future of its reply.

        Raises ShopClosed where the process has ended, or belongs to the parent of a forked process.
        """
        if self.owner != os.getpid():
            raise ShopClosed(
                "This process was forked from the one that opened the shop. "
                "Here only shop.url works; set and count in the process that opened it."
            )
        number = next(self._numbers)
        future: concurrent.futures.Future[Any] = concurrent.futures.Future()
        future.set_running_or_notify_cancel()  # from now on nobody can cancel it, so the reader may answer
        self._waiting[number] = future
        try:
            self._write(json.dumps({"id": number, "do": what, **details}).encode() + b"\n")
        except (OSError, ValueError):
            self._waiting.pop(number, None)
            raise ShopClosed(self._ended or self.gone) from None
        if self._ended and self._waiting.pop(number, None):  # it ended between the check and the write
            raise ShopClosed(self._ended)
        return future

    def end(self) -> None:
        """End the process, politely first."""
        with suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(timeout=self.patience)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._reader.join(timeout=2)

    def let_go(self) -> None:
        """Close a forked child's copies of the pipes: the server belongs to the parent."""
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                pipe.close()
        self._process.returncode = 0  # not a child of this process: nothing to wait for

    def _write(self, line: bytes) -> None:
        with self._writing:
            while line:
                line = line[self._process.stdin.write(line) :]

    def _read(self) -> None:
        """Hand each reply to whoever waits for it, until the process ends."""
        rest = b""
        with suppress(OSError, ValueError):
            while chunk := self._process.stdout.read(65536):
                *lines, rest = (rest + chunk).split(b"\n") if b"\n" in chunk else (rest + chunk,)
                for line in lines:
                    self._deliver(line)
        self._say_it_ended()

    def _deliver(self, line: bytes) -> None:
        reply = json.loads(line)
        future = self._waiting.pop(reply["id"], None)
        if future is None:
            return
        if "error" in reply:
            future.set_exception(ShopClosed(f"The shop's server could not do that ({reply['error']})."))
        else:
            future.set_result(reply["ok"])

    def _say_it_ended(self) -> None:
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=5)
        self._ended = f"{self.gone}{self._last_words()}"
        for number in list(self._waiting):
            if future := self._waiting.pop(number, None):
                future.set_exception(ShopClosed(self._ended))
        for resource in (self._process.stdin, self._process.stdout, self._complaints):
            with suppress(OSError):
                resource.close()

    def _last_words(self) -> str:
        with suppress(OSError, ValueError):
            self._complaints.seek(0)
            lines = self._complaints.read().decode(errors="replace").strip().splitlines()
            return f" Its last words: {lines[-1]}" if lines else ""
        return ""


_servers: dict[tuple[int, type], ServerProcess] = {}  # by the process that started them, and by their kind
_starting = threading.Lock()


def current(kind: type[ServerProcess] = ServerProcess, **options: Any) -> ServerProcess:
    """Give this process's server of a kind, and start it, with options, where there is none.

    Raises ShopClosed where it cannot be started.
    """
    with _starting:
        server = _servers.get((os.getpid(), kind))
        if server is None or not server.usable:
            server = _servers[os.getpid(), kind] = kind(**options)
        return server


def start_ahead() -> None:
    """Start the server now, without waiting for it, so that the first Shop() finds it ready."""
    current()


def wait_for(future: concurrent.futures.Future[Any]) -> Any:
    """Wait for a reply, a bounded time; raises ShopClosed."""
    try:
        return future.result(PATIENCE)
    except concurrent.futures.TimeoutError:
        raise ShopClosed(_SILENT) from None


async def wait_for_async(future: concurrent.futures.Future[Any]) -> Any:
    """Wait for a reply without holding the loop, a bounded time; raises ShopClosed."""
    try:
        return await asyncio.wait_for(asyncio.wrap_future(future), PATIENCE)
    except TimeoutError:
        raise ShopClosed(_SILENT) from None


_SILENT = f"The shop's server has not answered for {PATIENCE:.0f} seconds. Restart the kernel."


def _start(complaints: Any, module: str, more: dict[str, str]) -> subprocess.Popen[bytes]:
    environment = {name: value for name, value in os.environ.items() if name not in _NOT_PASSED_ON}
    environment |= more
    environment["SSL_CERT_FILE"] = os.devnull  # it speaks no TLS, and aiohttp would read all certificates
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))
    # A session (on Windows a group) of its own: the interrupt button signals the kernel's whole group.
    if os.name == "posix":
        apart: dict[str, Any] = {"start_new_session": True}
    else:
        apart = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
    # -P: a learner's file that is called json.py must not be imported.
    command = [sys.executable, "-P", "-m", module, str(os.getpid())]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": complaints}
    try:
        return subprocess.Popen(command, bufsize=0, env=environment, cwd=_ROOT, **pipes, **apart)
    except OSError as error:
        complaints.close()
        raise ShopClosed(f"The shop's server could not be started ({error}).") from error


def _end_at_exit() -> None:
    for server in [each for (owner, _), each in _servers.items() if owner == os.getpid()]:
        if server.usable:
            server.end()


def _forget_in_child() -> None:
    for server in _servers.values():
        server.let_go()
    _servers.clear()
    _starting.release()


atexit.register(_end_at_exit)
if hasattr(os, "register_at_fork"):
    # Held while forking, so that no child begins with a lock that a thread of its parent holds.
    os.register_at_fork(
        before=_starting.acquire, after_in_parent=_starting.release, after_in_child=_forget_in_child
    )

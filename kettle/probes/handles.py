"""Open descriptors, sockets and connections: what a block opened and left open, even when it raises.

Linux and macOS: all descriptors of the process. Windows: files and sockets, as far as psutil tells of them.

    with handles() as open_handles:
        print_labels()
    open_handles.opened_left
"""

import asyncio
import gc
import os
import socket
import stat
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kettle.layers import Patches
from kettle.probes.engines.block import Block
from kettle.probes.engines.collecting import only_new_collected

_TURN = 0.005  # seconds between two looks, while a loop gets the time to close what was let go


@dataclass(frozen=True)
class Handle:
    """One open descriptor.

    Attributes:
        number: the descriptor, or -1 where the system tells none.
        kind: "file", "socket" (listening, or not yet connected), "connection", "pipe", or "other".
        what: the path, the addresses, or what else the system tells of it.
    """

    number: int
    kind: str
    what: str
    _identity: tuple = field(default=(), repr=False)

    def __repr__(self) -> str:
        return f"{self.kind} {self.what}"


class Handles(Block):
    """What a block opened and left open. It is filled when the block ends, whether or not that raises."""

    opened_left: tuple[Handle, ...] = ()

    def __init__(self, patience: float = 0.5) -> None:
        self._patience = patience
        self._told: list[str] = []

    @property
    def warnings(self) -> tuple[str, ...]:
        """ResourceWarnings, and what was told to an event loop's exception handler as "Unclosed …"."""
        return tuple(dict.fromkeys(self._told))

    @property
    def connections(self) -> tuple[Handle, ...]:
        """Those of `opened_left` that are connected sockets."""
        return tuple(handle for handle in self.opened_left if handle.kind == "connection")

    @property
    def files(self) -> tuple[Handle, ...]:
        """Those of `opened_left` that are files."""
        return tuple(handle for handle in self.opened_left if handle.kind == "file")

    def __enter__(self) -> "Handles":
        self._undo = ExitStack()
        self._undo.enter_context(only_new_collected())
        self._undo.enter_context(_LISTENING.into(self._told))
        self._before = {handle._identity for handle in open_handles()}
        return self

    def __exit__(self, *error: object) -> None:
        gc.collect()  # what a cycle held is closed now, with a ResourceWarning
        self.opened_left = self._left()
        self._undo.close()

    async def __aexit__(self, *error: object) -> None:
        for _ in range(round(self._patience / _TURN)):  # a transport is closed in a later turn of its loop
            if not self._left():
                break
            gc.collect()
            await asyncio.sleep(_TURN)
        self.__exit__(*error)

    def _left(self) -> tuple[Handle, ...]:
        return tuple(handle for handle in open_handles() if handle._identity not in self._before)

    def __repr__(self) -> str:
        left = ", ".join(map(repr, self.opened_left)) or "nothing"
        warned = f"; {len(self.warnings)} warnings, the first: {self.warnings[0]}" if self.warnings else ""
        return f"left open: {left}{warned}"


def handles(*, patience: float = 0.5) -> Handles:
    """Tell what the block of a `with` or `async with` opens and leaves open.

    What other threads open meanwhile is told too, and so is what a library opens once, at its first use: run
    that once before. In `async with`, the loop gets up to `patience` seconds, in turns of 5 ms, to close what
    was let go; nothing is waited for where nothing is left.

    Returns a `Handles`: `opened_left`, `connections`, `files`, `warnings`.
    """
    return Handles(patience)


def open_handles() -> tuple[Handle, ...]:
    """List this process's open descriptors, as far as the system tells them."""
    for folder in ("/proc/self/fd", "/dev/fd"):
        if Path(folder).is_dir():
            numbers = sorted(int(entry.name) for entry in Path(folder).iterdir())
            return tuple(handle for number in numbers if (handle := _described(number)))
    return _by_psutil() if sys.platform == "win32" else ()


def _described(number: int) -> Handle | None:
    try:
        found = os.fstat(number)
    except OSError:  # the descriptor with which the folder was read
        return None
    identity = (number, found.st_dev, found.st_ino, stat.S_IFMT(found.st_mode))
    if stat.S_ISSOCK(found.st_mode):
        return Handle(number, *_socket(number), identity)
    kind = "file" if stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode) else "other"
    if stat.S_ISFIFO(found.st_mode):
        kind = "pipe"
    name = _name(number)
    return Handle(number, kind, name, (*identity, name if kind == "other" else ""))


def _name(number: int) -> str:
    try:
        return str(Path(f"/proc/self/fd/{number}").readlink())
    except OSError:
        pass
    try:
        import fcntl

        how: int = fcntl.F_GETPATH  # type: ignore[attr-defined]  # of macOS
        return fcntl.fcntl(number, how, b"\0" * 1024).split(b"\0")[0].decode()
    except (ImportError, AttributeError, OSError):
        return f"descriptor {number}"


def _socket(number: int) -> tuple[str, str]:
    """Tell kind and addresses of a socket, by a duplicate that is closed at once."""
    try:
        with socket.socket(fileno=os.dup(number)) as found:
            here = found.getsockname()
            try:
                there = found.getpeername()
            except OSError:
                return "socket", _address(here)
            if not (here or there):
                return "pipe", "pair of sockets"  # such as an event loop wakes itself with
            return "connection", f"{_address(here)} → {_address(there)}"
    except OSError:
        return "socket", f"descriptor {number}"


def _address(address: object) -> str:
    if isinstance(address, tuple) and len(address) >= 2:
        return f"{address[0]}:{address[1]}"
    return (address.decode(errors="replace") if isinstance(address, bytes) else str(address)) or "unnamed"


def _by_psutil() -> tuple[Handle, ...]:
    """Tell files and sockets (Windows)."""
    import psutil

    me = psutil.Process()
    found = [Handle(file.fd, "file", file.path, ("file", file.path)) for file in me.open_files()]
    for link in me.net_connections():
        here, there = _address(tuple(link.laddr)), _address(tuple(link.raddr)) if link.raddr else None
        kind, what = ("connection", f"{here} → {there}") if there else ("socket", here)
        found.append(Handle(link.fd, kind, what, (kind, what)))
    return tuple(found)


class _Listening:
    """The warnings and exception handlers of the whole process, heard while any block is open."""

    def __init__(self) -> None:
        self._lists: dict[int, list[str]] = {}  # by the id of the list
        self._patches = Patches(self._install)

    @contextmanager
    def into(self, told: list[str]) -> Iterator[None]:
        """Collect ResourceWarnings and "Unclosed …" of event loops; let everything else through."""
        self._patches.open()
        self._lists[id(told)] = told
        try:
            yield
        finally:
            del self._lists[id(told)]
            self._patches.close()

    def _tell(self, message: str) -> None:
        for told in tuple(self._lists.values()):
            told.append(message)

    def _install(self, patches: Patches) -> None:
        patches.undo.enter_context(warnings.catch_warnings())
        warnings.simplefilter("always", ResourceWarning)
        show = warnings.showwarning

        def showwarning(message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:
            if issubclass(category, ResourceWarning):
                self._tell(str(message))
            else:
                show(message, category, *place, **more)

        warnings.showwarning = showwarning
        patches.put(asyncio.BaseEventLoop, "call_exception_handler", self._hearing)

    def _hearing(self, handle: Callable) -> Callable:
        def call_exception_handler(loop: Any, context: dict[str, Any]) -> None:
            message = str(context.get("message", ""))
            if message.startswith("Unclosed"):
                self._tell(message)
            else:
                handle(loop, context)

        return call_exception_handler


_LISTENING = _Listening()

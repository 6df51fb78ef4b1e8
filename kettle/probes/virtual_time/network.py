"""The network of virtual time: connections in memory, between aiohttp clients and served applications."""

import asyncio
import contextvars
import socket
import weakref
from collections.abc import Callable, Iterable
from typing import Any

from .refused import refuse

_CHUNK = 65536  # bytes delivered at a time, so that large bodies arrive in pieces as on a real network
_NOBODY = "Serve an application with `network().serve(app, host, port)` and connect to that."


def network() -> "Network":
    """Return the network of the running virtual loop.

    Raises NotSupported in a loop that is not virtual.
    """
    found = getattr(asyncio.get_running_loop(), "network", None)
    if not isinstance(found, Network):
        refuse("a network outside it", "Call this inside a coroutine that run_virtual runs.")
    return found


class Network:
    """Applications by host and port. connections: how many were opened; open_now: how many still are.

    silent: addresses (host, port) that take up no new connection: whoever connects to them waits.
    """

    def __init__(self, loop: Any) -> None:
        self._loop = loop
        self._servers: dict[tuple, Callable[[], Any]] = {}
        self._runners: list[Any] = []
        # sockets that were "connected", and to whom
        self._sockets: weakref.WeakKeyDictionary[socket.socket, tuple] = weakref.WeakKeyDictionary()
        self._names: dict[str, str] = {}
        self.silent: set[tuple] = set()
        self.connections = self.open_now = 0

    async def serve(self, app: Any, host: str = "shop.test", port: int = 80) -> str:
        """Let an `aiohttp.web.Application` answer at a host and port; return its URL. Ends with the run."""
        from aiohttp import web

        runner = web.AppRunner(app, handler_cancellation=True)
        await runner.setup()
        self._runners.append(runner)
        assert runner.server is not None  # since it is set up
        self.answer(host, port, runner.server)
        return f"http://{host}" if port == 80 else f"http://{host}:{port}"

    def answer(self, host: str, port: int, protocol_factory: Callable[[], Any]) -> None:
        """Let protocols made by a factory answer at a host and port."""
        address = self._names.setdefault(host, f"192.0.2.{len(self._names) + 1}")  # reserved for examples
        self._servers[(host, port)] = self._servers[(address, port)] = protocol_factory

    def be_silent(self, host: str, port: int, silent: bool = True) -> None:
        """Let new connections to an address wait without end; or no longer, which wakes none that waits."""
        for name in (host, self._names.get(host, host)):
            (self.silent.add if silent else self.silent.discard)((name, port))

    async def close(self) -> None:
        """End the served applications."""
        for runner in self._runners:
            await runner.cleanup()

    def addresses(self, host: str, port: int) -> list[tuple]:
        """Answer a look-up of a host's name; refuse hosts that nobody serves."""
        if (host, port) not in self._servers:
            refuse(f"connections to {host}:{port}", _NOBODY)
        address = self._names.get(host, host)
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, port))]

    def connect(self, sock: socket.socket, address: tuple) -> None:
        """Remember whom a socket is to be connected to."""
        address = tuple(address[:2])
        if address not in self._servers:
            refuse(f"connections to {address[0]}:{address[1]}", _NOBODY)
        self._sockets[sock] = address

    async def reach(self, address: tuple) -> None:
        """Wait for as long as an address takes up no connection: for ever."""
        if tuple(address[:2]) in self.silent:
            await self._loop.create_future()

    def open(
        self, protocol_factory: Callable[[], Any], host: str, port: int, sock: socket.socket | None
    ) -> tuple["Transport", Any]:
        """Open a connection; return (transport, protocol) as `create_connection` does."""
        key = self._sockets.pop(sock, None) if sock is not None else (host, port)
        if key not in self._servers:
            refuse(f"connections to {host}:{port}", _NOBODY)
        if sock is not None:
            sock.close()
        client, server = protocol_factory(), self._servers[key]()
        ours, theirs = Transport(self._loop, client), Transport(self._loop, server)
        ours.peer, theirs.peer = theirs, ours
        ours.when_lost = self._closed
        self.connections += 1
        self.open_now += 1
        # In a context of its own, as in another process: its tasks are not the client's.
        contextvars.Context().run(server.connection_made, theirs)
        client.connection_made(ours)
        return ours, client

    def _closed(self) -> None:
        self.open_now -= 1


class _Socket:
    """As much of a socket as aiohttp asks a transport for; never readable."""

    family, type, proto = socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP

    def setsockopt(self, *args: object) -> None:
        pass

    def getsockopt(self, *args: object) -> int:
        return 0

    def getpeername(self) -> tuple[str, int]:
        return ("192.0.2.1", 1)

    getsockname = getpeername

    def fileno(self) -> int:
        return -1


class Transport(asyncio.Transport):
    """One end of a connection in memory; what is written arrives at the other in the loop's next round."""

    peer: "Transport"

    def __init__(self, loop: Any, protocol: Any) -> None:
        super().__init__({"peername": ("192.0.2.1", 1), "sockname": ("192.0.2.1", 2), "socket": _Socket()})
        self._loop, self._protocol, self.when_lost = loop, protocol, lambda: None
        self._waiting: list[bytes] = []  # pieces that were not read yet
        self._ended = False  # the other end has
        self._closing = self._lost = self._paused = False

    def write(self, data: Any) -> None:
        """Send bytes, in pieces."""
        if self._closing:
            return
        data = bytes(data)
        for at in range(0, len(data), _CHUNK):
            self._loop.call_soon(self.peer._arrive, data[at : at + _CHUNK])

    def writelines(self, pieces: Iterable[bytes | bytearray | memoryview]) -> None:
        """Send several pieces."""
        self.write(b"".join(pieces))

    def close(self) -> None:
        """Close this end; the other end sees the end of the stream."""
        if not self._closing:
            self._closing = True
            self._loop.call_soon(self._lose)
            self._loop.call_soon(self.peer._end)

    abort = close

    def _arrive(self, data: Any) -> None:
        self._waiting.append(data)
        self._read()

    def _end(self) -> None:
        self._ended = True
        self._read()

    def _read(self) -> None:
        while self._waiting and not self._paused and not self._lost:
            self._protocol.data_received(self._waiting.pop(0))
        if self._ended and not (self._waiting or self._lost or self._closing):
            self._ended = False
            if not self._protocol.eof_received():
                self.close()

    def _lose(self) -> None:
        if not self._lost:
            self._lost = True
            self._protocol.connection_lost(None)
            self.when_lost()

    def is_closing(self) -> bool:
        """Tell whether this end was closed."""
        return self._closing

    def is_reading(self) -> bool:
        """Tell whether what arrives is passed on."""
        return not self._paused

    def pause_reading(self) -> None:
        """Keep what arrives from now on."""
        self._paused = True

    def resume_reading(self) -> None:
        """Pass on what was kept, and what arrives."""
        self._paused = False
        self._loop.call_soon(self._read)

    def set_protocol(self, protocol: Any) -> None:
        """Pass what arrives to another protocol."""
        self._protocol = protocol

    def get_protocol(self) -> Any:
        """Return the protocol that gets what arrives."""
        return self._protocol

    def get_write_buffer_size(self) -> int:
        """Return 0: nothing is kept on this side."""
        return 0

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Do nothing: nothing is kept on this side."""

    def can_write_eof(self) -> bool:
        """Return False: an end closes both ways."""
        return False

"""The proxy: a port between clients and the server that charges a handshake and a delay, and counts.

Whatever a client sends is passed on `delay` seconds after it came; the first thing that it sends over a
connection is passed on `handshake` seconds after that opened, at the earliest, as after TLS.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from kettle.processes.program import Address, connect
from kettle.shop.watch import ROUNDS, Call, Rendezvous, Window

CHUNK = 2**16
INTRODUCTIONS = {"AUTH", "CLIENT", "COMMAND", "HELLO", "PING", "SELECT"}  # what is sent for the client's sake


class Port:
    """One port of the proxy: what one handle of the kernel talks to, with watchers of its own."""

    def __init__(self, address: Address, prefix: str, handshake: float, delay: float) -> None:
        self.prefix = prefix
        self.watchers: dict[int, Window | Rendezvous] = {}
        self.handshake, self.delay = handshake, delay
        self._address = address
        self._count = 0
        self._talks: dict[asyncio.Task, Talk] = {}
        self._listener: asyncio.Server | None = None

    async def open(self) -> int:
        """Start to listen on loopback and tell the port, which the system picked."""
        self._listener = await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=1024)
        return self._listener.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop listening, let all go that is held, and close every connection."""
        if self._listener is not None:
            self._listener.close()
        for watcher in self.watchers.values():
            if isinstance(watcher, Rendezvous):
                watcher.release()
        for task in tuple(self._talks):
            task.cancel()
        if self._talks:
            await asyncio.wait(tuple(self._talks), timeout=5)

    async def drop_idle(self) -> None:
        """Close the connections that carry no command just now."""
        idle = [task for task, talk in self._talks.items() if not talk.waiting]
        for task in idle:
            task.cancel()
        if idle:
            await asyncio.wait(idle, timeout=5)
        for _ in range(ROUNDS):  # their ends are told to the other side before this one is
            await asyncio.sleep(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._count += 1
        talk = Talk(self, self._count)
        for watcher in self.watchers.values():
            if isinstance(watcher, Window):
                watcher.opened.append(self._count)
        task = asyncio.current_task()
        assert task is not None  # each connection is served in one
        self._talks[task] = talk
        upstream = None
        try:
            from_server, upstream = await connect(self._address)
            await talk.relay(reader, writer, from_server, upstream)
        except (OSError, EOFError, ValueError, asyncio.CancelledError):
            pass  # either side went away, or the port closes: the other is told by closing
        finally:
            talk.end(cancelled=True)
            for each in (writer, upstream):
                if each is not None:
                    each.close()
            del self._talks[task]


class Talk:
    """One connection through the proxy, and the commands that wait for an answer on it."""

    def __init__(self, port: Port, number: int) -> None:
        self.waiting: list[Call] = []
        self._port, self._number = port, number
        self._opened: float | None = time.perf_counter()
        self._commands = Commands()

    async def relay(self, reader: Any, writer: Any, from_server: Any, upstream: Any) -> None:
        """Pass on what comes from either side, until one of them closes."""
        ways = [
            asyncio.ensure_future(self._to_server(reader, upstream)),
            asyncio.ensure_future(self._to_client(from_server, writer)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    def end(self, cancelled: bool = False) -> None:
        """Note that what was waited for has been answered, or that nobody waits any more."""
        ended, self.waiting = self.waiting, []
        for call in ended:
            call.ended, call.cancelled = time.perf_counter(), cancelled
            for watcher in call.seen_by:
                watcher.end(call)

    async def _to_server(self, reader: asyncio.StreamReader, upstream: asyncio.StreamWriter) -> None:
        while data := await reader.read(CHUNK):
            calls = [self._begin(*command) for command in self._commands.feed(data)]
            handshake = self._shake_hands()
            for call in calls[:1]:
                call.handshake, call.latency = handshake, self._port.delay
            await asyncio.sleep(handshake + self._port.delay)
            for watcher in {each for call in calls for each in call.seen_by if isinstance(each, Rendezvous)}:
                await watcher.hold(calls[0])
            upstream.write(data)
            await upstream.drain()

    async def _to_client(self, from_server: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await from_server.read(CHUNK):
            self.end()
            writer.write(data)
            await writer.drain()

    def _begin(self, name: str, key: str) -> Call:
        call = Call(name, "", f"{name} {key}".strip(), self._number, time.perf_counter())
        # Several commands that are sent at once over one connection are one call to those who must meet.
        introduces = name in INTRODUCTIONS or any(each.route not in INTRODUCTIONS for each in self.waiting)
        call.seen_by = tuple(
            each for each in self._port.watchers.values() if isinstance(each, Window) or not introduces
        )
        for watcher in call.seen_by:
            watcher.begin(call)
        self.waiting.append(call)
        return call

    def _shake_hands(self) -> float:
        """Tell how many seconds of the handshake are left; only once."""
        opened, self._opened = self._opened, None
        return 0.0 if opened is None else max(0.0, opened + self._port.handshake - time.perf_counter())


class Commands:
    """Reads commands out of what a client sends: arrays of bulk strings, as client libraries send them."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[tuple[str, str]]:
        """Take in what came; return the commands that are whole now, each as its name and its key."""
        self._rest += data
        found, at = [], 0
        while (read := self._command(at)) is not None:
            words, at = read
            found.append((words[0].upper(), words[1] if len(words) > 1 else ""))
        self._rest = self._rest[at:]
        return found

    def _command(self, at: int) -> tuple[list[str], int] | None:
        head = self._line(at)
        if head is None:
            return None
        line, at = head
        if not line.startswith(b"*"):  # an inline command, as somebody types it
            return [*line.decode(errors="replace").split(), "?"][:2], at
        words = []
        for _ in range(int(line[1:])):
            head = self._line(at)
            if head is None:
                return None
            line, at = head
            size = int(line[1:])
            if len(self._rest) < at + size + 2:
                return None
            words.append(self._rest[at : at + size].decode(errors="replace"))
            at += size + 2
        return words or ["?"], at

    def _line(self, at: int) -> tuple[bytes, int] | None:
        end = self._rest.find(b"\r\n", at)
        return None if end < 0 else (self._rest[at:end], end + 2)

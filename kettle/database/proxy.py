"""The delay proxy: stands between clients and PostgreSQL, charges a network delay, and counts what it sees.

Everything that a client sends is passed on `delay` seconds after it arrived, in order, so each round trip
takes that much longer, while a pipeline or a COPY pays only once. Each tenant has a port, a schema, a
delay and counts of its own.
"""

import asyncio
import contextlib
import struct

from kettle.database.statements import Ledger
from kettle.database.wire import CANCEL_REQUEST, GSS_REQUEST, SSL_REQUEST, Conversation
from kettle.processes.program import Address, connect

CHUNK = 2**16
LONGEST_STARTUP = 10_000  # bytes, PostgreSQL's own limit
Reader = asyncio.StreamReader
Writer = asyncio.StreamWriter


class ProxyPort:
    """One port of the proxy: what one database handle of the kernel talks to."""

    def __init__(self, address: Address, schema: str) -> None:
        self.address = address
        self.schema = schema
        self.delay = 0.0
        self.ledger = Ledger()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task] = set()

    async def open(self) -> int:
        """Start to listen on loopback and return the port, which the operating system picks."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=CHUNK)
        return self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop listening and end all connections."""
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(list(self._tasks), timeout=5)

    def drop(self) -> int:
        """End all connections, as a server that restarts does, and go on listening; return how many."""
        for task in self._tasks:
            task.cancel()
        return len(self._tasks)

    async def _serve(self, reader: Reader, writer: Writer) -> None:
        task = asyncio.current_task()
        assert task is not None  # each connection is served in one
        self._tasks.add(task)
        upstream = None
        try:
            startup = await self._negotiate(reader, writer)
            upstream_reader, upstream = await connect(self.address, limit=CHUNK)
            upstream.write(startup)
            if _code(startup) != CANCEL_REQUEST:
                await self._relay(reader, writer, upstream_reader, upstream)
            else:
                await upstream_reader.read()  # the server closes when it has cancelled
        except (OSError, EOFError, ValueError):
            pass  # either side went away: the other is told by closing
        except asyncio.CancelledError:
            pass  # the tenant is closed; the handler of a stream has nobody to tell
        finally:
            for each in (writer, upstream):
                if each is not None:
                    each.close()
            self._tasks.discard(task)

    async def _negotiate(self, reader: Reader, writer: Writer) -> bytes:
        """Decline encryption, since this is loopback; return the startup message with our schema in it."""
        while True:
            length = await reader.readexactly(4)
            size = int.from_bytes(length, "big")
            if not 8 <= size <= LONGEST_STARTUP:
                raise ValueError("not a PostgreSQL client")
            message = length + await reader.readexactly(size - 4)
            await asyncio.sleep(self.delay)
            if _code(message) in (SSL_REQUEST, GSS_REQUEST):
                self.ledger.add("round_trips")
                writer.write(b"N")
            elif _code(message) == CANCEL_REQUEST:
                return message
            else:
                return _with_setting(message, "search_path", self.schema)

    async def _relay(self, reader: Reader, writer: Writer, upstream_reader: Reader, upstream: Writer) -> None:
        conversation = Conversation(self.ledger, self.ledger.connect())
        directions = [
            asyncio.ensure_future(self._to_server(reader, upstream, conversation)),
            asyncio.ensure_future(_to_client(upstream_reader, writer, conversation)),
        ]
        try:
            await asyncio.wait(directions, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in directions:
                each.cancel()
            await asyncio.gather(*directions, return_exceptions=True)
            self.ledger.disconnect()

    async def _to_server(self, reader: Reader, upstream: Writer, conversation: Conversation) -> None:
        late: asyncio.Queue[tuple[float, bytes]]
        late = asyncio.Queue(maxsize=256)  # chunks on their way: bounded, so that a fast client has to wait
        passing = asyncio.ensure_future(_pass_on(late, upstream))
        clock = asyncio.get_running_loop().time
        try:
            while data := await reader.read(CHUNK):
                conversation.from_client(data)
                if passing.done():
                    return
                await late.put((clock() + self.delay, data))
            await late.put((0.0, b""))
            await passing
        finally:
            passing.cancel()
            with contextlib.suppress(asyncio.CancelledError, OSError):
                await passing


async def _pass_on(late: asyncio.Queue, upstream: Writer) -> None:
    clock = asyncio.get_running_loop().time
    while True:
        when, data = await late.get()
        if not data:
            return
        if (wait := when - clock()) > 0:
            await asyncio.sleep(wait)
        upstream.write(data)
        await upstream.drain()


async def _to_client(upstream_reader: Reader, writer: Writer, conversation: Conversation) -> None:
    while data := await upstream_reader.read(CHUNK):
        conversation.from_server(data)
        writer.write(data)
        await writer.drain()


def _code(message: bytes) -> int:
    return int.from_bytes(message[4:8], "big")


def _with_setting(startup: bytes, name: str, value: str) -> bytes:
    """Return the startup message with one more setting, so that no driver needs to be told of it.

    Where it has that setting already, it stays: a proxy may stand behind another one.
    """
    if not startup.endswith(b"\0"):
        raise ValueError("not a startup message")
    if name.encode() in startup[8:-1].split(b"\0")[::2]:  # after length and version: names and values in turn
        return startup
    body = startup[4:-1] + name.encode() + b"\0" + value.encode() + b"\0\0"
    return struct.pack("!I", len(body) + 4) + body

"""The supervisor: a small process between a kernel and its database, which ends both when the kernel ends.

    python -m kettle.database.supervisor

It reads one JSON object a line from its standard input and answers each with one on its standard output.
The first line says whose child it is and, where the server is the user's own, how to reach that one. The
end of its input (the kernel ended, however it ended) or a new parent (the kernel ended, and a child of it
still holds the input open) stops the server and removes its folder; of a server of the user's own, only
our schemas are dropped.
"""

import asyncio
import dataclasses
import json
import os
import signal
import sys
import threading

from kettle.database.folder import NoServer
from kettle.database.proxy import ProxyPort
from kettle.database.server import Server

LOOK = 0.5  # seconds between looks at the parent


class Supervisor:
    """Serves the requests of one kernel."""

    def __init__(self, parent: int, own: dict | None) -> None:
        self._parent = parent
        self._own = own  # {"address": ..., "conninfo": ...} of a server that is not ours
        self._server = None if own else Server()
        self._tenants: dict[int, ProxyPort] = {}
        self._number = 0

    def start(self) -> dict:
        """Start the server, if it is ours; return what the kernel must know."""
        if self._server is None:
            return {"pid": None, "folder": None}
        self._server.start()
        return {
            "pid": self._server.process.pid,
            "folder": str(self._server.folder),
            "password": self._server.password,
        }

    async def serve(self) -> None:
        """Answer requests until the kernel is gone."""
        loop = asyncio.get_running_loop()
        lines: asyncio.Queue[bytes] = asyncio.Queue()

        def read() -> None:
            # a thread, since a pipe cannot be read by the event loop on Windows
            for line in sys.stdin.buffer:
                loop.call_soon_threadsafe(lines.put_nowait, line)
            loop.call_soon_threadsafe(lines.put_nowait, b"")

        threading.Thread(target=read, daemon=True).start()
        looking = asyncio.ensure_future(self._until_orphaned(lines))
        try:
            while line := await lines.get():
                await self._answer(json.loads(line))
        finally:
            looking.cancel()
            for tenant in self._tenants.values():
                await tenant.close()
            self._end()

    async def _until_orphaned(self, lines: asyncio.Queue) -> None:
        while os.name != "posix" or os.getppid() == self._parent:
            await asyncio.sleep(LOOK)
            if self._server is not None and self._server.process.poll() is not None:
                break  # the server was ended by somebody else: nothing is left to supervise
        lines.put_nowait(b"")

    async def _answer(self, request: dict) -> None:
        try:
            result = await getattr(self, f"do_{request['do']}")(**request.get("with", {}))
            _say({"id": request["id"], "result": result})
        except Exception as error:  # noqa: BLE001 (whatever it is, the kernel is told)
            _say({"id": request["id"], "error": f"{type(error).__name__}: {error}"})

    async def do_open(self, schema: str) -> dict:
        """Open a tenant: a port that leads into this schema."""
        address = self._server.address if self._server else self._own["address"]
        tenant = ProxyPort(address if isinstance(address, str) else tuple(address), schema)
        self._number += 1
        self._tenants[self._number] = tenant
        return {"tenant": self._number, "port": await tenant.open()}

    async def do_close(self, tenant: int) -> None:
        """Close a tenant; its schema has been dropped by the kernel."""
        await self._tenants.pop(tenant).close()

    async def do_delay(self, tenant: int, seconds: float) -> None:
        """Set the delay of each round trip."""
        self._tenants[tenant].delay = seconds

    async def do_drop(self, tenant: int) -> int:
        """End the connections of a tenant; it can connect again."""
        return self._tenants[tenant].drop()

    async def do_window(self, tenant: int, what: str, number: int = 0) -> object:
        """Open, read or close a window over what a tenant sees."""
        ledger = self._tenants[tenant].ledger
        if what == "open":
            return ledger.open()
        seen = ledger.read(number) if what == "read" else ledger.close(number)
        return dataclasses.asdict(seen)

    def _end(self) -> None:
        if self._server is not None:
            self._server.stop()
        elif self._tenants:
            _drop_schemas(self._own["conninfo"], [tenant.schema for tenant in self._tenants.values()])


def _drop_schemas(conninfo: str, schemas: list[str]) -> None:
    import psycopg  # only here: the supervisor of our own server does without, which keeps it small

    with psycopg.connect(conninfo, connect_timeout=5, autocommit=True) as connection:
        for schema in schemas:
            connection.execute(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')


def _say(message: dict) -> None:
    try:
        sys.stdout.buffer.write(json.dumps(message).encode() + b"\n")
        sys.stdout.buffer.flush()
    except OSError:
        pass  # nobody listens any more; the end of the input will be seen next


def main() -> None:
    """Start the server, say so, and serve until the kernel is gone."""
    for name in (
        "SIGINT",
        "SIGTERM",
        "SIGHUP",
    ):  # an interrupt is meant for the kernel; the pipe tells when to end
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    if os.name == "posix":
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    first = json.loads(sys.stdin.buffer.readline())
    supervisor = Supervisor(first["parent"], first.get("own"))
    try:
        _say({"id": 0, "result": supervisor.start()})
    except NoServer as error:
        _say({"id": 0, "no_server": str(error)})
        return
    try:
        asyncio.run(supervisor.serve())
    finally:
        supervisor._end()  # also when asyncio itself failed; stopping twice is harmless


if __name__ == "__main__":
    main()

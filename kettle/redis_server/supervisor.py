"""The server's process: starts the server, opens ports to it, until its parent ends; then it puts all away.

python -P -m kettle.redis_server.supervisor PARENT
"""

import asyncio
import os
import threading
from contextlib import suppress
from typing import Any

from kettle.redis_server.own import NoRedis, Own
from kettle.redis_server.proxy import Port
from kettle.redis_server.server import Fake, Valkey, start_server
from kettle.shop.control import Control, serve

Server = Valkey | Fake | Own


class Redis(Control):
    """Does what lines on stdin ask of ports to a server that speaks Redis' protocol."""

    def __init__(self) -> None:
        super().__init__()
        self._server: Server | None = None
        self._prefixes: set[str] = set()  # of keys that have not been dropped yet
        self._ending = threading.Lock()

    async def open(
        self, tenant: int, own: str | None, prefix: str, handshake: float, delay: float
    ) -> dict[str, Any]:
        """Open a port to our server, or to the user's own one; tell where, or why there is none."""
        try:
            server = self._started(own)
        except NoRedis as trouble:
            return {"no_server": str(trouble)}
        self._prefixes.add(prefix)
        self._tenants[tenant] = port = Port(server.address, prefix, handshake, delay)
        told = {"kind": server.kind, "login": server.login, "database": server.database}
        return {"port": await port.open(), **told}

    async def close(self, tenant: int) -> None:
        """Close a port, and drop the keys that begin with its prefix."""
        port = self._tenants.pop(tenant)
        await port.close()
        await asyncio.to_thread(self._server.drop, port.prefix)
        self._prefixes.discard(port.prefix)  # only now: this process may end while they are dropped

    async def drop_idle(self, tenant: int) -> None:
        """Close the connections of a port that carry no command just now."""
        await self._tenants[tenant].drop_idle()

    async def slow_down(self, tenant: int, handshake: float | None, delay: float | None) -> None:
        """Change what a connection or a round trip of a port costs from now on."""
        port = self._tenants[tenant]
        port.handshake = port.handshake if handshake is None else handshake
        port.delay = port.delay if delay is None else delay

    async def start_ahead(self) -> None:
        """Start our server, so that the first port finds it ready; what is wrong is told to that one."""
        with suppress(NoRedis):
            self._started(None)

    def end(self) -> None:
        """End our server, or drop what is ours on the user's own one; then end this process."""
        if not self._ending.acquire(blocking=False):
            threading.Event().wait()  # another thread is at it, and will end the process
        if isinstance(self._server, Own):
            for prefix in tuple(self._prefixes):
                with suppress(Exception):
                    self._server.drop(prefix)
        elif self._server is not None:
            self._server.stop()
        os._exit(0)

    def _started(self, own: str | None) -> Server:
        # On the main thread, though it waits: on Linux the server ends with the thread that started it.
        if self._server is None:
            self._server = Own(own) if own is not None else start_server()
        return self._server


if __name__ == "__main__":
    serve(Redis)

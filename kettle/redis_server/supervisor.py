"""The server's process: starts the server, opens ports to it, until its parent ends; then it puts all away.

python -P -m kettle.redis_server.supervisor PARENT
"""

import asyncio
from contextlib import suppress
from typing import Any

from kettle.processes.serve import serve
from kettle.redis_server.own import Own
from kettle.redis_server.proxy import Port
from kettle.redis_server.server import start_server
from kettle.shop.watching import Watching


class Redis(Watching):
    """Opens ports to a server that speaks Redis' protocol."""

    def __init__(self) -> None:
        super().__init__()
        self._server: Any = None  # a Valkey, a Fake or an Own, once it has started
        self._prefixes: set[str] = set()  # of keys that have not been dropped yet

    async def start(self, own: list[str]) -> dict[str, Any]:
        """Start our server, or reach the user's own one."""
        # On the main thread, though it waits: on Linux the server ends with the thread that started it.
        self._server = server = Own(*own) if own else start_server()
        return {"kind": server.kind, "login": server.login, "database": server.database}

    async def open(self, tenant: int, prefix: str, handshake: float, delay: float) -> int:
        """Open a port to the server, and tell it."""
        self._prefixes.add(prefix)
        self._tenants[tenant] = port = Port(self._server.address, prefix, handshake, delay)
        return await port.open()

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

    async def end(self) -> None:
        """End our server, or drop what is ours on the user's own one."""
        if isinstance(self._server, Own):
            for prefix in tuple(self._prefixes):
                with suppress(Exception):
                    self._server.drop(prefix)
        elif self._server is not None:
            self._server.stop()


if __name__ == "__main__":
    serve(Redis)

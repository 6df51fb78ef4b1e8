"""The supervisor: a small process between a kernel and its database, which ends both when the kernel ends.

python -m kettle.database.supervisor PARENT
"""

import dataclasses

from kettle.database.proxy import ProxyPort
from kettle.database.server import Server
from kettle.processes.program import Program
from kettle.processes.serve import Service, serve


class Supervisor(Service):
    """Opens ports to a server, our own or the user's; at the end it stops ours, or drops our schemas."""

    def __init__(self) -> None:
        super().__init__()
        self._server: Server | None = None  # ours
        self._program: Program | None = None
        self._address: str | tuple[str, int] = ""
        self._conninfo = ""  # of the user's
        self._tenants: dict[int, ProxyPort] = {}
        self._number = 0

    async def start(self, own: list) -> dict | None:
        """Start our server and return what the kernel must know; there is nothing to start on the user's."""
        if own:
            address, self._conninfo = own
            self._address = address if isinstance(address, str) else tuple(address)
            return None
        server = Server()
        # On the main thread, though it waits: on Linux the server ends with the thread that started it.
        self._program = program = server.start()
        self._server, self._address = server, server.address
        return {"pid": program.pid, "folder": str(server.folder), "password": server.password}

    def is_needed(self) -> bool:
        """Whether the server has not been ended by somebody else."""
        return self._program is None or self._program.lives

    async def end(self) -> None:
        """Stop our server and remove its folder; of the user's, drop only our schemas."""
        try:
            for tenant in self._tenants.values():
                await tenant.close()
        finally:
            if self._server is not None:
                self._server.stop()
            elif self._tenants:
                _drop_schemas(self._conninfo, [tenant.schema for tenant in self._tenants.values()])

    async def open(self, schema: str) -> dict:
        """Open a tenant: a port that leads into this schema."""
        tenant = ProxyPort(self._address, schema)
        self._number += 1
        self._tenants[self._number] = tenant
        return {"tenant": self._number, "port": await tenant.open()}

    async def close(self, tenant: int) -> None:
        """Close a tenant; its schema has been dropped by the kernel."""
        await self._tenants.pop(tenant).close()

    async def delay(self, tenant: int, seconds: float) -> None:
        """Set the delay of each round trip."""
        self._tenants[tenant].delay = seconds

    async def drop(self, tenant: int) -> int:
        """End the connections of a tenant; it can connect again."""
        return self._tenants[tenant].drop()

    async def window(self, tenant: int, what: str, number: int = 0) -> object:
        """Open, read or close a window over what a tenant sees."""
        ledger = self._tenants[tenant].ledger
        if what == "open":
            return ledger.open()
        seen = ledger.read(number) if what == "read" else ledger.close(number)
        return dataclasses.asdict(seen)


def _drop_schemas(conninfo: str, schemas: list[str]) -> None:
    import psycopg  # only here: the supervisor of our own server does without, which keeps it small

    with psycopg.connect(conninfo, connect_timeout=5, autocommit=True) as connection:
        for schema in schemas:
            connection.execute(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')


def main() -> None:
    """Serve until the kernel is gone."""
    serve(Supervisor)


if __name__ == "__main__":
    main()

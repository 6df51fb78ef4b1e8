"""The server's process: opens and asks tenants, as lines on stdin say, until its parent ends."""

from typing import Any

from kettle.processes.serve import serve
from kettle.shop.tenant import Tenant
from kettle.shop.watching import Watching


class Shops(Watching):
    """Does what lines on stdin ask of shops."""

    async def open(self, tenant: int, seed: int, handshake: float) -> int:
        """Open a shop; tell its port."""
        self._tenants[tenant] = Tenant(seed, handshake)
        return await self._tenants[tenant].open()

    async def close(self, tenant: int) -> None:
        """Close a shop."""
        await self._tenants.pop(tenant).close()

    async def set(self, tenant: int, routes: list[str], changes: dict[str, Any]) -> None:
        """Change settings of a shop's routes."""
        self._tenants[tenant].set(routes, changes)

    async def break_calls(self, tenant: int, paths: list[str], calls: list[int], status: int | None) -> None:
        """Let calls of a shop fail."""
        self._tenants[tenant].break_calls(paths, calls, status)

    async def slow_down(self, tenant: int, paths: list[str], seconds: float) -> None:
        """Let calls of a shop take longer."""
        self._tenants[tenant].slow_down(paths, seconds)

    async def answer_with(self, tenant: int, paths: list[str], answer: Any, content_type: str) -> None:
        """Let calls of a shop be answered with something else."""
        self._tenants[tenant].answer_with(paths, answer, content_type)

    async def drop_idle(self, tenant: int) -> None:
        """Close the connections of a shop that carry no call just now."""
        await self._tenants[tenant].drop_idle()

    async def revise(self, tenant: int) -> None:
        """Let a shop answer otherwise from now on."""
        self._tenants[tenant].data.revision += 1


def main() -> None:
    """Serve shops until the parent has ended."""
    serve(Shops)


if __name__ == "__main__":
    main()

"""What a server's process can be asked of its tenants: to watch their calls, and to hold them."""

from typing import Any

from kettle.processes.serve import Service
from kettle.shop.watch import Rendezvous, Window


class Watching(Service):
    """Serves tenants, by their numbers, whose calls can be watched."""

    def __init__(self) -> None:
        super().__init__()
        self._tenants: dict[int, Any] = {}  # whatever has `watchers`

    async def window(self, tenant: int, watcher: int) -> None:
        """Start to collect calls."""
        self._tenants[tenant].watchers[watcher] = Window()

    async def meeting(
        self, tenant: int, watcher: int, routes: list[str], count: int | None, patience: float
    ) -> None:
        """Start to hold calls."""
        self._tenants[tenant].watchers[watcher] = Rendezvous(tuple(routes), count, patience)

    async def look(self, tenant: int, watcher: int, settle: float, close: bool) -> dict[str, Any]:
        """Report on a window or a meeting, and close it if that is asked."""
        watchers = self._tenants[tenant].watchers
        watched = watchers[watcher]
        await watched.settle(settle)
        if close and isinstance(watched, Rendezvous):
            watched.release()
        if close:
            watchers.pop(watcher, None)
        return watched.report()

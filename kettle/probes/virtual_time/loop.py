"""The event loop of virtual time: a selector loop that jumps to the next timer when nothing is ready."""

import asyncio
import selectors
import threading
from collections.abc import Callable
from typing import Any, NoReturn

from .clock import Clock
from .network import Network
from .refused import refuse

_LOOK = 0.02  # real seconds between two looks at workers that are busy
_GRACE = 0.1  # real seconds that a thread from outside gets to wake a loop on which nothing is scheduled
_CONNECT = "Serve an application with `network().serve(app, host, port)` and connect to that."


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop on a `Clock`. Made by `run_virtual`; its network is in memory.

    horizon: virtual seconds after which a wait is given up. `hung` then says why.
    """

    def __init__(self, horizon: float) -> None:
        self.clock = Clock()
        selector: Any = selectors.DefaultSelector()
        super().__init__(selector)
        self._clock_resolution = 1e-9  # no timer comes early, on no system
        self.horizon, self.hung = horizon, ""
        self.main: asyncio.Task | None = None
        self.thread = threading.get_ident()
        self.over = False  # while tidying up there is no horizon
        self.network = Network(self)
        self._really_select = selector.select
        selector.select = self._select  # instead of waiting, the clock jumps

    def time(self) -> float:
        """Return the virtual time in seconds."""
        return self.clock.now

    def _select(self, timeout: float | None) -> list:
        events = self._really_select(0)
        if events or (timeout is not None and timeout <= 0):
            return events
        with self.clock.lock:
            move = self._move(timeout)
        if move is not None:
            return self._really_select(move)
        events = self._really_select(_GRACE)
        if not events and not self.clock.busy:
            self._give_up("Nothing is scheduled that could ever wake it.")
        return events

    def _move(self, timeout: float | None) -> float | None:
        """Move the clock; return the real seconds to wait for events now, None if nothing is scheduled."""
        clock = self.clock
        if clock.busy:
            return _LOOK  # somebody really works: the clock stands still
        timer = float("inf") if timeout is None else clock.now + timeout
        target = min(timer, clock.next_sleeper())
        if target == float("inf"):
            return None
        if target > self.horizon and not self.over:
            self._give_up(f"It was still waiting after {self.horizon:g} virtual seconds.")
            return 0
        if clock.next_sleeper() <= timer:
            clock.wake_next()
            return _LOOK
        clock.now = target
        return 0

    def _give_up(self, why: str) -> None:
        if self.hung or self.main is None:
            self.stop()  # it was cancelled, and waits on
            return
        self.hung = why
        self.main.cancel()

    async def getaddrinfo(self, host: Any, port: Any, **options: Any) -> Any:
        """Return the address of a served application; there are no others."""
        return self.network.addresses(host, port)

    async def sock_connect(self, sock: Any, address: Any) -> None:
        """Connect a socket to a served application; the connection is made by `create_connection`."""
        self.network.connect(sock, address)
        await self.network.reach(address)

    async def create_connection(
        self,
        protocol_factory: Callable,
        host: Any = None,
        port: Any = None,
        *,
        sock: Any = None,
        ssl: Any = None,
        **options: Any,
    ) -> Any:
        """Connect to a served application, in memory."""
        if ssl:
            refuse("TLS", "Use http:// here: what TLS costs is not a matter of time.")
        if sock is None:
            await self.network.reach((host, port))
        return self.network.open(protocol_factory, host, port, sock)

    async def create_server(self, *args: Any, **options: Any) -> NoReturn:
        """Refuse: a server needs real sockets."""
        refuse("servers on real sockets", _CONNECT)

    async def create_unix_connection(self, *args: Any, **options: Any) -> NoReturn:
        """Refuse: the network is in memory."""
        refuse("Unix sockets", _CONNECT)

    async def create_datagram_endpoint(self, *args: Any, **options: Any) -> NoReturn:
        """Refuse: the network is in memory."""
        refuse("datagrams", _CONNECT)

    async def subprocess_exec(self, *args: Any, **options: Any) -> NoReturn:
        """Refuse: another process has a clock of its own."""
        refuse("other processes", "Their clock cannot be moved: run this in real time.")

    subprocess_shell = subprocess_exec

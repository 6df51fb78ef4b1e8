"""RedisServer: the handle on one port to a server that speaks Redis' protocol, with a prefix of its own."""

from __future__ import annotations

import concurrent.futures
import itertools
import secrets
import weakref
from contextlib import suppress
from typing import Any, ClassVar, Self

from kettle.redis_server.own import VARIABLE, NoRedis, own_url
from kettle.shop.meeting import PATIENCE, RendezvousWindow
from kettle.shop.process import ServerProcess, ShopClosed, current, wait_for
from kettle.shop.traffic import TrafficWindow

__all__ = ["NoRedis", "RedisServer", "open_redis", "start_redis_ahead"]
_numbers = itertools.count(1)


class RedisProcess(ServerProcess):
    """The process between a kernel and its server, which ends both when the kernel ends."""

    module: ClassVar[str] = "kettle.redis_server.supervisor"
    gone: ClassVar[str] = "The process of the Redis server has ended. Use open_redis() to start another."
    patience: ClassVar[float] = 5.0


class OwnRedisProcess(RedisProcess):
    """The same before a server of the user's own: it drops our keys there, and is given time for this."""


class RedisServer:
    """A way to a server that speaks Redis' protocol. Made by `open_redis()`; closes with its `with` block.

    url: for a client. prefix: begins every key of ours; all that begin so are dropped at the end. kind: what
    it is, "Valkey" or "fakeredis", or the name and version of the user's own. says: a sentence about it.
    """

    def __init__(self, handshake: float, delay: float) -> None:
        if not (0 <= handshake <= 10 and 0 <= delay <= 10):
            raise ValueError("handshake and delay are in seconds, from 0 to 10.")
        own = own_url()
        kind = OwnRedisProcess if own else RedisProcess
        self._server = current(kind, tidies_up=own is not None)
        self._number = next(_numbers)
        self.prefix = f"kettle:{secrets.token_hex(6)}:"
        self.handshake, self.delay = handshake, delay
        details = {"own": own, "prefix": self.prefix, "handshake": handshake, "delay": delay}
        found = wait_for(self._server.tell("open", tenant=self._number, **details))
        if "no_server" in found:
            raise NoRedis(found["no_server"])
        self.kind = found["kind"]
        login = f"{found['login']}@" if found["login"] else ""
        self.url = f"redis://{login}127.0.0.1:{found['port']}/{found['database']}"
        self.says = f"{self.kind}, {_which(self.kind, own is not None)}."
        self._finalizer = weakref.finalize(self, _forget, self._server, self._number)

    def set(self, *, handshake: float | None = None, delay: float | None = None) -> None:
        """Change what a new connection, or each round trip, costs from now on (seconds)."""
        wait_for(self.tell("slow_down", handshake=handshake, delay=delay))
        self.handshake = self.handshake if handshake is None else handshake
        self.delay = self.delay if delay is None else delay

    def traffic(self) -> TrafficWindow:
        """Watch commands and connections in a block, as `Shop.traffic()`; a command's name is its route."""
        return TrafficWindow(self)

    def rendezvous(self, count: int, *, patience: float = PATIENCE) -> RendezvousWindow:
        """Hold commands in a block until so many of as many connections are in flight, as `Shop.rendezvous`.

        What a client sends for its own sake, such as HELLO, passes and is not counted.
        """
        return RendezvousWindow(self, routes=(), count=count, patience=patience)

    def drop_idle(self) -> None:
        """Close the connections that carry no command just now, as servers do with those that are idle."""
        wait_for(self.tell("drop_idle"))

    def close(self) -> None:
        """Drop the keys that begin with the prefix, and close the port; the server stays for the next one."""
        if self._finalizer.detach():
            with suppress(ShopClosed):
                wait_for(self._server.tell("close", tenant=self._number))

    def tell(self, what: str, **details: Any) -> concurrent.futures.Future[Any]:
        """Send a command about this port to the process; raises ShopClosed."""
        if not self._finalizer.alive:
            raise ShopClosed("This server is closed. Use open_redis() to open another.")
        return self._server.tell(what, tenant=self._number, **details)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<{self.kind}{'' if self._finalizer.alive else ', closed'}>"


def open_redis(*, handshake: float = 0.0, delay: float = 0.0) -> RedisServer:
    """Open a way to a server that speaks Redis' protocol; the first one of a kernel starts the server.

    handshake: seconds that each new connection costs. delay: seconds that each round trip costs. Raises
    NoRedis, with a sentence, where KETTLE_REDIS_URL is wrong or no server can be had.
    """
    return RedisServer(handshake, delay)


def start_redis_ahead() -> None:
    """Start the server now, without waiting for it, so that the first open_redis() finds it ready."""
    with suppress(NoRedis):
        if own_url() is None:
            current(RedisProcess).tell("start_ahead")


def _which(kind: str, own: bool) -> str:
    if own:
        return f"your own ({VARIABLE}), under a prefix that is dropped at the end"
    if kind == "fakeredis":
        return "which stands in where Valkey has no wheel: carry on, what it counts is the same"
    return "started for this notebook and ending with it"


def _forget(server: ServerProcess, number: int) -> None:
    # Called by the collector: it must neither wait nor complain.
    with suppress(ShopClosed):
        server.tell("close", tenant=number)

"""RedisServer: the handle on one port to a server that speaks Redis' protocol, with a prefix of its own."""

from __future__ import annotations

import itertools
import secrets
import weakref
from contextlib import suppress
from typing import Any, Self

from kettle.processes.child import Child, Reply
from kettle.redis_server.own import VARIABLE, NoRedis, own_url
from kettle.shop.meeting import PATIENCE, RendezvousWindow
from kettle.shop.traffic import TrafficWindow

__all__ = ["NoRedis", "RedisServer", "open_redis", "start_redis_ahead"]
_numbers = itertools.count(1)


class RedisProcess(Child):
    """The process between a kernel and its server, which ends both when the kernel ends."""

    module = "kettle.redis_server.supervisor"
    name = "The Redis server's process"
    again = "Use open_redis() to start another."
    trouble = NoRedis
    start_patience = 30.0
    parting = 5.0
    tidies_up = True


class RedisServer:
    """A way to a server that speaks Redis' protocol. Made by `open_redis()`; closes with its `with` block.

    url: for a client. prefix: begins every key of ours; all that begin so are dropped at the end. kind: what
    it is, "Valkey" or "fakeredis", or the name and version of the user's own. says: a sentence about it.
    """

    def __init__(self, handshake: float, delay: float) -> None:
        if not (0 <= handshake <= 10 and 0 <= delay <= 10):
            raise ValueError("handshake and delay are in seconds, from 0 to 10.")
        own = own_url()
        self._process = _process_for(own)
        server = self._process.started()
        self._number = next(_numbers)
        self.prefix = f"kettle:{secrets.token_hex(6)}:"
        self.handshake, self.delay = handshake, delay
        details = {"prefix": self.prefix, "handshake": handshake, "delay": delay}
        port = self._process.tell("open", tenant=self._number, **details).wait()
        self.kind = server["kind"]
        login = f"{server['login']}@" if server["login"] else ""
        self.url = f"redis://{login}127.0.0.1:{port}/{server['database']}"
        self.says = f"{self.kind}, {_which(self.kind, own is not None)}."
        self._finalizer = weakref.finalize(self, _forget, self._process, self._number)

    def set(self, *, handshake: float | None = None, delay: float | None = None) -> None:
        """Change what a new connection, or each round trip, costs from now on (seconds)."""
        self.tell("slow_down", handshake=handshake, delay=delay).wait()
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
        self.tell("drop_idle").wait()

    def close(self) -> None:
        """Drop the keys that begin with the prefix, and close the port; the server stays for the next one."""
        if self._finalizer.detach():
            with suppress(NoRedis):
                self._process.tell("close", tenant=self._number).wait()

    def tell(self, what: str, **details: Any) -> Reply:
        """Send a command about this port to the process; raises NoRedis."""
        if not self._finalizer.alive:
            raise NoRedis("This server is closed. Use open_redis() to open another.")
        return self._process.tell(what, tenant=self._number, **details)

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
        _process_for(own_url())


def _process_for(own: str | None) -> RedisProcess:
    return RedisProcess.running(*([own] if own else []))


def _which(kind: str, own: bool) -> str:
    if own:
        return f"your own ({VARIABLE}), under a prefix that is dropped at the end"
    if kind == "fakeredis":
        return "which stands in where Valkey has no wheel: carry on, what it counts is the same"
    return "started for this notebook and ending with it"


def _forget(process: RedisProcess, number: int) -> None:
    # Called by the collector: it must neither wait nor complain.
    with suppress(NoRedis):
        process.tell("close", tenant=number)

"""Where a check is played: values kept in Redis, processes that ask for one at once, and couriers' desks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import redis

from kettle.checking.definitions import definitions
from kettle.checking.runner.servers import redis_for_check
from kettle.lessons.web import children
from kettle.processes import ChildTrouble
from kettle.redis_server import RedisServer

PROCESSES, THREADS = 2, 3
HOLD = 0.3  # seconds that a value is being made; the notebook says that it takes up to half a second
LIFE = 5  # seconds that a process which was killed may hold up others; as the notebook says
PATIENCE = LIFE + 2.0  # seconds; paid by wrong answers only
LOOK = 0.005  # seconds between two looks


@asynccontextmanager
async def store() -> AsyncIterator[SimpleNamespace]:
    """Open a room on a Redis server; `makes` counts how often a value was made in it."""
    with redis_for_check() as server, redis.Redis.from_url(server.url) as client:
        yield SimpleNamespace(server=server, store=client, prefix=server.prefix, makes=0)


@dataclass(frozen=True)
class Seen:
    """What is known of an asker: how often it made the value, what it has sent, and what came of its call."""

    makes: int
    sent: int
    over: bool
    value: Any
    error: str

    def __str__(self) -> str:
        return self.error or (repr(self.value) if self.over else "no answer")


class Askers:
    """Two processes that define what the notebook defines, and ask for values at once.

    A call has the number of its asker; what it makes, if it does, is a list of that number.
    """

    def __init__(self, server: RedisServer, name: str) -> None:
        self.server, self.name = server, name
        self.children = children(PROCESSES)
        self.where: dict[int, int] = {}  # the process of each asker

    async def ask(self, process: int, key: str, *, hold: bool = False, pause: bool = False) -> int:
        """Begin a call in a process, and return its asker's number.

        hold: whether it waits for `let` where it makes the value. pause: whether it does after its first command.
        """
        asker = len(self.where)
        self.where[asker] = process
        told = {"name": self.name, "key": f"{self.server.prefix}{key}", "seconds": 60, "gives": [asker]}
        await self.children[process].tell("ask", number=asker, hold=hold, pause=pause, **told)
        return asker

    async def let(self, asker: int, *, fails: bool = False) -> None:
        """Let an asker go on, or fail to make its value."""
        await self.children[self.where[asker]].tell("let", number=asker, fails=fails)

    async def look(self) -> dict[int, Seen]:
        """Return what is known of each asker whose process lives."""
        seen = [await child.tell("look") for child in self.children if child.usable]
        return {int(asker): Seen(**call) for each in seen for asker, call in each.items()}

    async def until(self, met: Callable[[dict[int, Seen]], bool], patience: float = PATIENCE) -> bool:
        """Look again and again until it is so, for so many seconds at most; whether it was."""
        end = time.monotonic() + patience
        while not met(await self.look()):
            if time.monotonic() > end:
                return False
            await asyncio.sleep(LOOK)
        return True

    async def making(self, *askers: int, patience: float = PATIENCE) -> bool:
        """Wait until one of them has begun to make the value; whether one has."""
        return await self.until(lambda calls: any(calls[each].makes for each in askers), patience)

    async def over(self, *askers: int, patience: float = PATIENCE) -> bool:
        """Wait until these calls are over; whether they were."""
        return await self.until(lambda calls: all(calls[each].over for each in askers), patience)

    def delete(self, key: str) -> None:
        """Delete a key, as somebody does who has changed what is behind it."""
        with redis.Redis.from_url(self.server.url) as client:
            client.delete(f"{self.server.prefix}{key}")

    async def kill(self, process: int) -> None:
        """Kill a process, as a computer does that runs out of memory."""
        self.children[process].process.kill()
        await asyncio.to_thread(self.children[process].process.wait)

    async def later(self, seconds: float) -> None:
        """Let the keys of these askers age by so many seconds."""
        with redis.Redis.from_url(self.server.url) as client:
            for key in client.scan_iter(f"*{self.server.prefix}*"):
                if (left := client.pttl(key)) > 0:
                    client.pexpire(key, max(1, left - int(1000 * seconds)))


@asynccontextmanager
async def asking(server: RedisServer, cached: Callable, say: Callable[..., str]) -> AsyncIterator[Askers]:
    """Let two processes define what the notebook defines.

    Raises:
        AssertionError: the definitions fail there.
    """
    from IPython import get_ipython

    source, [name] = definitions(get_ipython().user_ns, cached)
    askers = Askers(server, name)
    try:
        await asyncio.gather(*(each.tell("load", source=source, url=server.url) for each in askers.children))
    except ChildTrouble as trouble:
        raise AssertionError(say("defined", error=trouble)) from None
    yield askers


class Desk:
    """Where to log in: counts, and waits or fails where it is told to."""

    def __init__(self, name: str = "", seconds: float = 600) -> None:
        self.name, self.log_ins, self.seconds = name, 0, seconds
        self.opens, self.fails = asyncio.Event(), False
        self.opens.set()

    async def log_in(self) -> dict[str, Any]:
        """Give a token, as soon as the desk is open, or fail."""
        self.log_ins += 1
        number, fails = self.log_ins, self.fails
        await self.opens.wait()
        if fails:
            raise ConnectionError("the courier does not answer")
        return {"token": f"{self.name}token {number}", "seconds": self.seconds}


@asynccontextmanager
async def desks() -> AsyncIterator[SimpleNamespace]:
    """Open two couriers' desks."""
    yield SimpleNamespace(first=Desk("first "), second=Desk("second "), couriers={})

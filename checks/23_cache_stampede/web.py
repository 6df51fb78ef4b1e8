"""A small web server's processes: each defines what this notebook defines, and has threads of its own."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import redis
from IPython import get_ipython

from kettle.checking.definitions import definitions
from kettle.lessons.web_process import IDLE
from kettle.processes import ChildTrouble
from kettle.processes.child import Child, Reply


class WebChild(Child):
    """A process of the web server, seen from this one."""

    module = "kettle.lessons.web_process"
    name = "A process of the web server"
    again = "Run the cell again."

    @property
    def usable(self) -> bool:
        """Whether it lives, and will not end before it reads what it is told next: an idle one ends by itself."""
        idle = 0.0 if self._waiting else time.monotonic() - self._asked
        return super().usable and idle < IDLE / 2

    def tell(self, what: str, /, **details: Any) -> Reply:
        """Send a command."""
        self._asked = time.monotonic()
        return super().tell(what, **details)


@dataclass(frozen=True)
class Visit:
    """One visit to a page: times are seconds from the first visit's beginning.

    worker: the process and the thread that served it. made: when it began and ended to make the value; None
    where it found it.
    """

    worker: tuple[int, int]
    began: float
    ended: float
    made: tuple[float, float] | None


def children(number: int) -> list[WebChild]:
    """Return so many processes, which start now where they do not run yet."""
    return [WebChild.running(each) for each in range(number)]


def install() -> None:
    """Start the processes of a check now, so that it finds them ready."""
    with suppress(ChildTrouble):
        children(2)


async def visits(
    server: Any,
    cached: Callable,
    make: Callable,
    seconds: int,
    *,
    processes: int = 4,
    threads: int = 5,
    lasts: float = 0.0,
    kept: Any = None,
) -> list[Visit]:
    """Let visitors ask for one page in each thread of each process, and return their visits in order.

    Args:
        server: the RedisServer whose key "popular" the page is kept under.
        cached, make: functions of the notebook: `cached(store, key, make, seconds)` returns what `make`
            makes, or what is kept.
        lasts: for how many seconds they come again and again; 0: each comes once.
        kept: what Redis keeps at the beginning, for a second; None: nothing.

    Raises:
        ChildTrouble: the definitions fail in a process of their own, or it has ended.
    """
    source, names = definitions(get_ipython().user_ns, cached, make)
    workers, key = children(processes), f"{server.prefix}popular"
    await asyncio.gather(*(each.tell("load", source=source, url=server.url) for each in workers))
    with redis.Redis.from_url(server.url) as store:
        store.delete(key)
        if kept is not None:
            store.set(key, json.dumps(kept), px=1000)
    told = dict(zip(("name", "make"), names, strict=True), key=key, seconds=seconds, threads=threads)
    replies = [each.tell("visits", **told, lasts=lasts) for each in workers]
    # However long it takes, on a busy machine: a cell can be stopped.
    answers = await asyncio.gather(*map(asyncio.wrap_future, replies))
    return in_order(answers)


def in_order(answers: Sequence[Sequence[Sequence[Any]]]) -> list[Visit]:
    """Return the visits of all processes, from when the first one began."""
    start = min(began for visits in answers for _, began, *_ in visits)
    every = [
        Visit(
            (process + 1, thread + 1),
            began - start,
            ended - start,
            None if made is None else (made - start, done - start),
        )
        for process, visits in enumerate(answers)
        for thread, began, ended, made, done in visits
    ]
    return sorted(every, key=lambda visit: visit.began)


__all__ = ["ChildTrouble", "Visit", "visits"]

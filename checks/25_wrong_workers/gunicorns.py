"""Real servers for lesson 25: gunicorn and uvicorn, with a few workers, on this machine."""

from __future__ import annotations

import asyncio
import itertools
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass
from typing import Any

import aiohttp

from kettle.processes import ChildTrouble
from kettle.processes.child import Child

AVAILABLE = sys.platform != "win32"  # gunicorn needs fork
PRELOAD_RECORDED = (
    "Recorded on Linux: PSS 86 MB, with preload_app 37 MB, and then 22 of 40 answers are wrong."
)
MOST = 12  # workers
_numbers = itertools.count(1)


class ServersChild(Child):
    """The process that starts servers, seen from this one."""

    module = "kettle.lessons.gunicorns_process"
    name = "The process that starts servers"
    again = "Run the cell again."
    patience = 40.0
    parting = 5.0


@dataclass(frozen=True)
class Server:
    """A server that runs. url: where it listens."""

    url: str
    number: int

    async def ask(self, path: str, times: int) -> tuple[float, list[str]]:
        """Send so many requests at once; return the seconds until the last answer, and the answers."""
        connector = aiohttp.TCPConnector(limit=0, force_close=True)
        async with aiohttp.ClientSession(self.url, connector=connector) as session:

            async def one(number: int) -> str:
                async with session.get(path.format(number)) as response:
                    response.raise_for_status()
                    return await response.text()

            start = time.perf_counter()
            answers = await asyncio.gather(*(one(number) for number in range(times)))
            return time.perf_counter() - start, list(answers)

    async def memory(self) -> tuple[int, int]:
        """Return the bytes of all its processes: as RSS adds them up, and as their shares do (PSS)."""
        found = await ServersChild.running().tell("memory", number=self.number)
        rss, shares = zip(*found, strict=True)
        return sum(rss), sum(shares)


@asynccontextmanager
async def serving(server: str, workers: int, **options: Any) -> AsyncIterator[Server]:
    """Run a server while the block is open.

    Args:
        server: "gunicorn" or "uvicorn".
        workers: how many.
        **options: of gunicorn, such as worker_class="gthread" and threads=8.

    Raises:
        ChildTrouble: it cannot be started; the text is a sentence.
    """
    child, number = ServersChild.running(), next(_numbers)
    try:
        url = await child.tell("open", number=number, server=server, workers=workers, **options)
        yield Server(url, number)
    finally:
        with suppress(ChildTrouble):
            await child.tell("close", number=number)


def serving_as(config: Any) -> Any:
    """Run gunicorn with a Config of `pods` while the block is open, as `serving` does.

    Raises:
        ChildTrouble: it asks for more workers than this machine should start.
    """
    if config.workers > MOST:
        raise ChildTrouble(
            f"{config.workers} workers are too many for this machine: at most {MOST} are started."
        )
    options = asdict(config)
    if config.worker_class == "sync":
        options.pop("worker_class")  # gunicorn's default
    return serving("gunicorn", options.pop("workers"), **options)


__all__ = ["AVAILABLE", "PRELOAD_RECORDED", "ChildTrouble", "Server", "serving", "serving_as"]

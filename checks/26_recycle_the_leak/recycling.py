"""Four workers answer requests and are recycled: real processes, each with what this notebook defines.

The requests go to the workers in turn, as a balanced load does. A worker that has answered its `max_requests`
is ended, and another process takes its place. Requests count here, and no seconds.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from IPython import get_ipython

from kettle.checking.definitions import definitions
from kettle.processes import ChildTrouble
from kettle.processes.child import Child

BATCH = 100  # requests between two looks at the memory


class WorkerChild(Child):
    """A worker, seen from this process."""

    module = "kettle.lessons.recycled_worker"
    name = "A worker"
    again = "Run the cell again."


@dataclass(frozen=True)
class Evening:
    """What the workers of a service did.

    Attributes:
        memory: how many requests were answered, and how many bytes all workers together kept by then.
        restarts: how many requests were answered when a worker was replaced, and its number.
        pages: how many pages each worker kept in the end, those that were replaced among them.
    """

    memory: tuple[tuple[int, int], ...]
    restarts: tuple[tuple[int, int], ...]
    pages: tuple[int, ...]

    @property
    def peak(self) -> int:
        """The most bytes that were kept at one time."""
        return max(kept for _, kept in self.memory)

    def together(self, within: int = 100) -> int:
        """Return how many workers at most were replaced within so many requests."""
        times = [request for request, _ in self.restarts]
        return max((sum(0 <= time - start < within for time in times) for start in times), default=0)


@dataclass
class _Place:
    """The place of one worker: its process, its number of requests, and how many of them are left."""

    number: int
    limit: Callable[[], int]
    source: str
    name: str
    left: int = 0
    kept: int = 0
    pages: list[int] = field(default_factory=list)

    async def begin(self) -> None:
        self.child, self.left, self.kept = WorkerChild(), self.limit(), 0
        await self.child.tell("load", source=self.source, name=self.name)

    async def answer(self, urls: Sequence[str]) -> int | None:
        """Answer requests; return how many were answered when the worker was replaced, or None."""
        now, later = urls[: self.left], urls[self.left :]
        self.kept = await self.child.tell("answer", urls=now)
        self.left -= len(now)
        if self.left:
            return None
        await self.end()
        await self.begin()
        if later:
            self.kept = await self.child.tell("answer", urls=later)
            self.left -= len(later)
        return len(now)

    async def end(self) -> None:
        self.pages.append(await self.child.tell("pages"))
        await self.stop()

    async def stop(self) -> None:
        if hasattr(self, "child"):
            await asyncio.to_thread(self.child.end)


async def evening(
    respond: Callable,
    urls: Sequence[str],
    *,
    workers: int = 4,
    max_requests: int = 1000,
    max_requests_jitter: int = 0,
    seed: int = 26,
) -> Evening:
    """Let the workers of a service answer requests, and tell what they keep.

    Args:
        respond: a function of the notebook, which answers one.
        urls: the requests, in order.
        workers: how many there are.
        max_requests: after so many requests a worker is replaced; at least 100.
        max_requests_jitter: to which each worker adds a number drawn from 0 to this one, when it begins.
        seed: of these draws.

    Raises:
        ChildTrouble: the definitions fail in a process of their own, or it has ended.
    """
    source, [name] = definitions(get_ipython().user_ns, respond)
    draw = random.Random(seed)

    def limit() -> int:
        return max_requests + draw.randint(0, max_requests_jitter)

    places = [_Place(number, limit, source, name) for number in range(workers)]
    memory, restarts = [(0, 0)], []
    try:
        await asyncio.gather(*(place.begin() for place in places))
        for start, batch in _batches(urls):
            shares = [batch[place.number :: workers] for place in places]
            replaced = await asyncio.gather(*map(_Place.answer, places, shares))
            memory.append((start + len(batch), sum(place.kept for place in places)))
            restarts += [
                (start + place.number + workers * (after - 1) + 1, place.number)
                for place, after in zip(places, replaced, strict=True)
                if after is not None
            ]
        await asyncio.gather(*(place.end() for place in places))
    finally:
        await asyncio.gather(*(place.stop() for place in places))
    return Evening(tuple(memory), tuple(sorted(restarts)), tuple(n for place in places for n in place.pages))


def _batches(urls: Sequence[str]) -> Iterator[tuple[int, Sequence[str]]]:
    for start in range(0, len(urls), BATCH):
        yield start, urls[start : start + BATCH]


__all__ = ["ChildTrouble", "Evening", "evening"]

"""A simulator of a web server's workers: requests queue, wait, and compute on a few cores. No real server runs.

A worker with a free place takes the request that has queued longest. The request waits, for a database or for
another service, and then it computes. The threads of one worker compute one at a time, because of the GIL.
Workers that compute share the granted cores equally. What switching between processes costs is left out.
"""

import heapq
import math
import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

WORKERS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 28, 33, 40)  # numbers of workers that a curve is made of
REQUESTS = 120  # of one point of a curve
TAKES = (
    0.1  # seconds that a request takes when it has the machine to itself, without widgets to say otherwise
)


@dataclass(frozen=True)
class Request:
    """One request: when it comes, for how long it waits, and then computes on a whole core (seconds)."""

    at: float
    wait: float
    compute: float


@dataclass(frozen=True)
class Served:
    """What became of the requests. seconds: until the last answer. took: of each, from coming to answer."""

    seconds: float
    took: tuple[float, ...]

    @property
    def rate(self) -> float:
        """Answers per second."""
        return len(self.took) / self.seconds if self.seconds else 0.0

    @property
    def slow(self) -> float:
        """Seconds that nineteen of twenty requests took at most."""
        return sorted(self.took)[math.ceil(0.95 * len(self.took)) - 1]


def serve(requests: Sequence[Request], cores: float, workers: int, threads: int = 1) -> Served:
    """Let workers answer requests.

    Args:
        requests: in the order in which they come.
        cores: that are granted; 0.5 is half of one.
        workers: processes.
        threads: places of each.
    """
    return _Machine(requests, cores, workers, threads).run()


class _Machine:
    """The workers and their cores. Work is counted in seconds of a core that a computing worker has had."""

    def __init__(self, requests: Sequence[Request], cores: float, workers: int, threads: int) -> None:
        self.requests, self.cores = requests, cores
        self.free = [
            (0, worker) for worker in range(workers)
        ]  # (places taken, worker), the least taken first
        self.threads = threads
        self.queue: deque[int] = deque()
        self.ready: list[deque[int]] = [deque() for _ in range(workers)]  # the first one computes
        self.waits: list[tuple[float, int, int]] = []  # (when it ends, request, worker)
        self.computes: list[tuple[float, int, int]] = []  # (work done when it ends, request, worker)
        self.now = self.work = 0.0
        self.took = [0.0] * len(requests)

    def run(self) -> Served:
        coming = 0
        while coming < len(self.requests) or self.waits or self.computes:
            arrives = self.requests[coming].at if coming < len(self.requests) else math.inf
            waited = self.waits[0][0] if self.waits else math.inf
            speed = min(1.0, self.cores / len(self.computes)) if self.computes else 0.0
            done = self.now + (self.computes[0][0] - self.work) / speed if self.computes else math.inf
            now = min(arrives, waited, done)
            self.work += (now - self.now) * speed
            self.now = now
            if now == done:
                self.answer(*heapq.heappop(self.computes)[1:])
            elif now == waited:
                self.may_compute(*heapq.heappop(self.waits)[1:])
            else:
                self.queue.append(coming)
                coming += 1
                self.take()
        return Served(self.now, tuple(self.took))

    def take(self) -> None:
        """Give the queue's first request to the worker with the most free places, if there is one."""
        if not self.queue or not self.free:
            return
        taken, worker = heapq.heappop(self.free)
        number = self.queue.popleft()
        if taken + 1 < self.threads:
            heapq.heappush(self.free, (taken + 1, worker))
        heapq.heappush(self.waits, (self.now + self.requests[number].wait, number, worker))

    def may_compute(self, number: int, worker: int) -> None:
        """Let a request compute, as soon as no other thread of its worker does."""
        self.ready[worker].append(number)
        if len(self.ready[worker]) == 1:
            self.compute(number, worker)

    def compute(self, number: int, worker: int) -> None:
        heapq.heappush(self.computes, (self.work + self.requests[number].compute, number, worker))

    def answer(self, number: int, worker: int) -> None:
        self.took[number] = self.now - self.requests[number].at
        ready = self.ready[worker]
        ready.popleft()
        if ready:
            self.compute(ready[0], worker)
        self.gives_back(worker)
        self.take()

    def gives_back(self, worker: int) -> None:
        """Note that a worker has one more free place."""
        for index, (taken, each) in enumerate(self.free):
            if each == worker:
                self.free[index] = taken - 1, worker
                heapq.heapify(self.free)
                return
        heapq.heappush(self.free, (self.threads - 1, worker))


def at_once(number: int, wait: float, compute: float) -> list[Request]:
    """Return requests that all come in one moment."""
    return [Request(0.0, wait, compute)] * number


def arriving(arrivals: float, wait: float, compute: float, number: int = REQUESTS) -> list[Request]:
    """Return requests that come at random, so many per second on average, and take more or less long."""
    rng, at, coming = random.Random(25), 0.0, []
    for _ in range(number):
        at += rng.expovariate(arrivals)
        size = rng.uniform(0.5, 1.5)
        coming.append(Request(at, wait * size, compute * size))
    return coming


def curve(
    cores: float, waiting: float, arrivals: float, *, also: int = 1, takes: float = TAKES
) -> dict[int, Served]:
    """Serve the same requests with more and more workers.

    Args:
        cores: that are granted.
        waiting: the share of a request's time in which it waits, from 0 to 1.
        arrivals: requests per second.
        also: a number of workers that the curve must have.
        takes: seconds of a request that has the machine to itself.
    """
    requests = arriving(arrivals, waiting * takes, (1 - waiting) * takes)
    return {n: serve(requests, cores, n) for n in sorted({*WORKERS, also})}


def knee_of(rates: dict[int, float]) -> int:
    """Return the smallest number of workers with nearly the highest rate: nineteen twentieths of it."""
    enough = 0.95 * max(rates.values())
    return min(workers for workers, rate in rates.items() if rate >= enough)

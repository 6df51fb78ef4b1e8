"""How much each probe slows what it measures, beside asyncio's debug mode and cProfile.

    python benchmarks/probe_overhead.py [--rounds 5] [--only loop]

Each number is the time with the probe divided by the time without, with its interval, from rounds of three
runs of each in random order. To add a probe, add a line to PROBES.
"""

import argparse
import asyncio
import cProfile
import logging
import math
import os
import platform
import sys
import time
import tracemalloc
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from kettle.probes.calls import count_calls
from kettle.probes.engines.counting import Counting
from kettle.probes.handles import handles
from kettle.probes.loop import watch_loop
from kettle.probes.ratio import Ratio, compare_async
from kettle.probes.tasks import watch_tasks
from kettle.probes.workers import watch_workers

GOAL = 1.05  # for probes that are on during a learner's timed run


# what is measured


def price(basket: int) -> float:
    """Stand for a function whose calls are counted: some 50 microseconds of Python."""
    total = 0.0
    for item in range(500):
        total += (basket * item) % 97
    return total


async def waiting() -> None:
    """A learner's run, shortened: five calls one after another in each of 20 tasks, and a little work."""

    async def page(number: int) -> None:
        for _ in range(5):
            await asyncio.sleep(0.05)
            price(number)

    await asyncio.gather(*(page(number) for number in range(20)))


async def task_heavy() -> None:
    """The worst case for what looks at each step: 2,000 steps in 200 tasks that do nothing."""

    async def steps() -> None:
        for _ in range(10):
            await asyncio.sleep(0)

    await asyncio.gather(*(steps() for _ in range(200)))


async def computing() -> None:
    """Plain Python in one step: 200 calls of a small function."""
    for basket in range(200):
        price(basket)


@dataclass(frozen=True)
class Workload:
    """What is run, and the clock on which: waiting costs no CPU time, and all else is told best by it."""

    name: str
    run: Callable[[], Awaitable]
    clock: str


WORKLOADS = (
    Workload("waiting", waiting, "wall"),
    Workload("task-heavy", task_heavy, "cpu"),
    Workload("computing", computing, "cpu"),
)


# what measures


@contextmanager
def debug_mode() -> Iterator[None]:
    loop, log = asyncio.get_running_loop(), logging.getLogger("asyncio")
    log.setLevel(logging.ERROR)  # its warnings of slow steps would tear the table
    loop.set_debug(True)
    try:
        yield
    finally:
        loop.set_debug(False)
        log.setLevel(logging.NOTSET)


@contextmanager
def instructions() -> Iterator[None]:
    with Counting() as counting:
        counted = counting.begin()
        try:
            yield
        finally:
            counting.end(counted)


@contextmanager
def allocations() -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
    finally:
        tracemalloc.stop()


@dataclass(frozen=True)
class Probe:
    """A context manager that measures, and whether it is on during a learner's timed run."""

    name: str
    make: Callable[[], AbstractContextManager]
    timed: bool = False


PROBES = (
    Probe("loop: watch_loop", watch_loop, timed=True),
    Probe("tasks: watch_tasks", watch_tasks, timed=True),
    Probe("workers: watch_workers", watch_workers, timed=True),
    Probe("handles", handles, timed=True),
    Probe("calls: count_calls(price)", lambda: count_calls(price), timed=True),
    Probe("memory (tracemalloc)", allocations),
    Probe("work (instructions)", instructions),
    Probe("asyncio's debug mode", debug_mode),
    Probe("cProfile", cProfile.Profile),
)


async def slowdown(probe: Probe, workload: Workload, rounds: int) -> Ratio:
    async def probed() -> None:
        with probe.make():
            await workload.run()

    return await compare_async(
        probed, workload.run, clock=workload.clock, rounds=rounds, patience=math.inf, enough=lambda _: False
    )


def told(ratio: Ratio) -> str:
    return f"{ratio.ratio:6.2f}x ({ratio.low:.2f} to {ratio.high:.2f})"


def verdict(probe: Probe, ratios: list[Ratio]) -> str:
    """Judge by what a learner's timed run is like: it waits."""
    if not probe.timed:
        return "not in timed runs"
    if ratios[0].high <= GOAL:
        return "within the goal"
    return "over the goal" if ratios[0].low > GOAL else "too noisy to tell"


async def measure(probes: list[Probe], rounds: int) -> None:
    heads = ["probe", *(f"{load.name} ({load.clock})" for load in WORKLOADS), f"goal {GOAL}x"]
    print("| " + " | ".join(heads) + " |")
    print("|---" * len(heads) + "|")
    for probe in probes:
        ratios = [await slowdown(probe, workload, rounds) for workload in WORKLOADS]
        print("| " + " | ".join([probe.name, *map(told, ratios), verdict(probe, ratios)]) + " |", flush=True)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="rounds, three runs of each (default 5)")
    parser.add_argument("--only", default="", help="measure only probes whose name contains this")
    chosen = parser.parse_args(arguments)
    probes = [probe for probe in PROBES if chosen.only in probe.name]
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    machine = f"Python {platform.python_version()}, {platform.system()}, {os.cpu_count()} cores{load}"
    print(machine, file=sys.stderr)
    started = time.perf_counter()
    asyncio.run(measure(probes, chosen.rounds))
    print(
        f"{chosen.rounds} rounds of three interleaved runs each, {time.perf_counter() - started:.0f} s",
        file=sys.stderr,
    )


if __name__ == "__main__":
    main()

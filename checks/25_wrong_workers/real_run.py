"""The real run of lesson 25: answers per second and memory, with 1, 2, 5 and 9 workers, on this machine."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from kettle.lessons.cores import granted
from kettle.lessons.gunicorns import AVAILABLE, ChildTrouble, serving
from kettle.lessons.queue_simulator import at_once, serve
from kettle.lessons.tiny_apps import WAIT

WORKERS = (1, 2, 5, 9)
REQUESTS = 18  # that are sent at once
SHORT = 0.4  # seconds; what takes longer is not measured again
RECORDED = Path(__file__).with_name("real_run.json")


@dataclass(frozen=True)
class Measured:
    """One server. computes, waits: answers per second. rss, pss: bytes of all its processes, in two ways."""

    server: str
    workers: int
    computes: float
    waits: float
    rss: int
    pss: int

    def __str__(self) -> str:
        name = f"{self.server}, {self.workers} worker{'s' * (self.workers > 1)}"
        return (
            f"{name:19} {self.computes:5.0f} answers/s computed, {self.waits:4.0f} answers/s waited for,"
            f" {self.pss / 1e6:4.0f} MB"
        )


@dataclass(frozen=True)
class Run:
    """What was measured: gunicorn with each number of workers, then uvicorn with one. cores: granted here."""

    cores: float
    gunicorn: tuple[Measured, ...]
    uvicorn: Measured
    recorded: bool = False

    @property
    def real(self) -> dict[str, dict[int, float]]:
        """Answers per second of gunicorn, by the work and the number of workers."""
        return {
            "waits": {each.workers: each.waits for each in self.gunicorn},
            "computes": {each.workers: each.computes for each in self.gunicorn},
        }

    @property
    def simulated(self) -> dict[str, dict[int, float]]:
        """What the simulator says of the same; it is given the cores, and what one worker did."""
        compute = 1 / self.gunicorn[0].computes
        every = range(1, max(WORKERS) + 1)
        return {
            "waits": {n: serve(at_once(REQUESTS, WAIT, 0.0), self.cores, n).rate for n in every},
            "computes": {n: serve(at_once(REQUESTS, 0.0, compute), self.cores, n).rate for n in every},
        }

    @property
    def gained(self) -> dict[str, float]:
        """How many times as many answers as one worker of gunicorn: nine workers, and one of uvicorn."""
        one, *_, nine = self.gunicorn
        return {
            "computes": nine.computes / one.computes,
            "waits": nine.waits / one.waits,
            "uvicorn": self.uvicorn.waits / one.waits,
        }


async def count_answers(tick: Callable[[], None] = lambda: None) -> Run:
    """Start each server in turn, send it requests, and end it; where none starts, return a recorded run.

    Args:
        tick: called after each of the five.
    """
    if not AVAILABLE:
        return recorded()
    try:
        return await _count(tick)
    except ChildTrouble:
        return recorded()


async def _count(tick: Callable[[], None]) -> Run:
    found = []
    for server, workers in (*(("gunicorn", n) for n in WORKERS), ("uvicorn", 1)):
        async with serving(server, workers) as running:
            computed, _ = await running.ask("/compute", REQUESTS)
            if computed < SHORT:  # the better of two: another program may have had a core
                computed = min(computed, (await running.ask("/compute", REQUESTS))[0])
            waited, _ = await running.ask("/wait", REQUESTS)
            memory = await running.memory()
        found.append(Measured(server, workers, REQUESTS / computed, REQUESTS / waited, *memory))
        tick()
    *gunicorn, uvicorn = found
    return Run(granted(), tuple(gunicorn), uvicorn)


def recorded() -> Run:
    """Return the run that was recorded on a machine with two idle cores."""
    kept = json.loads(RECORDED.read_text(encoding="utf-8"))
    gunicorn = tuple(Measured(**each) for each in kept["gunicorn"])
    return Run(kept["cores"], gunicorn, Measured(**kept["uvicorn"]), recorded=True)


def record(run: Run) -> None:
    """Keep a run for the machines on which gunicorn does not run."""
    kept = asdict(replace(run, recorded=True))
    RECORDED.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")

"""What a class on a JupyterHub costs: seconds until a seat opens and until a verdict, memory, processor.

    python benchmarks/hub.py [--at-once 1 10 20]

A hub is started here with the configuration of deploy/one-server, and learners by script: each opens a seat,
runs lesson 14 down to the buttons, and hands in a wrong answer and the right one; all of them at the same
moment. Memory is PSS, in MB: what processes share is divided among them. Only Linux tells it. It is taken
when each waits for a click, and at rest, when the checking process was let go (here after some seconds).
"""

import argparse
import asyncio
import contextlib
import ctypes
import os
import resource
import secrets
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

import hub as real  # noqa: E402

from kettle.processes.marks import marked  # noqa: E402

REST = 45.0  # seconds until the checking process is let go; a learner's is minutes
PARTS = {"seat.py": "server", "ipykernel": "kernel", "kettle.checking.runner.warm": "checking"}
CLASSES = (20, 100, 300)
COMING, CLICKING = 300, 60  # seconds in which a class opens its seats, and in which all ask for a verdict


@dataclass
class Round:
    """What some learners at once have measured: seconds for each, bytes and processor seconds for one."""

    learners: int
    spawn: list[float] = field(default_factory=list)
    wrong: list[float] = field(default_factory=list)
    right: list[float] = field(default_factory=list)
    memory: dict[str, dict[str, float]] = field(default_factory=dict)
    processor: dict[str, float] = field(default_factory=dict)


class Machine:
    """What the processes of a hub take, told by a mark in their environment."""

    def __init__(self, mark: str) -> None:
        self.mark = mark

    def look(self) -> tuple[dict[str, float], float]:
        """Return bytes by part, and the processor seconds of what runs, and of its children."""
        sizes: dict[str, float] = {}
        used = 0.0
        for process in marked(real.MARK, self.mark):
            try:
                seat = "JUPYTERHUB_USER" in process.environ()
                words, pss, times = process.cmdline(), process.memory_full_info().pss, process.cpu_times()
                above = [word for parent in process.parents() for word in parent.cmdline()]
            except psutil.Error:
                continue
            part = _part(" ".join(words), " ".join(above)) if seat else "hub"
            sizes[part] = sizes.get(part, 0) + pss
            used += sum(times[:4])
        return sizes, used

    def used(self) -> float:
        """Return the processor seconds so far, of seats and hub, also of what has ended."""
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        return self.look()[1] + ended.ru_utime + ended.ru_stime


def _part(words: str, above: str) -> str:
    if "kettle.checking" in words + above:
        return "checking"
    return next((part for word, part in PARTS.items() if word in words), "servers")


async def play(hub: real.Hub, machine: Machine, names: list[str]) -> Round:
    """Let learners do everything at the same moment, step by step."""
    found = Round(len(names))
    right, wrong, _ = real.answers()
    async with contextlib.AsyncExitStack() as stack:
        learners = [await stack.enter_async_context(hub.learner(name)) for name in names]
        before = machine.used()
        found.spawn = await asyncio.gather(*(each.open_seat() for each in learners))
        found.processor["to open a seat"] = (machine.used() - before) / len(names)
        await asyncio.gather(*map(to_the_buttons, learners))
        await asyncio.sleep(10)  # the checking processes have started
        found.memory["waiting"] = each_of(machine, len(names))
        before = machine.used()
        for kind, source in (("wrong", wrong), ("right", right)):
            verdicts = await asyncio.gather(*(timed(each, source) for each in learners))
            setattr(found, kind, [seconds for seconds, _ in verdicts])
            expected = "Not yet." if kind == "wrong" else "Right."
            astray = [said for _, said in verdicts if not said.startswith(expected)]
            if astray:
                print(
                    f"{len(astray)} of {len(verdicts)} {kind} answers were told: {astray[0][:300]}",
                    flush=True,
                )
            await asyncio.sleep(10)  # as before the first: the next checking processes have started
        found.processor["for a verdict"] = (machine.used() - before) / 2 / len(names)
        await asyncio.sleep(REST + 20)
        found.memory["at rest"] = each_of(machine, len(names))
        await asyncio.gather(*(each.close_seat() for each in learners))
    return found


async def to_the_buttons(learner: real.Learner) -> None:
    """Open lesson 14 and run it down to its buttons."""
    await learner.open_notebook()
    for cell in learner.notebook["cells"]:
        if cell["cell_type"] == "code":
            await learner.run(cell["source"])
        if cell["id"] == "check-panel":
            return


async def timed(learner: real.Learner, source: str) -> tuple[float, str]:
    """Hand in an answer; return the seconds until its verdict, and that."""
    began = time.monotonic()
    said = await learner.hand_in(source)
    return time.monotonic() - began, said


def each_of(machine: Machine, learners: int) -> dict[str, float]:
    """Return MB of each part of one seat, and of the hub as a whole."""
    sizes, _ = machine.look()
    return {part: size / 1e6 / (1 if part == "hub" else learners) for part, size in sizes.items()}


def spread(seconds: list[float]) -> str:
    """Return the median and the slowest."""
    return f"{statistics.median(seconds):8.1f} {max(seconds):8.1f}"


def report(rounds: list[Round]) -> None:
    """Print what was measured."""
    print(f"\n{'seconds: median, slowest':26}{'seat opens':>18}{'wrong: verdict':>18}{'right: verdict':>18}")
    for each in rounds:
        row = "".join(f" {spread(of)}" for of in (each.spawn, each.wrong, each.right))
        print(f"{each.learners:3} at once{'':14}{row}")
    print(
        f"\n{'MB for each seat':26}"
        + "".join(f"{part:>10}" for part in _PARTS)
        + f"{'a seat':>10}{'hub':>10}"
    )
    for each in rounds:
        for state, sizes in each.memory.items():
            row = "".join(f"{sizes.get(part, 0):10.0f}" for part in _PARTS)
            print(f"{each.learners:3} at once, {state:14}{row}{seat(sizes):10.0f}{sizes.get('hub', 0):10.0f}")
    print("\nprocessor seconds for each learner")
    for each in rounds:
        told = ", ".join(f"{what} {seconds:.1f}" for what, seconds in each.processor.items())
        print(f"{each.learners:3} at once: {told}")


def seat(sizes: dict[str, float]) -> float:
    """Return the MB of one seat."""
    return sum(size for part, size in sizes.items() if part != "hub")


def follows(rounds: list[Round]) -> None:
    """Print what the dearest round means for classes."""
    waiting, rest = (max(seat(each.memory[state]) for each in rounds) for state in ("waiting", "at rest"))
    opening, verdict = (
        max(each.processor[what] for each in rounds) for what in ("to open a seat", "for a verdict")
    )
    base = max(each.memory["waiting"].get("hub", 0) for each in rounds)
    print("\nWhat follows, by the most that a seat took in any of these rounds.")
    print(f"Processors: so that all seats open within {COMING} s, or all get a verdict within {CLICKING} s.")
    print(f"{'seats':>6}{'GB, all at rest':>18}{'GB, all waiting':>18}{'processors':>24}")
    for seats in CLASSES:
        needed = f"{seats * opening / COMING:.1f} or {seats * verdict / CLICKING:.1f}"
        print(
            f"{seats:6}{(seats * rest + base) / 1e3:18.1f}{(seats * waiting + base) / 1e3:18.1f}{needed:>24}"
        )


_PARTS = ("server", "kernel", "servers", "checking")


async def measure(hub: real.Hub, mark: str, at_once: list[int]) -> list[Round]:
    """Play the rounds, one after another."""
    await hub.ready()
    found = []
    for number in at_once:
        found.append(await play(hub, Machine(mark), names_of(number)))
        print(f"{number} at once: done", flush=True)
        await asyncio.sleep(15)  # what the seats have started has ended
    return found


def names_of(number: int) -> list[str]:
    """Return the names of so many learners."""
    return [f"learner{each:02d}" for each in range(1, number + 1)]


def adopt_orphans() -> None:
    """Become the parent of what is left by its own, so that its processor seconds are counted."""
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER


def main() -> int:
    """Measure and print; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--at-once", nargs="*", type=int, default=[1, 10, 20], help="learners in each round")
    asked = parser.parse_args()
    if missing := real.missing():
        print(missing, file=sys.stderr)
        return 1
    adopt_orphans()
    mark = secrets.token_hex(8)
    names = names_of(max(asked.at_once))
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        real.hub(Path(folder), names, mark, KETTLE_REST=str(REST)) as hub,
    ):
        rounds = asyncio.run(measure(hub, mark, asked.at_once))
        print(f"\n{os.cpu_count()} processors, {psutil.virtual_memory().total / 1e9:.0f} GB")
        report(rounds)
        follows(rounds)
    return 0


if __name__ == "__main__":
    sys.exit(main())

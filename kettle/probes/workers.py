"""Workers: which executors were made and shut down, which processes began, and where the work ran.

For example:

    with watch_workers() as workers:
        await uploads()
    workers.made, workers.batches
"""

import json
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from kettle.probes.engines.block import Block
from kettle.probes.engines.executors import Executor, Notes, Ran
from kettle.probes.engines.starts import listening
from kettle.processes import owned
from kettle.processes.marks import runs

__all__ = ["Batch", "Executor", "Ran", "has_gil", "watch_workers"]


@dataclass(frozen=True)
class Batch:
    """Processes that one pool started, or one process started by hand: the owner's kind, when, how many."""

    owner: str
    started: tuple[float, ...]

    def __len__(self) -> int:
        return len(self.started)


class watch_workers(Block):  # noqa: N801 (used as a verb: with watch_workers() as workers)
    """Watch the executors, pools and processes of this whole process; `with` and `async with` both work.

    Read afterwards (or in the block):
    made: the executors and pools made in the block (`Executor`). open: those of them not shut down.
    batches: the processes that began, by the pool they belong to (`Batch`); a pool may start its processes
    one by one as it needs them: that is one batch. pools, started, own_gil: numbers of them, and whether
    threads need no common GIL.
    ran: the work that ended, in executors' threads and processes (`Ran`); of `multiprocessing.Pool` only
    batches are known. processes, threads: the ids of the processes, other than this one, and of the threads
    of this one in which work ran.
    threads_started: how many threads were started by other code than executors.
    programs: how many programs `subprocess` started, and forks that multiprocessing did not make.
    running: the ids of those that have not ended. What an installed package started for itself is left out:
    it may keep it for as long as the event loop, as anyio does.
    """

    def __init__(self) -> None:
        self._notes = Notes()
        self._kept: tuple[Ran, ...] | None = None

    def __enter__(self) -> Self:
        self._notes.folder = tempfile.mkdtemp(prefix=owned("kettle-workers-"))
        self._listening = listening(lambda: self._notes)
        self._listening.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._listening.__exit__(None, None, None)
        self._kept = self._read()
        shutil.rmtree(self._notes.folder, ignore_errors=True)

    @property
    def made(self) -> list[Executor]:
        """The executors and pools made in the block."""
        return self._notes.made

    @property
    def threads_started(self) -> int:
        """How many threads were started by other code than executors."""
        return self._notes.threads_started

    @property
    def programs(self) -> int:
        """How many programs `subprocess` started, and forks that multiprocessing did not make."""
        return self._notes.programs

    @property
    def open(self) -> tuple[Executor, ...]:
        """The executors made in the block that were not shut down."""
        return tuple(executor for executor in self.made if not executor.shut_down)

    @property
    def running(self) -> frozenset[int]:
        """The ids of the programs and forks that were started in the block and still run, now."""
        return frozenset(program.pid for program in self._notes.running if runs(program))

    @property
    def batches(self) -> tuple[Batch, ...]:
        """The processes that began, one batch for each pool and for each process started by hand."""
        owners: dict[tuple, list] = {}
        for key, owner, started in self._notes.starts:
            owners.setdefault((id(key), owner), []).append(started)
        return tuple(Batch(owner, tuple(times)) for (_, owner), times in owners.items())

    @property
    def pools(self) -> int:
        """How many pools there were: those that started processes, and those of threads by the code."""
        others = [each for each in self.made if not each.default and not each.of_processes]
        return len(self.batches) + len(others)

    @property
    def started(self) -> int:
        """How many processes began."""
        return sum(map(len, self.batches))

    @property
    def own_gil(self) -> bool:
        """Whether threads need no common GIL: a build without it, or interpreters of their own (3.14)."""
        kinds = {each.kind for each in self.made if not each.default}
        return not has_gil() or kinds == {"InterpreterPoolExecutor"}

    @property
    def ran(self) -> tuple[Ran, ...]:
        """The work that has ended in executors."""
        return self._read() if self._kept is None else self._kept

    @property
    def processes(self) -> frozenset[int]:
        """The ids of the other processes in which work ran."""
        return frozenset(work.process for work in self.ran) - {os.getpid()}

    @property
    def threads(self) -> frozenset[int]:
        """The ids of the threads of this process in which executors' work ran."""
        return frozenset(work.thread for work in self.ran if work.process == os.getpid())

    def __repr__(self) -> str:
        made = ", ".join(executor.kind for executor in self.made) or "no executors"
        return f"watch_workers({made} made, {len(self.batches)} batches of processes, {len(self.ran)} ran)"

    def _read(self) -> tuple[Ran, ...]:
        elsewhere = (json.loads(path.read_text("utf-8")) for path in Path(self._notes.folder).glob("*.ran"))
        return (*self._notes.ran, *(Ran(**work) for work in elsewhere))


def has_gil() -> bool:
    """Tell whether threads of this Python take turns at one lock."""
    return getattr(sys, "_is_gil_enabled", lambda: True)()

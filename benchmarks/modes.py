"""Three kinds of machine to judge on: idle, loaded by others, and throttled to a small share of a CPU."""

import contextlib
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator

import psutil

SLICE = 0.02  # seconds that a throttled process may run at a time
SHARE = 0.2  # of the time
BURNERS = 4


@contextlib.contextmanager
def idle() -> Iterator[Callable[[int], None]]:
    """Let every process run as it likes; give what is to be told of each new one."""
    yield lambda pid: None


@contextlib.contextmanager
def loaded() -> Iterator[Callable[[int], None]]:
    """Keep four other processes busy meanwhile."""
    burners = [multiprocessing.Process(target=_burn, daemon=True) for _ in range(BURNERS)]
    for burner in burners:
        burner.start()
    try:
        yield lambda pid: None
    finally:
        for burner in burners:
            burner.kill()


@contextlib.contextmanager
def throttled() -> Iterator[Callable[[int], None]]:
    """Let each process, with all that it starts, run for at most 20 of every 100 ms."""
    throttle = _Throttle()
    try:
        yield throttle.add
    finally:
        throttle.end()


MODES = {"idle": idle, "loaded": loaded, "throttled": throttled}
AT_ONCE = {
    "idle": 4 * os.cpu_count(),
    "loaded": 7 * os.cpu_count(),
    "throttled": round(2 * os.cpu_count() / SHARE),
}
"""How many processes judge at the same time, each an answer of its own. Most of a verdict is waiting."""


def _burn() -> None:
    while True:
        sum(range(10_000))


class _Throttle:
    """Stops families of processes, and lets them go on in turn, by SIGSTOP and SIGCONT."""

    def __init__(self) -> None:
        self._turns: list[list[int]] = [[] for _ in range(round(1 / SHARE))]
        self._members: set[int] = set()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def add(self, pid: int) -> None:
        """Throttle a process, and all that it starts, from now on."""
        min(self._turns, key=len).append(pid)

    def end(self) -> None:
        """Let everybody go on."""
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.is_set():
            families = self._look()
            for turn in self._turns:
                mine = [member for pid in turn for member in families.get(pid, ())]
                _signal([m for family in families.values() for m in family if m not in mine], "SIGSTOP")
                _signal(mine, "SIGCONT")
                time.sleep(SLICE)
        for family in self._look().values():
            _signal(family, "SIGCONT")

    def _look(self) -> dict[int, list[int]]:
        """Return the families as they are; forget those that have ended, and let go who is left of them."""
        families = _families([pid for turn in self._turns for pid in turn])
        members = {member for family in families.values() for member in family}
        _signal(self._members - members, "SIGCONT")
        self._members = members
        for turn in self._turns:
            turn[:] = [
                pid for pid in turn if families.get(pid, [pid])
            ]  # one that has just come is no ended one
        return families


def _families(eldest: list[int]) -> dict[int, list[int]]:
    """Give the living processes that descend from each of some, itself first; the dead have none."""
    of: dict[int, list[int]] = {pid: [] for pid in eldest}
    parents = {p.pid: p.info["ppid"] for p in psutil.process_iter(["ppid", "status"]) if _lives(p)}
    for pid in parents:
        ancestor = pid
        while ancestor not in of and ancestor in parents:
            ancestor = parents[ancestor]
        if ancestor in of and ancestor in parents:
            of[ancestor].append(pid)
    return of


def _lives(process: psutil.Process) -> bool:
    return process.info["status"] != psutil.STATUS_ZOMBIE


def _signal(pids: Iterable[int], name: str) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, getattr(signal, name))

"""The clock of a simulation: processes are generators, and time passes only while all of them wait."""

import heapq
import itertools
from collections import deque
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

Process = Generator[Any, Any, Any]


class Clock:
    """Runs processes in order of their times. What a process yields is a number of seconds, or an Ask."""

    def __init__(self) -> None:
        self.now = 0.0
        self._due: list[tuple[float, int, Process, Any]] = []
        self._order = itertools.count()

    def start(self, process: Process, after: float = 0.0) -> None:
        """Let a process begin after so many seconds."""
        self.resume(process, None, after)

    def resume(self, process: Process, answer: Any, after: float = 0.0) -> None:
        """Let a process go on after so many seconds; `answer` is what its `yield` gives."""
        heapq.heappush(self._due, (self.now + after, next(self._order), process, answer))

    def run(self) -> None:
        """Run until nothing is left to do."""
        while self._due:
            self.now, _, process, answer = heapq.heappop(self._due)
            try:
                wants = process.send(answer)
            except StopIteration:
                continue
            if isinstance(wants, Ask):
                wants.places.queue(process, wants.patience)
            else:
                self.resume(process, None, wants)


@dataclass(frozen=True)
class Ask:
    """A wish for one of some places; the `yield` gives True, or False where patience (seconds) has ended."""

    places: "Places"
    patience: float


class Places:
    """So many places, given out in the order in which they are asked for."""

    def __init__(self, clock: Clock, number: int) -> None:
        self._clock, self.free = clock, number
        self._waiting: deque[Process] = deque()

    @property
    def waiting(self) -> int:
        """How many wait for one."""
        return len(self._waiting)

    def ask(self, patience: float = float("inf")) -> Ask:
        """Return the wish for a place, to be yielded."""
        return Ask(self, patience)

    def queue(self, process: Process, patience: float) -> None:
        """Give a process its place, or let it wait for one."""
        if self.free:
            self.free -= 1
            self._clock.resume(process, True)
            return
        self._waiting.append(process)
        if patience != float("inf"):
            self._clock.start(self._tire(process), patience)

    def give_back(self) -> None:
        """Give a place back; whoever has waited longest has it now."""
        if self._waiting:
            self._clock.resume(self._waiting.popleft(), True)
        else:
            self.free += 1

    def _tire(self, process: Process) -> Process:
        if process in self._waiting:
            self._waiting.remove(process)
            self._clock.resume(process, False)
        yield from ()  # what the clock runs is a generator, though this one does not wait

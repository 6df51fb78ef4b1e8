"""A rendezvous for work that must not block the event loop: the work waits until the loop shows life.

No clock decides. Work on the loop's own thread waits until its patience ends, however fast the machine is.
Work elsewhere finds a loop that is alive, however slow the machine is.

    async with loop_shows_life() as life:
        await offload(work, life.pulse)
    life.lived, life.processes
"""

import asyncio
import contextlib
import itertools
import json
import os
import shutil
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from kettle.probes.engines.block import Block
from kettle.processes import owned

_BEAT = 0.002  # seconds between two beats of the loop
_LOOK = 0.001  # seconds between two looks at them
_numbers = itertools.count()


@dataclass(frozen=True)
class WaitedWork:
    """One piece of work that waited: where it ran, for how long, if it saw the loop live, and met others."""

    process: int
    thread: int
    lived: bool
    seconds: float
    met: bool = True


@dataclass(frozen=True)
class Pulse:
    """Called by the work itself: waits until the loop has shown life, and tells whether it has.

    Can be pickled; works in threads, and in processes made by fork, forkserver and spawn. Give it to the
    work as part of what it works on.
    """

    folder: str
    beats: int
    patience: float
    together: int = 1

    def __call__(self) -> bool:
        """Return True when the loop has beaten `beats` times; False after `patience` seconds without one.

        Once one piece of work has waited in vain, no other waits: the loop did not live during all of them.
        """
        started = time.perf_counter()
        self._append("begun")
        lived = self._wait()
        met = lived and self._meets()
        seconds = time.perf_counter() - started
        self._report(WaitedWork(os.getpid(), threading.get_ident(), lived, seconds, met))
        return lived

    def _meets(self) -> bool:
        """Wait until so many pieces are under way that this one is not alone; the first waits for all."""
        ends = (
            time.perf_counter() + 2 * self.patience
        )  # where workers start afresh, the second one takes a while
        while (begun := self._size("begun")) is not None and begun < self.together:
            if time.perf_counter() > ends or Path(self.folder, "alone").exists():
                self._append("alone")
                return False
            time.sleep(_LOOK)
        return not Path(self.folder, "alone").exists()

    def _wait(self) -> bool:
        in_vain = Path(self.folder, "in vain")
        if in_vain.exists():
            return False
        first = last = self._size("beats")
        last_beat = time.perf_counter()
        while first is not None and last is not None:
            if last - first >= self.beats:
                return True
            if time.perf_counter() - last_beat > self.patience:
                with contextlib.suppress(OSError):  # the watch is over
                    in_vain.touch()
                return False
            time.sleep(_LOOK)
            now = self._size("beats")
            if now != last:
                last, last_beat = now, time.perf_counter()
        return False

    def _size(self, name: str) -> int | None:
        """Return how many bytes a file has: a byte for each event cannot be read half written."""
        try:
            return Path(self.folder, name).stat().st_size
        except OSError:
            return None  # the watch is over

    def _append(self, name: str) -> None:
        with contextlib.suppress(OSError), Path(self.folder, name).open("ab", buffering=0) as file:
            file.write(b".")

    def _report(self, held: WaitedWork) -> None:
        name = f"{held.process}-{held.thread}-{next(_numbers)}"
        try:
            draft = Path(self.folder, f"{name}.draft")
            draft.write_text(json.dumps(vars(held)), encoding="utf-8")
            draft.rename(Path(self.folder, f"{name}.held"))
        except OSError:
            pass  # the watch is over: nobody reads it


class loop_shows_life(Block):  # noqa: N801 (used as a phrase: with loop_shows_life() as life)
    """Let work find out whether the running event loop lives meanwhile; `with` and `async with` both work.

    beats: how often the loop must come round. patience: seconds that the work waits for the next beat before
    it gives up; paid once, and by wrong answers only. together: how many pieces of work have to be under way
    at once; the first waits for the others twice as long. Give `life.pulse` to the work, which must call it.

    Read in the block or afterwards: held: a tuple of `WaitedWork`, one for each call of the pulse that has
    ended. lived: whether there was work and the loop lived during all of it. met: whether so many pieces were
    under way together. processes: the ids of those it ran in. Raises RuntimeError where no loop runs.
    """

    def __init__(self, beats: int = 3, patience: float = 3.0, together: int = 1) -> None:
        self.beats, self.patience, self.together = beats, patience, together
        self._kept: tuple[WaitedWork, ...] | None = None

    def __enter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._folder = tempfile.mkdtemp(prefix=owned("kettle-life-"))
        self._file = Path(self._folder, "beats").open("ab", buffering=0)
        self._kept = None
        self._beat()
        return self

    def __exit__(self, *error: object) -> None:
        self._timer.cancel()
        self._kept = self._read()
        self._file.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def pulse(self) -> Pulse:
        """What the work must call."""
        return Pulse(self._folder, self.beats, self.patience, self.together)

    @property
    def held(self) -> tuple[WaitedWork, ...]:
        """Every piece of work that has waited for the loop, in no particular order."""
        return self._read() if self._kept is None else self._kept

    @property
    def lived(self) -> bool:
        """Whether there was work, and the loop lived during all of it."""
        return bool(self.held) and all(held.lived for held in self.held)

    @property
    def met(self) -> bool:
        """Whether as many pieces of work as wanted were under way together."""
        return len(self.held) >= self.together and all(held.met for held in self.held)

    @property
    def processes(self) -> frozenset[int]:
        """The ids of the processes in which work ran."""
        return frozenset(held.process for held in self.held)

    def __repr__(self) -> str:
        lived = sum(held.lived for held in self.held)
        return f"loop_shows_life(during {lived} of {len(self.held)}, processes {sorted(self.processes)})"

    def _beat(self) -> None:
        self._file.write(b".")
        self._timer = self._loop.call_later(_BEAT, self._beat)

    def _read(self) -> tuple[WaitedWork, ...]:
        texts = (path.read_text(encoding="utf-8") for path in Path(self._folder).glob("*.held"))
        return tuple(WaitedWork(**json.loads(text)) for text in texts)

"""Pieces of work: where each one ran, how many were under way at once, how often something was sent.

A rendezvous decides what overlaps: the first pieces wait until so many have begun, however slow the
machine is.

    with watch_pieces(together=2) as pieces:
        search(texts, WatchedSet(codes, pieces.note))
    pieces.here, pieces.met, pieces.arrived
"""

import contextlib
import itertools
import json
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from kettle.processes import owned

try:
    from concurrent import interpreters
except ImportError:  # until Python 3.13
    interpreters = None  # type: ignore[assignment]  # mypy reads what Python 3.14 has

_LOOK = 0.003  # seconds between two looks at how many have begun
_GRACE = 0.02  # seconds in which one too many may show up, once as many as wanted have met
_FAIR = 0.6  # of the looks that there is time for: with fewer, the machine is starved
_MOST = 5  # times the patience, even then
_numbers = itertools.count()


@dataclass(frozen=True)
class Piece:
    """One piece of work: what it was, where it ran, and how many it saw under way, itself included.

    interpreter: its number in that process, each with a GIL of its own; 0 is the main one.
    """

    what: str
    process: int
    thread: int
    met: bool
    together: int
    interpreter: int = 0


@dataclass(frozen=True)
class Note:
    """Called by each piece of work: notes where it runs, and waits until `together` have begun.

    Can be pickled; works in threads, and in processes made by fork, forkserver and spawn.
    """

    folder: str
    together: int
    patience: float

    def __call__(self, what: object = "") -> None:
        """Note one piece; `what` names it."""
        mine = self._append("begun")
        met = self._meets()
        if met and mine <= self.together > 1:
            time.sleep(_GRACE)
        # In this order, lest a piece that ends between the two looks be counted twice.
        begun, ended = self._size("begun"), self._size("ended")
        under_way, own = (begun or 0) - (ended or 0), interpreters.get_current().id if interpreters else 0
        piece = Piece(str(what), os.getpid(), threading.get_ident(), met, under_way, own)
        with contextlib.suppress(OSError):  # the watch is over: nobody reads it
            draft = Path(self.folder, f"{piece.process}-{own}-{piece.thread}-{next(_numbers)}.draft")
            draft.write_text(json.dumps(vars(piece)), encoding="utf-8")
            draft.rename(draft.with_suffix(".piece"))
        self._append("ended")

    def __reduce__(self) -> tuple:
        return _arrive, (self.folder, self.together, self.patience)

    def _meets(self) -> bool:
        begins, looks = time.perf_counter(), 0
        while (begun := self._size("begun")) is not None and begun < self.together:
            looks += 1
            if self._is_enough(time.perf_counter() - begins, looks) or Path(self.folder, "alone").exists():
                self._append("alone")
                return False
            time.sleep(_LOOK)
        return begun is not None and not Path(self.folder, "alone").exists()

    def _is_enough(self, waited: float, looks: int) -> bool:
        """Say whether the others had time to come: where looks are rare, the machine gave nobody any."""
        return waited > _MOST * self.patience or (
            waited > self.patience and looks * _LOOK > _FAIR * self.patience
        )

    def _size(self, name: str) -> int | None:
        """Return how many bytes a file has: a byte for each event cannot be read half written."""
        try:
            return Path(self.folder, name).stat().st_size
        except OSError:
            return 0 if Path(self.folder).exists() else None

    def _append(self, name: str) -> int:
        with contextlib.suppress(OSError), Path(self.folder, name).open("ab", buffering=0) as file:
            file.write(b".")
            return file.tell()
        return 0


def _arrive(folder: str, together: int, patience: float) -> Note:
    note = Note(folder, together, patience)
    note._append("arrived")
    return note


class WatchedSet(set):
    """A set that notes what is looked up in it; copies of it in worker processes do, too."""

    def __init__(self, things: Iterable, note: Callable[[Any], object]) -> None:
        super().__init__(things)
        self.note = note

    def __contains__(self, thing: object) -> bool:
        self.note(thing)
        return super().__contains__(thing)

    def __reduce__(self) -> tuple:
        return WatchedSet, (list(self), self.note)


class watch_pieces:  # noqa: N801 (used as a verb: with watch_pieces() as pieces)
    """Watch pieces of work, each of which calls `pieces.note(what)`, wherever it runs.

    together: how many have to be under way at once. patience: seconds that the first ones wait for the
    others, paid once, and by work that does not overlap.

    Read in the block or afterwards: all: a tuple of `Piece`. here: those of this process. sharing: those of
    its main interpreter. met: whether so many were under way together. most: the most that were. processes:
    the ids of other processes that worked. elsewhere: pairs of a process and an interpreter that worked,
    but for the main one. arrived: how often the note was sent to a worker.
    """

    def __init__(self, together: int = 1, patience: float = 2.0) -> None:
        self.together, self.patience = together, patience
        self._kept: tuple[tuple[Piece, ...], int] | None = None

    def __enter__(self) -> Self:
        self._folder = tempfile.mkdtemp(prefix=owned("kettle-pieces-"))
        self.note, self._kept = Note(self._folder, self.together, self.patience), None
        return self

    def __exit__(self, *error: object) -> None:
        self._kept = self._read()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def all(self) -> tuple[Piece, ...]:
        """Every piece that was noted, in no particular order."""
        return (self._read() if self._kept is None else self._kept)[0]

    @property
    def arrived(self) -> int:
        """How often the note was sent to a worker, which is how often whatever carries it was."""
        return (self._read() if self._kept is None else self._kept)[1]

    @property
    def here(self) -> tuple[Piece, ...]:
        """The pieces that this very process worked on."""
        return tuple(piece for piece in self.all if piece.process == os.getpid())

    @property
    def sharing(self) -> tuple[Piece, ...]:
        """The pieces that this process's main interpreter worked on, whose threads share a GIL."""
        return tuple(piece for piece in self.here if not piece.interpreter)

    @property
    def elsewhere(self) -> frozenset[tuple[int, int]]:
        """The workers beside this process's main interpreter: pairs of a process and an interpreter."""
        return frozenset((piece.process, piece.interpreter) for piece in self.all) - {(os.getpid(), 0)}

    @property
    def processes(self) -> frozenset[int]:
        """The ids of the other processes that worked."""
        return frozenset(piece.process for piece in self.all) - {os.getpid()}

    @property
    def met(self) -> bool:
        """Whether as many pieces as wanted were under way together."""
        return len(self.all) >= self.together and all(piece.met for piece in self.all)

    @property
    def most(self) -> int:
        """The most pieces that were under way at once."""
        return max((piece.together for piece in self.all), default=0)

    def __repr__(self) -> str:
        return f"watch_pieces({len(self.all)} in processes {sorted(self.processes)}, {self.most} at once)"

    def _read(self) -> tuple[tuple[Piece, ...], int]:
        texts = (path.read_text(encoding="utf-8") for path in Path(self._folder).glob("*.piece"))
        return tuple(Piece(**json.loads(text)) for text in texts), self.note._size("arrived") or 0

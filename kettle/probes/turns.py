"""Turns: how much of some data is handled between two turns of the event loop, or by one call in a thread.

For example:

    with watch_turns() as turns:
        await export([turns.item(paid=True)])
    turns.longest.count
"""

import asyncio
import copy
import sys
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self, SupportsIndex

from kettle.probes.engines.block import Block
from kettle.probes.responsive import loop_shows_life

ENCODED, COPIED, PICKLED = "encoded", "copied", "pickled"
_HELD = 4  # pieces in one other thread that wait for the loop to show life


@dataclass(frozen=True)
class Piece:
    """Items that were handled with no turn of the loop in between.

    how: "encoded", "copied" or "pickled". on_loop: whether on the loop's own thread. count: how many items.
    tasks: how many tasks handled them, on the loop's thread. turn: the number of the loop's turn.
    """

    how: str
    on_loop: bool
    count: int
    tasks: int = 0
    turn: int = 0


class watch_turns(Block):  # noqa: N801 (used as a verb: with watch_turns() as turns)
    """Watch turns of the running loop, and the items in `turns.item(…)` that are handled between two of them.

    An item is a dictionary; put one into whatever is handed to the code, and it tells when it is encoded by
    json, copied or pickled. In another thread, all that one call handles is one piece: C code may keep the
    GIL so long; and the first pieces there wait until the loop shows life, `patience` seconds at most.

    Read in the block or afterwards: number: of turns so far. handled: how many items, as a Counter by how.
    longest: the largest `Piece`. threads: the most other threads that handled items at once. lived: whether
    the loop lived while other threads handled items.
    Raises RuntimeError where no loop runs.
    """

    def __init__(self, patience: float = 3.0) -> None:
        self._life = loop_shows_life(patience=patience)
        self.number, self.lived = 0, True
        self.handled: Counter[str] = Counter()
        self.threads, self._waiting, self._lock = 0, 0, threading.Lock()
        self._pieces: Counter[tuple[str, int, int]] = Counter()
        self._tasks: defaultdict[int, set[int]] = defaultdict(set)
        self._calls: dict[int, tuple[object, int]] = {}

    def __enter__(self) -> Self:
        self._loop, self._thread = asyncio.get_running_loop(), threading.get_ident()
        self._life.__enter__()
        self._pulse = self._life.pulse
        self._turn()
        return self

    def __exit__(self, *error: object) -> None:
        self._handle.cancel()
        self._life.__exit__(*error)

    def item(self, **values: Any) -> dict[str, Any]:
        """Return a dictionary that tells when it is handled."""
        return _Item(self, values)

    def holder(self, **values: Any) -> dict[str, Any]:
        """Return a dictionary for an item to stand in, which tells when it is copied itself."""
        return _Holder(self, values)

    @property
    def longest(self) -> Piece:
        """The largest piece; one without items if nothing was handled."""
        (how, thread, number), count = max(
            self._pieces.items(), key=lambda piece: piece[1], default=((ENCODED, self._thread, 0), 0)
        )
        on_loop = thread == self._thread
        return Piece(how, on_loop, count, len(self._tasks[number]) if on_loop else 0, number)

    def _turn(self) -> None:
        # One turn runs all that is ready when it begins; this is ready in each, and the first of it.
        self.number += 1
        self._handle = self._loop.call_soon(self._turn)

    def _touched(self, how: str, call: object) -> None:
        thread = threading.get_ident()
        self.handled[how] += 1
        if thread == self._thread:
            self._pieces[how, thread, self.number] += 1
            self._tasks[self.number].add(id(asyncio.current_task()))
            return
        known, number = self._calls.get(thread, (None, 0))
        if call is not known:
            number += 1
            self._calls[thread] = call, number
            if self.lived and number <= _HELD:
                self._wait()
        self._pieces[how, thread, number] += 1

    def _wait(self) -> None:
        with self._lock:
            self._waiting += 1
            self.threads = max(self.threads, self._waiting)
        lived = self._pulse()
        with self._lock:
            self._waiting -= 1
            self.lived = self.lived and lived


class _Item(dict):
    def __init__(self, turns: watch_turns, values: dict[str, Any]) -> None:
        super().__init__(values)
        self._turns = turns

    def items(self) -> Any:
        self._turns._touched(ENCODED, sys._getframe(1))
        return super().items()

    def __copy__(self) -> dict:
        return _Item(self._turns, dict(super().items()))

    def __deepcopy__(self, memo: dict) -> dict:
        self._turns._touched(COPIED, sys._getframe(1))
        return _Item(self._turns, dict(super().items()))

    def __reduce_ex__(self, protocol: SupportsIndex) -> Any:
        self._turns._touched(PICKLED, sys._getframe(1))
        return dict, (dict(super().items()),)


class _Holder(dict):
    def __init__(self, turns: watch_turns, values: dict[str, Any]) -> None:
        super().__init__(values)
        self._turns = turns

    def __iter__(self) -> Iterator:  # with one of its own, dict(holder) and {**holder} ask for its keys
        return super().__iter__()

    def keys(self) -> Any:
        self._turns._touched(COPIED, sys._getframe(1))
        return super().keys()

    def copy(self) -> dict:
        return dict(self)

    def __copy__(self) -> dict:
        return dict(self)

    def __deepcopy__(self, memo: dict) -> dict:
        return {key: copy.deepcopy(value, memo) for key, value in super().items()}

    def __reduce_ex__(self, protocol: SupportsIndex) -> Any:
        return dict, (dict(super().items()),)

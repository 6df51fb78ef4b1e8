"""The desk in a check: name server, label program and archive wait until the event loop has shown life."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kettle.probes.responsive import loop_shows_life
from kettle.shop.desk import ARCHIVE, LABEL, NAMES, Desk, Watched, open_desk

if TYPE_CHECKING:
    from kettle.shop import Shop

AT_ONCE = {NAMES: 0.0, LABEL: 0.0, ARCHIVE: 0.0}


class Gates:
    """What waited for the loop, and whether the loop lived meanwhile.

    Args:
        life: the watch that tells.
        notes: the folder in which the label programs leave their notes.
    """

    def __init__(self, life: Any, notes: Path) -> None:
        self._life, self._notes, self._thread = life, notes, threading.get_ident()
        self._seen: list[tuple[float, str, bool, bool]] = []

    def waiting(self, kind: str) -> Callable[[], None]:
        """Return what NAMES or ARCHIVE call instead of taking their time."""

        def wait() -> None:
            elsewhere, lived = threading.get_ident() != self._thread, self._life.pulse()
            self._seen.append((time.time(), kind, elsewhere, lived))

        return wait

    def waited(self, kind: str) -> bool:
        """Whether NAMES or ARCHIVE have waited, in vain or not."""
        return any(seen[1] == kind for seen in self._seen)

    @property
    def labels(self) -> int:
        """How many label programs have begun."""
        return sum(1 for _ in self._notes.glob("begun-*"))

    def join(self) -> None:
        """Be one of the label programs that have begun, so that those that wait for it go on."""
        (self._notes / "begun-here").touch()

    @property
    def alone(self) -> bool:
        """Whether a label program waited for others in vain."""
        return (self._notes / "alone").exists()

    def held(self) -> tuple[str | None, bool]:
        """Return what held the loop first, and whether it was done elsewhere; None if nothing held it."""
        vain = [(elsewhere, at, kind) for at, kind, elsewhere, lived in self._seen if not lived]
        if (note := self._notes / "vain").exists():
            vain.append((False, note.stat().st_mtime, LABEL))
        # What is done on the loop's own thread holds it for sure; what is elsewhere may meet a held one.
        elsewhere, _, kind = min(vain, default=(False, 0.0, None))
        return kind, elsewhere


@asynccontextmanager
async def gated_desk(
    shop: Shop, patience: float, *, together: int = 1, gated: tuple[str, ...] = (NAMES, ARCHIVE)
) -> AsyncIterator[tuple[Desk, Gates]]:
    """Open a desk whose helpers wait until the running loop has come round; give it, and the gates.

    Args:
        shop: where quotes come from, at once.
        patience: in seconds, that a helper waits; paid by what holds the loop.
        together: how many label programs have to be under way at once.
        gated: which of NAMES and ARCHIVE wait.
    """
    shop.set(latency=0.0)
    with loop_shows_life(patience=patience) as life, tempfile.TemporaryDirectory() as folder:
        gates = Gates(life, Path(folder))
        watched = Watched(Path(life.pulse.folder, "beats"), Path(folder), together, patience)
        waits = {kind: gates.waiting(kind) for kind in gated}
        async with open_desk(shop, seconds=AT_ONCE, waits=waits, watched=watched) as desk:
            yield desk, gates


@asynccontextmanager
async def quick_desk(shop: Shop) -> AsyncIterator[Desk]:
    """Open a desk where nothing takes its time."""
    shop.set(latency=0.0)
    async with open_desk(shop, seconds=AT_ONCE) as desk:
        yield desk

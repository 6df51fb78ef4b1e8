"""The desk in a check, whose helpers wait until the event loop has come round; the files of the exercise."""

from __future__ import annotations

import asyncio
import gc
import os
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from kettle.checking.equivalence import shop_world
from kettle.lessons.desk import ARCHIVE, LABEL, NAMES, Desk, Watched, open_desk
from kettle.probes.loop import watch_loop
from kettle.probes.responsive import loop_shows_life
from kettle.probes.workers import has_gil

AT_ONCE = {NAMES: 0.0, LABEL: 0.0, ARCHIVE: 0.0}
PATIENCE = 2.0  # seconds; paid by wrong answers only
TRIES = 4
RELEASED = (10**18, 10**18)  # ns: all settings files of a release have one time
DEFAULT = "allow = []\nburst = 10\nsince = 2026-03-01\nretry = {times = 2, codes = [502, 503]}\n"


class Gates:
    """What waited for the loop, and whether the loop lived meanwhile.

    Args:
        life: the watch that tells.
        notes: the folder in which the label programs leave their notes.
    """

    def __init__(self, life: Any, notes: Path) -> None:
        self._life, self._notes, self._thread = life, notes, threading.get_ident()
        self._in_vain: list[tuple[bool, float, str]] = []

    def look_up(self) -> None:
        """Wait for the loop, in the place of the name server."""
        elsewhere, lived = threading.get_ident() != self._thread, self._life.pulse()
        if not lived:
            self._in_vain.append((elsewhere, time.time(), NAMES))

    def held(self) -> tuple[str, bool]:
        """Return what held the loop first, and whether that was done elsewhere; "" if nothing did."""
        note = self._notes / "vain"
        labels = [(False, note.stat().st_mtime, LABEL)] if note.exists() else []
        # What is done on the loop's own thread holds it for sure; what is elsewhere may meet a held one.
        elsewhere, _, kind = min([*self._in_vain, *labels], default=(False, 0.0, ""))
        return kind, elsewhere


@asynccontextmanager
async def gated_desk(shop: Any, patience: float = PATIENCE) -> AsyncIterator[tuple[Desk, Gates]]:
    """Open a desk whose helpers wait until the running loop has come round; give it, and the gates.

    Args:
        shop: where quotes come from, at once.
        patience: seconds that a helper waits; paid by what holds the loop.
    """
    shop.set(latency=0.0)
    with loop_shows_life(patience=patience) as life, tempfile.TemporaryDirectory() as folder:
        gates = Gates(life, Path(folder))
        watched = Watched(Path(life.pulse.folder, "beats"), Path(folder), 1, patience)
        async with open_desk(shop, seconds=AT_ONCE, waits={NAMES: gates.look_up}, watched=watched) as desk:
            yield desk, gates


@asynccontextmanager
async def quick_desk(shop: Any) -> AsyncIterator[Desk]:
    """Open a desk where nothing takes its time."""
    shop.set(latency=0.0)
    async with open_desk(shop, seconds=AT_ONCE) as desk:
        yield desk


def desks(rng):
    """Return what makes a shop with a desk; there is one log for all, so they take turns."""
    shop, turn = shop_world(rng, latency=0.0), asyncio.Lock()

    @asynccontextmanager
    async def world():
        async with turn, shop() as w, quick_desk(w.shop) as w.desk:
            yield w

    return world


def cpu(function: Callable, *args: Any) -> float:
    """Return the processor time of one call in this thread, in seconds; the least of three."""
    found = []
    for _ in range(3):
        before = time.thread_time()
        function(*args)
        found.append(time.thread_time() - before)
    return min(found)


async def costs(call: Callable[[], Awaitable]) -> float:
    """Return the processor time of a call: of all threads that share the GIL with the loop."""
    clock = time.process_time if has_gil() else time.thread_time
    before = clock()
    await call()
    return clock() - before


async def longest_step(call: Callable[[], Awaitable]) -> float:
    """Return the processor time of the longest step of the loop during a call, from a millisecond on."""
    with watch_loop(budget=0.001) as watched:
        await call()
    return max((hold.cpu for hold in watched.holds), default=0.0)


async def fits(measure: Callable[[], Awaitable[float]], most: float) -> bool:
    """Tell whether something costs at most so much, once in some tries: a busy machine can only add to it."""
    gc.collect()
    gc.disable()
    try:
        for _ in range(TRIES):
            if await measure() <= most:
                return True
    finally:
        gc.enable()
    return False


def settings(letter, routes=4):
    """Write settings in which each route names a letter; those of another one are as long."""
    text = f'[default]\nowner = "{letter}"\n{DEFAULT}[routes]\n'
    for n in range(routes):
        text += f'[routes."/r/{n}"]\nper_minute = {n}\nname = "{letter}{n}"\nallow = ["shop", "{letter}"]\n'
    return text


def put(path, text):
    """Put a new file in the old one's place, as a release does."""
    draft = path.with_suffix(".draft")
    draft.write_text(text, encoding="utf-8")
    os.utime(draft, ns=RELEASED)
    draft.replace(path)


@contextmanager
def two_files():
    """Give two files of the same name."""
    with tempfile.TemporaryDirectory() as name:
        w = SimpleNamespace(path=Path(name, "gateway.toml"), other=Path(name, "other", "gateway.toml"))
        w.other.parent.mkdir()
        put(w.path, settings("A"))
        put(w.other, settings("C"))
        yield w

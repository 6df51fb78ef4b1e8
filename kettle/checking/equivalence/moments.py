"""What plain functions meet once in a thousand runs: here the moment is made.

Two at once: whatever the first call is given to read lets another one run, from start to end, in a thread of
its own, before it answers. So what they share shows. One after another: what is new gets the address of what
is gone.
"""

from __future__ import annotations

import copy
import os
import threading
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from kettle.checking.checks import Undecided
from kettle.checking.equivalence.situations import Told
from kettle.checking.runner.patience import WHO_WAITS, Patience
from kettle.probes.events import watch_events

LOOKS = 16  # of the first call into what it is given, at each of which the other one runs
PATIENCE = 1.0  # seconds that the other call may take, or more where it gets too little of the processor
MADE = 5_000  # things, until one has the address of what is gone; nearly always the first one has
_WRITES = os.O_WRONLY | os.O_RDWR


def with_another(
    call: Callable[[Any], Any],
    given: Any,
    another: Callable[[], Any],
    progress: Callable[[], Any] | None = None,
) -> dict[str, Any]:
    """Make a call, and another one in a thread at each of its first looks into what it is given.

    Args:
        call: makes the first call, with dictionaries and dataclasses that notice who looks into them.
        given: dictionaries, dataclasses and lists for it, one inside the other; they are copied.
        another: makes the other call.
        progress: tells how far the other call is; it may wait for the first one where it is further than when
            it began, such as for a lock around the writing. None: it may not.

    Returns:
        What `the first` and `the second` returned. Of several answers of the other one, the one that is given
        differs, if any does, from its answer after the first call.

    Raises:
        Told: the other call does not end before the first one goes on.
        Undecided: the machine is too busy to tell.
    """
    others = _Others(another, progress)
    return others.told(call(_noticing(given, others.meanwhile)))


def another_at_writes(
    call: Callable[[], Any],
    another: Callable[[], Any],
    folder: Path,
    progress: Callable[[], Any] | None = None,
) -> dict[str, Any]:
    """Make a call, and another one in a thread whenever the first is about to write or rename a file.

    Args:
        call: makes the first call.
        another: makes the other call.
        folder: with a name of its own; files elsewhere do not count.
        progress: as for `with_another`, which tells what is returned and raised.
    """
    others, mine = _Others(another, progress), threading.get_ident()

    def about(name: str, args: tuple) -> None:
        if threading.get_ident() != mine or (name == "open" and not args[2] & _WRITES):
            return
        paths = [each for each in args[:2] if isinstance(each, str | bytes | os.PathLike)]
        if any(folder.name in Path(os.fsdecode(each)).parts for each in paths):
            others.meanwhile()

    with watch_events("open", "os.rename", first=about):
        value = call()
    return others.told(value)


def at_one_address(call: Callable[[Any], Any], old: Callable[[], Any], new: Callable[[], Any]) -> Any:
    """Make a call with one thing, and another one with what has its address when it is gone.

    Args:
        call: makes a call; itself, it keeps nothing.
        old: makes the first thing.
        new: makes one of the same kind; made are some, until one has the address.

    Returns:
        What the second call returned. Where somebody keeps the first thing, the two have two addresses.
    """
    thing = old()
    address = id(thing)
    call(thing)
    del thing
    made = [new()]
    while id(made[-1]) != address and len(made) < MADE:
        made.append(new())
    return call(made[-1])


def overlapping(call: Callable[[Any], Any], first: dict, second: dict, at: str) -> dict[str, Any]:
    """Make a call that ends while another one, begun in its middle, has not ended.

    Calls that nest put back in turn what they change for the whole process, such as the standard output;
    these do not.

    Args:
        call: makes either call, with a dictionary that notices who looks into it.
        first: the dictionary for the one that begins first.
        second: for the other one.
        at: the key at which the first one lets the second begin, and the second one waits for its end.

    Returns:
        What `the first` and `the second` returned; of the second, what it raised.
    """
    begun, ended, found = threading.Event(), threading.Event(), []

    def run() -> None:
        try:
            found.append(call(_noticing(second, waits)))
        except Exception as error:  # noqa: BLE001 - it is compared
            found.append(error)
        finally:
            begun.set()

    def begins(key: Any = None) -> None:
        if key == at and thread.ident is None:
            thread.start()
            _over(begun.wait)

    def waits(key: Any = None) -> None:
        if key == at:
            begun.set()
            _over(ended.wait)

    thread = threading.Thread(target=run, daemon=True)
    try:
        value = call(_noticing(first, begins))
    finally:
        ended.set()
        begins(at)  # whoever copied it at once has looked at nothing
        _over(partial(_ended, thread))
    return {"the first": value, "the second": found[0] if found else None}


class _Others:
    """Another call, made in a thread at each of the first one's moments, and what came of it."""

    def __init__(self, another: Callable[[], Any], progress: Callable[[], Any] | None) -> None:
        self.another = another
        self.found: list[Any] = []
        self.stuck: list[Any] = []
        self.progress, self.may_wait, self.starved = progress or (lambda: None), False, False

    def meanwhile(self, _key: Any = None) -> None:
        if len(self.found) < LOOKS and not self.stuck:
            before, thread = self.progress(), threading.Thread(target=self._run, daemon=True)
            thread.start()
            self.stuck.extend([] if self._over(thread) else [thread])
            self.may_wait = self.progress() != before

    def told(self, value: Any) -> dict[str, Any]:
        for thread in self.stuck:
            over = self._over(thread)
            if self.starved:
                raise Undecided(f"This machine is too busy to tell {WHO_WAITS}.")
            if not over or not self.may_wait:
                raise Told("it does not end before the first one goes on. What does it wait for?")
        afterwards = self.another()
        differing = (each for each in self.found if each != afterwards)
        return {"the first": value, "the second": next(differing, afterwards)}

    def _over(self, thread: threading.Thread) -> bool:
        over, starved = _over(partial(_ended, thread))
        self.starved = self.starved or starved
        return over

    def _run(self) -> None:
        try:
            self.found.append(self.another())
        except Exception as error:  # noqa: BLE001 - it is compared
            self.found.append(error)


def _over(wait: Callable[[float], bool]) -> tuple[bool, bool]:
    """Wait with patience; tell whether it is over, and whether this machine is too busy to tell.

    Args:
        wait: waits for so many seconds at most, and tells whether it is over.
    """
    if wait(PATIENCE):
        return True, False
    patience = Patience(PATIENCE)
    while not wait(0) and patience.more():
        pass
    return wait(0), patience.starved


def _ended(thread: threading.Thread, seconds: float) -> bool:
    thread.join(seconds)
    return not thread.is_alive()


def _noticing(thing: Any, meanwhile: Callable[..., None]) -> Any:
    if is_dataclass(thing):
        kind: Any = type(thing)
        return _as(_noticing_kind(kind, meanwhile), thing)
    if isinstance(thing, dict):
        looked = _Noticing({key: _noticing(value, meanwhile) for key, value in thing.items()})
        looked.meanwhile = meanwhile
        return looked
    return [_noticing(each, meanwhile) for each in thing] if isinstance(thing, list) else thing


class _Noticing(dict):
    """A dictionary that lets something happen whenever somebody looks up a key."""

    meanwhile: Callable[[Any], None]

    def __getitem__(self, key: Any) -> Any:
        self.meanwhile(key)
        return super().__getitem__(key)

    def get(self, key: Any, default: Any = None) -> Any:
        self.meanwhile(key)
        return super().get(key, default)

    def __deepcopy__(self, memo: dict) -> dict:
        return copy.deepcopy(dict(self), memo)


@lru_cache(maxsize=1)
def _noticing_kind(kind: Any, meanwhile: Callable[[], None]) -> type:
    """Derive a dataclass, from one with a `__dict__`, that lets something happen when a field is read."""
    names = {field.name for field in fields(kind)}

    def look(self: Any, name: str) -> Any:
        if name in names:
            meanwhile()
        return kind.__getattribute__(self, name)

    copied = {"__deepcopy__": lambda self, memo: _as(kind, self)}
    return type(kind.__name__, (kind,), {"__getattribute__": look, **copied})


def _as(kind: type, thing: Any) -> Any:
    """Copy a dataclass, as one of another kind."""
    other: Any = object.__new__(kind)
    vars(other).update(copy.deepcopy(vars(thing)))
    return other

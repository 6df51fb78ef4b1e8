"""What plain functions meet once in a thousand runs: here the moment is made.

Two at once: whatever the first call is given to read lets another one run, from start to end, in a thread of
its own, before it answers. So what they share shows.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import lru_cache, partial
from typing import Any

from kettle.checking.checks import Undecided
from kettle.checking.equivalence.situations import Told
from kettle.checking.runner.patience import Patience

LOOKS = 16  # of the first call into what it is given, at each of which the other one runs
PATIENCE = 1.0  # seconds that the other call may take, or more where it gets too little of the processor


def with_another(call: Callable[[Any], Any], given: Any, another: Callable[[], Any]) -> dict[str, Any]:
    """Make a call, and another one in a thread at each of its first looks into what it is given.

    Args:
        call: makes the first call, with dictionaries and dataclasses that notice who looks into them.
        given: dictionaries, dataclasses and lists for it, one inside the other; they are copied.
        another: makes the other call.

    Returns:
        What `the first` and `the second` returned. Of several answers of the other one, the one that is given
        differs, if any does, from its answer after the first call.

    Raises:
        Told: the other call does not end before the first one goes on.
        Undecided: the machine is too busy to tell.
    """
    others = _Others(another)
    return others.told(call(_noticing(given, others.meanwhile)))


class _Others:
    """Another call, made in a thread at each of the first one's moments, and what came of it."""

    def __init__(self, another: Callable[[], Any]) -> None:
        self.another = another
        self.found: list[Any] = []
        self.stuck: list[Any] = []
        self.starved = False

    def meanwhile(self, _key: Any = None) -> None:
        if len(self.found) < LOOKS and not self.stuck:
            thread = threading.Thread(target=self._run, daemon=True)
            thread.start()
            self.stuck.extend([] if self._over(thread) else [thread])

    def told(self, value: Any) -> dict[str, Any]:
        for thread in self.stuck:
            self._over(thread)
            if self.starved:
                raise Undecided("This machine is too busy to tell who waits for whom.")
            raise Told("the second call waits until the first one has ended. Look for a lock that both take.")
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

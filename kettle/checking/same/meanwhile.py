"""Two at once, for plain functions: another call runs from start to end in the middle of the first one.

Threads meet in a bad moment once in a thousand runs. Here the moment is made: whatever the first call is
given to read lets the other one run, in a thread of its own, before it answers. So what they share shows.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable
from typing import Any

from kettle.checking.same.situations import Told

LOOKS = 16  # of the first call into what it is given, at each of which the other one runs
PATIENCE = 2.0  # seconds that the other call may take; paid by wrong answers only


def with_another(call: Callable[[Any], Any], given: Any, another: Callable[[], Any]) -> dict[str, Any]:
    """Make a call, and another one in a thread at each of its first looks into what it is given.

    Args:
        call: makes the first call, with dictionaries and lists that notice who looks into them.
        given: dictionaries and lists for it, one inside the other; they are copied.
        another: makes the other call.

    Returns:
        What `the first` and `the second` returned. Of several answers of the other one, the one that is given
        differs, if any does, from its answer after the first call.

    Raises:
        Told: the other call does not end before the first one goes on.
    """
    found, stuck = [], []

    def run() -> None:
        try:
            found.append(another())
        except Exception as error:  # noqa: BLE001 - it is compared
            found.append(error)

    def meanwhile() -> None:
        if len(found) < LOOKS and not stuck:
            thread = threading.Thread(target=run, daemon=True)
            thread.start()
            thread.join(PATIENCE)
            stuck.extend([thread] if thread.is_alive() else ())

    value = call(_noticing(given, meanwhile))
    for thread in stuck:
        thread.join(PATIENCE)
        raise Told("it does not end before the first one goes on. What does it wait for?")
    afterwards = another()
    return {
        "the first": value,
        "the second": next((each for each in found if each != afterwards), afterwards),
    }


def _noticing(thing: Any, meanwhile: Callable[[], None]) -> Any:
    if isinstance(thing, dict):
        looked = _Noticing({key: _noticing(value, meanwhile) for key, value in thing.items()})
        looked.meanwhile = meanwhile
        return looked
    return [_noticing(each, meanwhile) for each in thing] if isinstance(thing, list) else thing


class _Noticing(dict):
    """A dictionary that lets something happen whenever somebody looks up a key."""

    def __getitem__(self, key: Any) -> Any:
        self.meanwhile()
        return super().__getitem__(key)

    def get(self, key: Any, default: Any = None) -> Any:
        self.meanwhile()
        return super().get(key, default)

    def __deepcopy__(self, memo: dict) -> dict:
        return copy.deepcopy(dict(self), memo)

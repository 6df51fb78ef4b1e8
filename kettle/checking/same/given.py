"""What a caller gave: it stays as it is, also where nothing comes of the call."""

from __future__ import annotations

from typing import Any

from kettle.checking.same.alike import difference
from kettle.checking.same.sentences import told


def left_alone(when: str, name: str, before: Any, after: Any) -> None:
    """Raise AssertionError, with a sentence, if a call that failed leaves an argument changed.

    Args:
        when: begins the sentence: why the call failed.
        name: of the argument.
        before: a copy that was made before the call.
        after: what the call was given.
    """
    found = difference({name: before}, {name: after})
    assert not found, (
        f"{when}, and your code leaves changed what it was given: {told(found)} It belongs to whoever "
        "called. Who puts it back when something fails?"
    )

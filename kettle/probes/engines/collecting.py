"""Collections of garbage that look at what is new only, and so take no time of a large program.

A probe collects garbage so that what sits in cycles complains, or counts as gone. CPython keeps objects out
of collections by gc.freeze, and gc.unfreeze lets go of all of them at once: so only the outermost block calls
either.
"""

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_KEEPERS: list[str] = []
_LOCK = threading.Lock()


def keep_out() -> None:
    """Keep what there is now out of collections, for good."""
    gc.collect()
    with _LOCK:
        _KEEPERS.append("for good")
        gc.freeze()


@contextmanager
def only_new_collected() -> Iterator[None]:
    """Let collections in the block look only at what came since it began, or since one around it began."""
    with _LOCK:
        _KEEPERS.append("for a block")
        if len(_KEEPERS) == 1:
            gc.freeze()
    try:
        yield
    finally:
        with _LOCK:
            _KEEPERS.remove("for a block")
            if not _KEEPERS:
                gc.unfreeze()

"""Functions that are replaced while anybody watches: put in for the first, put back after the last."""

import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any


class Patches:
    """What is replaced in the whole process while any block is open; blocks may overlap in any order.

    install: called with this, as the first block opens; it puts in what is wanted.
    """

    def __init__(self, install: Callable[["Patches"], None]):
        self._install, self._lock, self._users = install, threading.Lock(), 0
        self.undo = ExitStack()

    def open(self) -> None:
        """Put the replacements in, unless somebody has."""
        with self._lock:
            self._users += 1
            if self._users == 1:
                self._install(self)

    def close(self) -> None:
        """Put back what was there, unless somebody still needs the replacements."""
        with self._lock:
            self._users -= 1
            if not self._users:
                self.undo.close()

    def put(self, owner: Any, name: str, replacement: Any) -> None:
        """Replace an attribute; one that the owner only inherits is deleted afterwards."""
        own = vars(owner)
        if name in own:
            self.undo.callback(setattr, owner, name, own[name])
        else:
            self.undo.callback(delattr, owner, name)
        setattr(owner, name, replacement)

"""The slot: of all notebooks of a learner, only the one touched last keeps a checking process waiting."""

from __future__ import annotations

import secrets
from contextlib import suppress
from pathlib import Path


class Slot:
    """A file that names the notebook that may keep a process waiting; the last one to write has it.

    Args:
        path: of the file, the same for all notebooks of a learner; its folder need not exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._token = secrets.token_hex(8)

    def take(self) -> None:
        """Take it from the one that has it; where nothing can be written, everyone has it."""
        with suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.write_text(self._token, encoding="ascii")

    @property
    def lost(self) -> bool:
        """Whether another notebook has taken it."""
        try:
            holder = self.path.read_text(encoding="ascii")
        except (OSError, ValueError):
            return False
        return len(holder) == len(self._token) and holder != self._token  # shorter: it is being written

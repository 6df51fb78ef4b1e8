"""The claim: one checking process waits for all notebooks of a learner, that of the one touched last."""

from __future__ import annotations

import secrets
from contextlib import suppress
from pathlib import Path


class Claim:
    """A file that names who may keep a process waiting; whoever writes last has it.

    Args:
        path: of the file, the same for all notebooks of a learner; its folder need not exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._token = secrets.token_hex(8)

    def take(self) -> None:
        """Take it, from whoever has it; where nothing can be written, everybody has it."""
        with suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.write_text(self._token, encoding="ascii")

    @property
    def lost(self) -> bool:
        """Whether somebody else has taken it."""
        try:
            holder = self.path.read_text(encoding="ascii")
        except (OSError, ValueError):
            return False
        return len(holder) == len(self._token) and holder != self._token  # shorter: it is being written

"""The folder of a server: made where there is room, and a way in."""

import os
import shutil
import tempfile
from pathlib import Path

from kettle.processes import ChildTrouble, owned
from kettle.processes.folders import rooms

PREFIX = "kettle-pg-"
SQLITE_PREFIX = "kettle-sqlite-"
DISK_NEEDED = 150 * 2**20  # bytes: a new cluster (about 40 MB), its write-ahead log, and room for seeded data


class NoServer(ChildTrouble):
    """No PostgreSQL server can be had here; the text is a sentence for the learner."""


def make_folder(user: int | None = None) -> Path:
    """Make a private folder with enough room, owned by `user` (a uid; default: ours) and open to it alone.

    Raises NoServer where no temporary folder has the room, or none can be entered by that user.
    """
    parents = [path for path in rooms() if os.access(path, os.W_OK)]
    room = {path: shutil.disk_usage(path).free for path in parents}
    roomy = [path for path in parents if room[path] >= DISK_NEEDED]
    if not roomy:
        raise NoServer(
            f"A PostgreSQL server needs {DISK_NEEDED // 2**20} MB in a temporary folder, "
            f"and {max(room.values(), default=0) // 2**20} MB are free."
        )
    for parent in roomy:
        if user is None or anyone_can_enter(parent):
            return _folder_in(parent, user)
    raise NoServer("No temporary folder can be entered by the user nobody, as whom PostgreSQL must run here.")


def _folder_in(parent: Path, user: int | None) -> Path:
    folder = Path(tempfile.mkdtemp(prefix=owned(PREFIX), dir=parent))
    if user is not None:
        os.chown(folder, user, user)
    return folder


def anyone_can_enter(folder: Path) -> bool:
    """Tell whether every user may pass through this folder and all folders above it."""
    folder = folder.resolve()
    return all(path.stat().st_mode & 0o001 for path in (folder, *folder.parents))

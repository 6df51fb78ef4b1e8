"""Folders of a server: made where there is room and a way in, and swept when their owner is gone."""

import contextlib
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import IO

from kettle.processes import ChildTrouble, owned

if sys.platform != "win32":  # nothing is swept there: an open file cannot be removed or renamed either
    import fcntl

PREFIX = "kettle-pg-"
SQLITE_PREFIX = "kettle-sqlite-"
OWNER = "owner"
DISK_NEEDED = 150 * 2**20  # bytes: a new cluster (about 40 MB), its write-ahead log, and room for seeded data


class NoServer(ChildTrouble):
    """No PostgreSQL server can be had here; the text is a sentence for the learner."""


def make_folder(user: int | None = None) -> Path:
    """Make a private folder with enough room, owned by `user` (a uid; default: ours) and open to it alone.

    Raises NoServer where no temporary folder has the room, or none can be entered by that user.
    """
    parents = [path for path in _parents() if os.access(path, os.W_OK)]
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


def claim(folder: Path) -> IO[bytes]:
    """Mark a folder as ours for as long as the returned file stays open; the claim ends with our process."""
    if sys.platform == "win32":
        return (folder / OWNER).open("wb")
    new = folder / "owner.new"
    held = new.open("wb")
    _try_lock(held)
    new.rename(folder / OWNER)  # only now, so that nobody finds it unlocked
    return held


def anyone_can_enter(folder: Path) -> bool:
    """Tell whether every user may pass through this folder and all folders above it."""
    folder = folder.resolve()
    return all(path.stat().st_mode & 0o001 for path in (folder, *folder.parents))


def remove_stale_folders() -> None:
    """Remove folders whose process was killed; a server left without its folder ends by itself."""
    for parent in _parents():
        for folder in [*parent.glob(PREFIX + "*"), *parent.glob(SQLITE_PREFIX + "*")]:
            with contextlib.suppress(OSError), (folder / OWNER).open("rb") as owner:
                stale = _try_lock(owner)
                if stale:
                    shutil.rmtree(folder, ignore_errors=True)


def _try_lock(file: IO[bytes]) -> bool:
    """Take the lock of a file if nobody holds it; a lock, unlike a process id, is never somebody else's."""
    if sys.platform == "win32":
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _parents() -> list[Path]:
    wanted = [Path(tempfile.gettempdir())]
    if os.name == "posix":
        wanted += [Path("/tmp"), Path("/var/tmp"), Path("/dev/shm")]
    return [path for path in dict.fromkeys(wanted) if path.is_dir()]

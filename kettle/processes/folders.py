"""Folders of the course's processes: claimed as long as their process lives, removed when it has gone."""

import os
import shutil
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO

if sys.platform != "win32":
    import fcntl

CLAIM = "owner"  # the file in a folder that its process holds


def rooms() -> list[Path]:
    """Return the folders that temporary folders are made in."""
    wanted = [Path(tempfile.gettempdir())]
    if os.name == "posix":
        wanted += [Path("/tmp"), Path("/var/tmp"), Path("/dev/shm")]
    return [path for path in dict.fromkeys(wanted) if path.is_dir()]


def claim(folder: Path) -> IO[bytes]:
    """Mark a folder as ours for as long as the returned file stays open; the claim ends with our process."""
    if sys.platform == "win32":
        return (folder / CLAIM).open("wb")
    new = folder / f"{CLAIM}.new"
    held = new.open("wb")
    fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    new.rename(folder / CLAIM)  # only now, so that nobody finds it unlocked
    return held


class Claimed(tempfile.TemporaryDirectory[str]):
    """A temporary folder that is claimed until its `cleanup()`."""

    def __init__(self, prefix: str) -> None:
        super().__init__(prefix=prefix, ignore_cleanup_errors=True)
        self._claim = claim(Path(self.name))

    def cleanup(self) -> None:
        """Give up the claim, and remove the folder."""
        self._claim.close()
        super().cleanup()


def remove_stale_folders() -> None:
    """Remove folders whose process was killed; a server left without its folder ends by itself."""
    for folder in [folder for room in rooms() for folder in room.glob("kettle-*")]:
        with suppress(OSError):
            # A lock, unlike a process id, is never somebody else's.
            if sys.platform == "win32":
                (folder / CLAIM).unlink()  # refused as long as somebody has it open
            else:
                with (folder / CLAIM).open("rb") as file:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            remove(folder)


def remove_folders_of(token: str) -> None:
    """Remove the folders that carry the token of a kernel in their names."""
    for folder in [folder for room in rooms() for folder in room.glob(f"kettle-*{token}-*")]:
        remove(folder)


def remove(folder: Path) -> None:
    """Remove a folder with all that is in it, or a file; what cannot be removed stays."""
    shutil.rmtree(folder, ignore_errors=True)
    with suppress(OSError):
        folder.unlink()

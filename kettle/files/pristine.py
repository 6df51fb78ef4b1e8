"""Pristine copies: the starters as they came, kept in .kettle/pristine where there is no git, as in a zip."""

import os
import shutil
from pathlib import Path

from kettle.files.course import FOLDERS, ROOT

REVISION = "revision.txt"  # git writes the commit into it when it makes an archive: see .gitattributes


def place_of(root: Path) -> Path:
    """Return the folder that the pristine copies are kept in."""
    return root / ".kettle" / "pristine"


def keep(root: Path = ROOT) -> list[Path]:
    """Copy each starter that is not kept yet; all of them where a newer archive was unpacked over the course.

    Nothing is kept where git knows the starters. What was kept stays, since a learner has edited the notebook
    by now; only with another revision are the notebooks starters again.

    Returns:
        The copies that were made.
    """
    if (root / ".git").exists() and shutil.which("git"):
        return []
    pristine = place_of(root)
    revision = _read(root / "kettle" / "files" / REVISION)
    newer = _read(pristine / REVISION) != revision
    made = []
    for folder in FOLDERS.values():
        for notebook in sorted((root / folder).glob("[0-9][0-9]_*.ipynb")):
            copy = pristine / folder / notebook.name
            if " " not in notebook.name and (newer or not copy.exists()):
                _write(copy, notebook.read_bytes())
                made.append(copy)
    if made:
        _write(pristine / REVISION, revision)
    return made


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_bytes(data)
    draft.replace(path)


if __name__ == "__main__":
    keep()

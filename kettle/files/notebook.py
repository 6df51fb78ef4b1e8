"""The learner's notebook on disk: where it is, its `fix` cell, saving it, and going back to the starter."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from kettle.files import pristine
from kettle.files.course import FOLDERS, ROOT
from kettle.files.kernel_loop import on_loop


class NotebookTrouble(ValueError):
    """The notebook cannot be found, read or restored; the sentence says what to do."""


def certifying() -> bool:
    """Return whether this kernel runs a notebook in order to check it, so that nobody is there to click."""
    return bool(os.environ.get("KETTLE_CERTIFYING"))


def find(stem: str, kind: str | None = None, root: Path = ROOT) -> tuple[Path, str]:
    """Find the notebook that this kernel runs, and whether it is a lesson's or an exercise's.

    A copy that the learner made (its name begins with the stem) counts as the notebook.

    Args:
        stem: the lesson's name.
        kind: "lesson" or "exercise" where the caller knows.
        root: the project's folder.

    Returns:
        The notebook's path, and "lesson" or "exercise".
    """
    session = Path(os.environ.get("JPY_SESSION_NAME") or ".")
    if session.suffix == ".ipynb" and session.name.startswith(stem):
        path = session if session.is_absolute() else root / session
        if path.is_file():
            return path, kind or _kind_of(path.parent)
    kind = kind or _kind_of(Path.cwd())
    return root / FOLDERS[kind] / f"{stem}.ipynb", kind


def _kind_of(folder: Path) -> str:
    return "exercise" if folder.name == "exercises" else "lesson"


def read(path: Path) -> dict:
    """Read a notebook as JSON.

    Raises:
        NotebookTrouble: it is missing or damaged.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        content["cells"]
    except FileNotFoundError:
        raise NotebookTrouble(f"There is no notebook {path.name} in the folder {path.parent.name}.") from None
    except (ValueError, KeyError, TypeError):
        raise NotebookTrouble(
            f"The file {path.name} is damaged: it cannot be read as a notebook. "
            "Save the notebook again, or go back to the starter with `lesson.reset()`."
        ) from None
    return content


def source(cell: dict) -> str:
    """Return a cell's source, which a file may hold as a text or as lines."""
    text = cell.get("source", "")
    return text if isinstance(text, str) else "".join(text)


def tagged(notebook: dict, tag: str) -> list[dict]:
    """List the cells that carry a tag, in order."""
    return [cell for cell in notebook["cells"] if tag in cell.get("metadata", {}).get("tags", ())]


def fix_of(path: Path) -> str:
    """Return what the learner's `fix` cell says; a cell that was split counts as one.

    Raises:
        NotebookTrouble: the notebook cannot be read, or has no such cell any more.
    """
    cells = tagged(read(path), "fix")
    if not cells:
        raise NotebookTrouble(
            "The cell with the fix is missing in this notebook. `lesson.reset()` brings the starter back."
        )
    return "\n\n".join(source(cell).strip("\n") for cell in cells)


class Saver:
    """Asks JupyterLab to save, reload or close nothing else than the notebook in front.

    Args:
        path: the notebook's path.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._commands: Any = None
        self._answered: bool | None = None

    def connect(self) -> None:
        """Reach JupyterLab ahead of time, so that the first save is quick; harmless elsewhere."""
        if self._commands is None and os.environ.get("JPY_SESSION_NAME"):
            try:
                from ipylab.commands import CommandRegistry

                self._commands = CommandRegistry()
            except Exception:  # noqa: BLE001 - whatever is missing, the caller then says "save first"
                self._commands = None

    def ask(self, command: str, **arguments: Any) -> bool:
        """Send JupyterLab a command; return whether there was anybody to send it to."""
        self.connect()
        if self._commands is None:
            return False
        self._commands.execute(command, arguments)
        return True

    def change(self, write: Callable[[], str]) -> str:
        """Change the notebook's file, and let JupyterLab show it.

        A reload drops what came since the last save, and JupyterLab asks before it does so. A cell's number
        and outputs come after all that the cell asks for: so the file is changed once they were saved, too.

        Args:
            write: changes the file and says so in a sentence; raises NotebookTrouble or OSError if it cannot.

        Returns:
            What `write` said; empty where JupyterLab will show it beside the notebook, in a moment.
        """
        if not self.save():
            return write()
        threading.Thread(target=self._change, args=(write, on_loop()), daemon=True).start()
        return ""

    def _change(self, write: Callable[[], str], soon: Callable) -> None:
        time.sleep(0.5)
        before = _stamp(self.path)
        soon(self.ask, "docmanager:save")
        saved = self.wait(before)
        try:
            told, kind = write().replace("`", ""), "success"
        except (NotebookTrouble, OSError) as trouble:
            told, kind = f"Nothing was changed. {trouble}", "error"
        note = {"message": told if saved else f"If asked, choose Reload. {told}", "type": kind}
        soon(lambda: self.ask("apputils:notify", **note, options={"autoClose": False}))
        # The save has to come back first; and after a reload nothing is drawn until the view is moved.
        for pause, command in ((0.7, "docmanager:reload"), (1.0, "notebook:move-cursor-down")):
            time.sleep(pause)
            soon(self.ask, command)

    def start_saving(self) -> tuple[int, int] | None:
        """Ask for a save and return what to wait for, or None where nobody can save for us."""
        before = _stamp(self.path)
        return before if self.ask("docmanager:save") else None

    def wait(self, before: tuple[int, int] | None, patience: float = 3.0) -> bool:
        """Wait until the file has changed and is whole again.

        Args:
            before: what `start_saving` returned.
            patience: in seconds; less once JupyterLab was found not to answer.

        Returns:
            Whether the notebook was saved.
        """
        if before is None:
            return False
        if self._answered is False:
            patience = min(patience, 0.5)
        end = time.monotonic() + patience
        while time.monotonic() < end:
            if _stamp(self.path) != before and _is_whole(self.path):
                self._answered = True
                return True
            time.sleep(0.01)
        self._answered = bool(self._answered)
        return False

    def save(self, patience: float = 3.0) -> bool:
        """Save the notebook, waiting at most `patience` seconds; return whether it was saved."""
        return self.wait(self.start_saving(), patience)


def _stamp(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError:
        return 0, 0
    return status.st_mtime_ns, status.st_size


def _is_whole(path: Path) -> bool:
    # Jupyter keeps the old text as .~NAME while it writes in place.
    if path.with_name(f".~{path.name}").exists():
        return False
    try:
        read(path)
    except (NotebookTrouble, OSError):
        return False
    return True


def starter(stem: str, kind: str, root: Path = ROOT) -> bytes:
    """Return the notebook as the course ships it: from git, else from .kettle/pristine.

    Raises:
        NotebookTrouble: neither has it.
    """
    place = f"{FOLDERS[kind]}/{stem}.ipynb"
    # An update commits the learner's edits (nbgitpuller does), so upstream is asked first.
    for reference in ("@{upstream}", "HEAD"):
        try:
            command = ["git", "-C", str(root), "show", f"{reference}:./{place}"]
            done = subprocess.run(command, capture_output=True, timeout=20, check=False)
        except (OSError, subprocess.TimeoutExpired):
            break
        if done.returncode == 0:
            return done.stdout
    try:
        return (pristine.place_of(root) / place).read_bytes()
    except OSError:
        raise NotebookTrouble(
            f"The starter of {stem} was not found, neither in git nor in .kettle/pristine. "
            "Download the course again and copy the notebook from there."
        ) from None


def keep_copy(path: Path, now: datetime | None = None) -> Path | None:
    """Copy the notebook under a dated name beside it; return where, or None if there is nothing to keep.

    Beside it, because JupyterLab opens no hidden folder and the learner may want to look.
    """
    if not path.exists():
        return None
    date = (now or datetime.now().astimezone()).strftime("%Y-%m-%d %H.%M.%S")
    copy, count = path.with_name(f"{path.stem} {date}.ipynb"), 1
    while copy.exists():
        count += 1
        copy = path.with_name(f"{path.stem} {date} ({count}).ipynb")
    shutil.copy2(path, copy)
    return copy


def reset(path: Path, stem: str, kind: str, root: Path = ROOT) -> Path | None:
    """Put the starter in the notebook's place, after a dated copy; return where the copy is.

    Raises:
        NotebookTrouble: there is no starter to go back to; the notebook is then untouched.
    """
    fresh = starter(stem, kind, root)
    copy = keep_copy(path)
    draft = path.with_name(f".{path.name}.new")
    draft.write_bytes(fresh)
    draft.replace(path)
    return copy

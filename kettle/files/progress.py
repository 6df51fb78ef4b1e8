"""What this learner has predicted, run, asked and solved: one readable JSON file for each notebook.

A file is a list of events, so that two histories merge by putting them together, and nothing is taken back.
It is read, changed and replaced under a lock of the operating system, which ends with the process that holds
it: a killed kernel leaves either the old file or the new one, and never a lock. Nothing is sent but to
a room that was joined.
"""

import errno
import json
import os
import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kettle.files.course import ROOT
from kettle.files.history import Event, NotebookProgress, merged, new_event, read_events

_NOTEBOOK_ID = re.compile(r"(notebooks|exercises)/\w[\w .-]*")
_FORMAT = "watched-kettle-progress"
_NO_LOCKS = {errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP}


@dataclass(frozen=True, repr=False)
class BroughtBack:
    """What a merge with a downloaded file changed here."""

    notebooks: int
    events: int
    newly_solved: tuple[str, ...]

    def __repr__(self) -> str:
        if not self.events:
            return "Everything in that file is already here."
        solved = f" Newly solved: {', '.join(self.newly_solved)}." if self.newly_solved else ""
        entries = "1 entry" if self.events == 1 else f"{self.events} entries"
        return f"Added {entries} in {self.notebooks} notebook{'s'[: self.notebooks != 1]}.{solved}"


class Progress:
    """This learner's progress, in a folder.

    Args:
        folder: Where the files are; by default the environment's KETTLE_PROGRESS, else .kettle/progress.
        tell: Called with a sentence when something cannot be saved or read; by default it goes to stderr.
        patience: Seconds to wait for another notebook that is writing.

    Recording never raises because of the disk: what cannot be saved is remembered, said once, and tried again
    with the next event.
    """

    def __init__(
        self,
        folder: str | Path | None = None,
        tell: Callable[[str], object] | None = None,
        patience: float = 3.0,
    ) -> None:
        self.folder = Path(folder or os.environ.get("KETTLE_PROGRESS") or ROOT / ".kettle" / "progress")
        self.room = self.folder.parent / "room"  # what is to be sent to a room, once this learner joins one
        self._tell = tell or _say
        self._patience = patience
        self._told = False
        self._unsaved: dict[str, list[Event]] = {}
        self._here = threading.RLock()

    def __repr__(self) -> str:
        solved = sum(self.of(each).solved for each in self.notebooks())
        return f"Progress: {len(self.notebooks())} notebooks begun, {solved} solved"

    def record(self, notebook_id: str, event: str, /, **details: Any) -> None:
        """Remember that something happened, now, e.g. `record("notebooks/14_…", "hinted", rung=2)`.

        Raises:
            ValueError: There is no such kind of event, or that is not the name of a notebook.
        """
        self._path(notebook_id)
        made = new_event(event, details)
        self._remember({notebook_id: [made]})
        self.tell_room(notebook_id, made)

    def tell_room(self, notebook_id: str, event: Event) -> None:
        """Hand an event to the room that this learner has joined; nothing happens where there is none."""
        if (self.room / "joined.json").exists():
            with suppress(Exception):  # whatever becomes of the room, a lesson goes on
                from kettle_room.handing_over import hand_over

                hand_over(self.room, notebook_id, event)

    def of(self, notebook_id: str) -> NotebookProgress:
        """Return what was done in one notebook, by this process or any other."""
        path = self._path(notebook_id)
        with self._here:
            events = merged(self._saved(path), self._unsaved.get(notebook_id, ()))
        return NotebookProgress(notebook_id, tuple(events))

    def notebooks(self) -> tuple[str, ...]:
        """Return the ids of the notebooks that something is known about, in order."""
        known = {f"{path.parent.name}/{path.stem}" for path in self.folder.glob("*/*.json")}
        return tuple(sorted(each for each in known | set(self._unsaved) if _is_id(each)))

    def export(self) -> bytes:
        """Return everything as one JSON file, for `bring_back` on another machine."""
        histories = {each: list(self.of(each).events) for each in self.notebooks()}
        exported = datetime.now(UTC).isoformat(timespec="seconds")
        whole = {"format": _FORMAT, "version": 1, "exported": exported, "notebooks": histories}
        return _encoded(json.dumps(whole, indent=1, ensure_ascii=False))

    def bring_back(self, exported: bytes) -> BroughtBack:
        """Merge an exported file into what is here; nothing that is here is lost.

        Raises:
            ValueError: It is not such a file. The message is a sentence for the learner.
        """
        incoming = _read_export(exported)
        with self._here:
            before = {each: self.of(each) for each in incoming}
            new = {each: [e for e in incoming[each] if e not in before[each].events] for each in incoming}
            new = {each: events for each, events in new.items() if events}
            self._remember(new)
        solved = (each for each in new if self.of(each).solved and not before[each].solved)
        return BroughtBack(len(new), sum(map(len, new.values())), tuple(solved))

    def _remember(self, new: dict[str, list[Event]]) -> None:
        with self._here:
            for each, events in new.items():
                self._unsaved.setdefault(each, []).extend(events)
            try:
                self._save()
                self._told = False
            except OSError as error:
                self._complain(error)

    def _save(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._locked():
            for each in list(self._unsaved):
                path = self._path(each)
                _replace(path, each, merged(self._read(path), self._unsaved[each]))
                del self._unsaved[each]

    def _saved(self, path: Path) -> list[Event]:
        try:
            if not path.exists():
                return []
            with self._locked():
                return self._read(path)
        except OSError:  # a folder that can only be read has no lock, and needs none
            with suppress(OSError, ValueError, RecursionError):
                return _parsed(path)
            return []

    def _read(self, path: Path) -> list[Event]:
        """Read a file while the lock is held; one that is damaged is kept under a dated name."""
        try:
            return _parsed(path)
        except FileNotFoundError:
            return []
        except (ValueError, RecursionError):
            copy = path.with_name(f"{path.stem}.damaged-{datetime.now(UTC):%Y-%m-%dT%H-%M-%S-%f}.txt")
            path.replace(copy)
            self._tell(f"The progress file {path.name} could not be read. It is kept as {copy.name}.")
            return []

    @contextmanager
    def _locked(self) -> Iterator[None]:
        import filelock  # on first use: a notebook opens sooner without

        lock = filelock.FileLock(self.folder / ".lock", self._patience, mode=0o600, poll_interval=0.01)
        with ExitStack() as held:
            try:
                held.enter_context(lock)
            except filelock.Timeout:
                raise TimeoutError(errno.ETIMEDOUT, "another notebook is writing") from None
            except OSError as error:
                # Some network folders have no locks; there, writers must still never leave half a file.
                if error.errno not in _NO_LOCKS:
                    raise
            yield

    def _path(self, notebook_id: str) -> Path:
        if not _is_id(notebook_id):
            raise ValueError(f"{notebook_id!r} is not the name of a notebook, such as 'notebooks/14_slug'.")
        return self.folder / f"{notebook_id}.json"

    def _complain(self, error: OSError) -> None:
        if not self._told:
            why = error.strerror or type(error).__name__
            self._tell(
                f"Your progress could not be saved ({why}). You can go on: it is kept until this kernel "
                "stops, and your next step tries to save it again."
            )
        self._told = True


def _is_id(text: str) -> bool:
    return isinstance(text, str) and len(text) < 150 and bool(_NOTEBOOK_ID.fullmatch(text))


def _parsed(path: Path) -> list[Event]:
    whole = json.loads(path.read_bytes())
    if not isinstance(whole, dict):
        raise ValueError("a progress file is an object")
    return read_events(whole.get("events"))


def _replace(path: Path, notebook_id: str, events: list[Event]) -> None:
    """Write a file beside the old one and put it in its place at once, one event a line."""
    lines = ",\n".join(json.dumps(event, ensure_ascii=False) for event in events)
    path.parent.mkdir(parents=True, exist_ok=True)
    for leftover in path.parent.glob(f"{path.name}.*.part"):  # of a process that was killed just here
        leftover.unlink(missing_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            file.write(_encoded(f'{{"notebook": {json.dumps(notebook_id)}, "events": [\n{lines}\n]}}\n'))
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise


def _read_export(exported: bytes) -> dict[str, list[Event]]:
    try:
        whole = json.loads(bytes(exported))
        if whole["format"] != _FORMAT:
            raise ValueError("another format")
        return {each: read_events(events) for each, events in whole["notebooks"].items() if _is_id(each)}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ValueError(
            "That is not a progress file of this course, so nothing was changed. "
            "The file that you saved is called watched-kettle-progress-….json."
        ) from None


def _encoded(text: str) -> bytes:
    # A lone surrogate has no UTF-8; written as its escape, it is still JSON.
    return text.encode("utf-8", "backslashreplace")


def _say(sentence: str) -> None:
    sys.stderr.write(sentence + "\n")

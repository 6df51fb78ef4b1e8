"""Events that Python itself reports (PEP 578), such as a file that is opened, and on which thread.

For example:

    with watch_events("open") as events:
        await cart(desk, lines, note)
    [event.thread for event in events.of(path)]
"""

import os
import sys
import threading
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True)
class Event:
    """One event: its name, its first argument (a path as text), the id of the thread."""

    name: str
    what: Any
    thread: int


class watch_events:  # noqa: N801 (used as a verb: with watch_events("open") as events)
    """Watch events of this process by name, such as "open" or "subprocess.Popen", while the block runs.

    Read in the block or afterwards: seen, a list of `Event`. What C code does without telling Python is not
    among them. The hook that listens stays for as long as the process, as Python wants it, and does nothing
    while nobody watches.

    Args:
        *names: of the events.
    """

    def __init__(self, *names: str) -> None:
        self.names = frozenset(names)
        self.seen: list[Event] = []

    def __enter__(self) -> Self:
        if not _hooked:
            _hooked.append(True)
            sys.addaudithook(_hear)
        _watchers.append(self)
        return self

    def __exit__(self, *error: object) -> None:
        _watchers.remove(self)

    def of(self, path: os.PathLike | str) -> list[Event]:
        """Return those whose first argument is a path."""
        return [event for event in self.seen if event.what == os.fspath(path)]


_hooked: list[bool] = []
_watchers: list[watch_events] = []


def _hear(name: str, args: tuple) -> None:
    for watcher in tuple(_watchers):
        if name in watcher.names:
            what = args[0] if args else None
            what = os.fsdecode(what) if isinstance(what, bytes | os.PathLike) else what
            watcher.seen.append(Event(name, what, threading.get_ident()))

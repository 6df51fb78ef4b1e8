"""The owner: a process that starts others, its mark, its folders, and the sweeper that tidies up after it."""

from __future__ import annotations

import multiprocessing
import os
import secrets
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import psutil

from kettle.processes import CHECK, OWNER, TIDIES_UP
from kettle.processes.folders import Claimed, claim, remove_stale_folders

FOLDER = "kettle-check-"  # begins the name of a folder that is made for the files of one check
LONGEST = 104  # bytes of a socket's path, the last of which ends it; on Linux it may have four more
_ROOT = Path(__file__).resolve().parents[2]
_UNMARKED = (OWNER, CHECK, TIDIES_UP)


class Owner:
    """This process as the owner of what it starts: its processes and folders carry one token."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.token = secrets.token_hex(8)
        self.prefix = f"{FOLDER}{self.token}-"
        remove_stale_folders()
        self.sweeper = self._watch() if os.name == "posix" else None

    def mark(self) -> None:
        """Mark this process too, so that whatever it starts from now on, and does not fork, is marked."""
        os.environ[OWNER] = self.token
        self._keep_sockets()

    def folder(self) -> Claimed:
        """Make a folder for the files of one check; the sweeper removes it where nobody else does."""
        return Claimed(self.prefix)

    def _keep_sockets(self) -> None:
        """Let multiprocessing keep its sockets where the sweeper tidies up.

        From Python 3.14 on, a pool of processes has a folder with a socket on Linux; a kill leaves it behind.
        Its name is random.
        """
        # What multiprocessing keeps the folder of its sockets in; it has no setting for that.
        config = getattr(multiprocessing.current_process(), "_config", None)
        path = Path(tempfile.gettempdir(), f"{self.prefix}12345678", "listener-12345678")
        short = len(os.fsencode(path)) < LONGEST
        if os.name == "posix" and isinstance(config, dict) and "tempdir" not in config and short:
            config["tempdir"] = tempfile.mkdtemp(prefix=self.prefix)
            self._sockets = claim(Path(config["tempdir"]))

    def _watch(self) -> subprocess.Popen:
        leader = "leader" if os.getsid(0) == self.pid else "follower"
        paths = [str(_ROOT), str(Path(psutil.__file__).parents[1])]
        script = str(Path(__file__).with_name("sweeper.py"))
        nothing = subprocess.DEVNULL
        return subprocess.Popen(
            [sys.executable, "-I", "-S", script, str(self.pid), self.token, leader, *paths],
            stdin=nothing,
            stdout=nothing,
            stderr=nothing,
            cwd="/",
            env={name: value for name, value in os.environ.items() if name not in _UNMARKED},
            start_new_session=True,  # neither an interrupt nor a kill of the kernel's group reaches it
        )


_owners: dict[int, Owner] = {}  # by process: a forked child is an owner itself
_lock = threading.Lock()


def owner() -> Owner:
    """Return this process as an owner; the first time, start its sweeper.

    Raises:
        OSError: no process can be started.
    """
    with _lock:
        if os.getpid() not in _owners:
            _owners.clear()
            _owners[os.getpid()] = Owner()
        return _owners[os.getpid()]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release)

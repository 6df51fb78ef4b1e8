"""Starting a child: a module of kettle in a process of its own, with a pipe to it and one from it."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path
from typing import IO, Any

from kettle.processes import TIDIES_UP

ROOT = Path(__file__).resolve().parents[2]
# They would slow down, or make talkative, a process that nobody wants to debug.
_NOT_PASSED_ON = (
    "PYTHONASYNCIODEBUG",
    "PYTHONDEVMODE",
    "PYTHONTRACEMALLOC",
    "PYTHONPROFILEIMPORTTIME",
    "PYTHONINSPECT",
)


# A session (on Windows a group) of its own: the interrupt button signals the kernel's whole group.
APART: dict[str, Any] = {"start_new_session": True}
if sys.platform == "win32":
    APART = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}


class Piped(subprocess.Popen[bytes]):
    """A process with a pipe to it, and one from it."""

    stdin: IO[bytes]
    stdout: io.FileIO


def start(module: str, complaints: IO[bytes], tidies_up: bool) -> Piped:
    """Start a module that calls `kettle.processes.serve`.

    Args:
        module: its name.
        complaints: the file that it writes its errors to.
        tidies_up: whether it has something to put away, for which it is given time.

    Raises:
        OSError: no process can be started.
    """
    environment = {name: value for name, value in os.environ.items() if name not in _NOT_PASSED_ON}
    environment |= {TIDIES_UP: "1"} if tidies_up else {}
    environment["SSL_CERT_FILE"] = os.devnull  # it speaks no TLS, and aiohttp would read all certificates
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    return Piped(
        # -P: a learner's file that is called json.py must not be imported.
        [sys.executable, "-P", "-m", module, str(os.getpid())],
        bufsize=0,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=complaints,
        env=environment,
        cwd=ROOT,
        **APART,
    )

"""A lock between processes, kept by the operating system, so that it ends with the process that holds it."""

import errno
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None
    import msvcrt

_BUSY = {errno.EAGAIN, errno.EACCES, errno.EDEADLK, getattr(errno, "EDEADLOCK", errno.EDEADLK)}
_UNSUPPORTED = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}


@contextmanager
def file_lock(path: Path, patience: float = 3.0) -> Iterator[None]:
    """Hold the lock of this file, which is created when it is not there and never deleted.

    Args:
        path: The lock file, in a folder that exists.
        patience: Seconds to wait while somebody else holds it.

    Raises:
        TimeoutError: Somebody else held it all that time.
        OSError: The file cannot be opened for writing.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        held = _wait(descriptor, time.monotonic() + patience, path)
        try:
            yield
        finally:
            if held:
                _unlock(descriptor)
    finally:
        os.close(descriptor)


def _wait(descriptor: int, deadline: float, path: Path) -> bool:
    while True:
        try:
            _try(descriptor)
        except OSError as error:
            if error.errno in _UNSUPPORTED:
                # Some network folders have no locks; there, writers must still never leave half a file.
                return False
            if error.errno not in _BUSY:
                raise
        else:
            return True
        if time.monotonic() > deadline:
            raise TimeoutError(errno.ETIMEDOUT, "another process holds the lock", str(path))
        time.sleep(0.01)


def _try(descriptor: int) -> None:
    if fcntl:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    else:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)


def _unlock(descriptor: int) -> None:
    # Said aloud rather than left to close(): a process forked meanwhile has inherited the descriptor.
    with suppress(OSError):
        if fcntl:
            fcntl.flock(descriptor, fcntl.LOCK_UN)
        else:
            msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

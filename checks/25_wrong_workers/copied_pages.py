"""What a forked worker copies by reading: Python objects, whose reference counts are written, and an array."""

import array
import gc
import json
import os
import subprocess
import sys
from typing import Any

OBJECTS = 300_000


def copied_by_reading() -> dict[str, float] | None:
    """Return MB that a forked process has alone, after it has only read what was loaded before the fork.

    Returns:
        By what it read: "objects" and "array", and "loaded", the MB of each. None where nothing forks.
    """
    if not hasattr(os, "fork") or sys.platform == "darwin":  # there, psutil cannot tell what is copied
        return None
    command = [sys.executable, "-c", "from kettle.lessons.copied_pages import main; main()"]
    told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return json.loads(told.stdout)


def main() -> None:
    """Load both, read each in a forked process, and write what that has alone."""
    objects = [f"KC-{number:06}" for number in range(OBJECTS)]
    size = sum(map(sys.getsizeof, objects)) + sys.getsizeof(objects)
    numbers = array.array("d", bytes(size // 8 * 8))
    gc.freeze()
    found = {"loaded": size / 1e6, "objects": _alone(objects), "array": _alone(numbers)}
    sys.stdout.write(json.dumps(found))


def _alone(what: Any) -> float:
    """Fork, read each element of something, and return the MB that were copied for it."""
    import psutil

    reading, writing = os.pipe()
    if os.fork() == 0:
        before = psutil.Process().memory_full_info().uss
        for _ in what:
            pass
        after = psutil.Process().memory_full_info().uss
        os.write(writing, str((after - before) / 1e6).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        told = float(pipe.read())
    os.wait()
    return told

"""Claims that lesson 25 answers for and does not ask about."""

import subprocess
import sys
from importlib.util import find_spec

from kettle.lessons.gunicorns import AVAILABLE, serving


def installed() -> str:
    """Say which of the two are here, and what uvicorn takes."""
    from uvicorn import Config

    here = [name for name in ("uvloop", "httptools") if find_spec(name)]
    config = Config("kettle.lessons.tiny_apps:asgi")
    config.load()
    return (
        f"Installed here: {' and '.join(here) or 'neither'}. "
        f"uvicorn reads requests with {config.http_protocol_class.__name__}."
    )


def under_gunicorn() -> str:
    """Import uvicorn's workers, and read the warning."""
    if not AVAILABLE:
        return "gunicorn does not run on this system."
    command = [sys.executable, "-W", "always", "-c", "import uvicorn.workers"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    warned = next((line for line in said.splitlines() if "deprecated" in line), "no warning")
    return f"The import says: {warned.partition('DeprecationWarning: ')[2] or warned}"


async def times() -> str:
    """Let one worker of three classes compute, and wait."""
    if not AVAILABLE:
        return "gunicorn does not run on this system."
    told = []
    for name, options in (
        ("sync", {}),
        ("gthread, 18 threads", {"threads": 18}),
        ("asgi", {"worker_class": "asgi"}),
    ):
        async with serving("gunicorn", 1, **options) as server:
            computed, _ = await server.ask("/compute", 10)
            waited, _ = await server.ask("/wait", 18)
        told.append(f"{name} {10 / computed:.0f} computed and {18 / waited:.0f} waited for")
    return f"Answers per second of one worker: {'; '.join(told)}."


MEASURES = {"installed": installed, "under_gunicorn": under_gunicorn, "times": times}
"""By the name of a claim in words.toml, what measures it: returns a sentence."""

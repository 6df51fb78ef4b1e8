"""Two very small web applications, for gunicorn and for uvicorn: they compute, wait, or ask on one connection."""

import asyncio
import os
import socket
import time
from collections.abc import Callable, Iterable
from typing import Any

COMPUTE = 300_000  # numbers that a request adds up
WAIT = 0.06  # seconds that a request waits
WORD = 8  # bytes of a question, and of its answer
ANSWER = [("Content-Type", "text/plain")]

PRICES = [f"KC-{number:05}: {number * 7 % 5000} pence" for number in range(100_000)]  # loaded at import
_ports = os.environ.get("KETTLE_LINE")
LINE = socket.create_connection(("127.0.0.1", int(_ports))) if _ports else None  # opened at import


def compute() -> str:
    """Add up many numbers."""
    return str(sum(number * number for number in range(COMPUTE)))


def ask(number: str) -> str:
    """Ask for the answer to a number, on the connection that was opened at import."""
    if LINE is None:
        raise LookupError("no connection was opened at import")
    LINE.sendall(number.encode().rjust(WORD))
    return LINE.recv(WORD).decode().strip()


def wsgi(environ: dict[str, Any], start_response: Callable) -> Iterable[bytes]:
    """Answer /compute, /wait and /ask/7 in plain functions, as Django and Flask do."""
    path = environ["PATH_INFO"]
    if path == "/compute":
        told = compute()
    elif path == "/wait":
        time.sleep(WAIT)
        told = "waited"
    else:
        told = ask(path.rpartition("/")[2])
    start_response("200 OK", ANSWER)
    return [told.encode()]


async def asgi(scope: dict[str, Any], receive: Callable, send: Callable) -> None:
    """Answer /compute and /wait in a coroutine, as FastAPI does."""
    if scope["type"] == "lifespan":
        await receive()
        os.write(1, b"kettle: ready\n")
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    if scope["path"] == "/compute":
        told = compute()
    else:
        await asyncio.sleep(WAIT)
        told = "waited"
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": told.encode()})

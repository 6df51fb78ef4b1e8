"""The process that starts web servers for lesson 25, and ends them when it ends. Started by gunicorns."""

import asyncio
import os
import random
import re
import shutil
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from kettle.processes import ChildTrouble, owned
from kettle.processes.program import Program
from kettle.processes.serve import Service, serve

PATIENCE = 20.0  # seconds until all workers are ready
URL = re.compile(r"(?:Listening at:|running on) (http://127\.0\.0\.1:\d+)")
WORD = 8  # bytes of a question, and of its answer


class Servers(Service):
    """Starts gunicorn and uvicorn, and looks at the memory of their processes."""

    def __init__(self) -> None:
        super().__init__()
        self._running: dict[int, tuple[Program, Path]] = {}
        self._line: asyncio.Server | None = None

    async def open(self, number: int, server: str, workers: int, echo: bool = False, **options: Any) -> str:
        """Start a server, wait until its workers are ready, and return its address.

        Args:
            number: what it is called from now on.
            server: "gunicorn" or "uvicorn".
            workers: how many.
            echo: whether the application opens a connection at import, to what answers as `asked` does.
            **options: of gunicorn's command line, by name; True: a flag.
        """
        folder = Path(tempfile.mkdtemp(prefix=owned("kettle-server-")))
        environment = dict(os.environ)
        environment.pop("WEB_CONCURRENCY", None)
        environment.pop("GUNICORN_CMD_ARGS", None)
        if echo:
            self._line = self._line or await asyncio.start_server(asked, "127.0.0.1", 0)
            environment["KETTLE_LINE"] = str(self._line.sockets[0].getsockname()[1])
        command = commands(server, workers, options)
        started = [sys.executable, "-P", "-m", server, *command]
        try:
            # On the main thread, though it waits: on Linux the server ends with the thread that started it.
            program = Program(server, started, folder, ChildTrouble, ending="SIGTERM", env=environment)
        except OSError as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise ChildTrouble(f"{server} could not be started: {error}.") from error
        self._running[number] = program, folder
        told: list[str] = []

        def ready(log: str) -> bool:
            told[:] = URL.findall(log)
            return bool(told) and log.count("kettle: ready") >= workers

        try:
            program.await_answer(ready, PATIENCE)
        except ChildTrouble:
            await self.close(number)
            raise
        return told[0]

    async def memory(self, number: int) -> list[tuple[int, int]]:
        """Return what each process of a server has: resident bytes, and its share of them.

        A page that several processes have counts in the share of each only in part (PSS). Where the system
        does not tell that, the share is what the process has alone (USS), or all that it has.
        """
        eldest = psutil.Process(self._running[number][0].pid)
        found = []
        for process in (eldest, *eldest.children(recursive=True)):
            with suppress(psutil.Error):
                found.append(memory_of(process))
        return found

    async def close(self, number: int) -> None:
        """End a server, and remove its folder."""
        program, folder = self._running.pop(number)
        program.stop()
        shutil.rmtree(folder, ignore_errors=True)

    async def end(self) -> None:
        """End all servers."""
        for number in list(self._running):
            await self.close(number)


def memory_of(process: psutil.Process) -> tuple[int, int]:
    """Return the resident bytes of a process, and its share of them."""
    try:
        full = process.memory_full_info()
    except psutil.AccessDenied:  # macOS tells only root
        resident = process.memory_info().rss
        return resident, resident
    return full.rss, getattr(full, "pss", full.uss)


def commands(server: str, workers: int, options: dict[str, Any]) -> list[str]:
    """Return the command line of a server: on loopback, on a port that the system picks."""
    if server == "uvicorn":
        given = ["--host", "127.0.0.1", "--port", "0", "--workers", str(workers), "--no-access-log"]
        return ["kettle.lessons.tiny_apps:asgi", *given, "--lifespan", "on"]
    app = "asgi" if options.get("worker_class") == "asgi" else "wsgi"
    given = ["--bind", "127.0.0.1:0", "--workers", str(workers), "--no-control-socket"]
    given += ["--config", "python:kettle.lessons.gunicorn_hooks", "--worker-tmp-dir", "."]
    for name, value in options.items():
        flag = "--preload" if name == "preload_app" else f"--{name.replace('_', '-')}"
        given += [] if value is False else [flag] if value is True else [flag, str(value)]
    return [f"kettle.lessons.tiny_apps:{app}", *given]


async def asked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer each question with itself, a moment later: in order, as a database does on one connection."""
    with suppress(OSError, asyncio.IncompleteReadError):
        while True:
            question = await reader.readexactly(WORD)
            await asyncio.sleep(random.uniform(0, 0.004))
            writer.write(question)
    writer.close()


if __name__ == "__main__":
    serve(Servers)

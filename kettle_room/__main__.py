"""`python -m kettle_room`: serve the room, and print its address and its code."""

from __future__ import annotations

import argparse
import asyncio
import errno
import logging
import os
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import filelock
import psutil
from aiohttp import web

from kettle.files.course import ROOT
from kettle_room.hub import ByHub
from kettle_room.identity import ByCode, Provider
from kettle_room.people import QUIET
from kettle_room.room import Room
from kettle_room.server import Served, application
from kettle_room.store import Store

PORT = 8877
FOLDER = ROOT / ".kettle" / "room"
BUSY = "Port {port} is in use. Choose another one with --port."
SERVED = "A room is served from this folder already. End that one first, with Ctrl-C in its terminal."


def read_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="start.py room", description="Serve a room for your class.")
    parser.add_argument("--lan", action="store_true", help="let other machines of this network join")
    parser.add_argument("--port", type=int, help=f"the port to listen on; at first {PORT}, then as before")
    parser.add_argument(
        "--host", action="append", default=[], help="a name by which learners call this machine"
    )
    parser.add_argument(
        "--quiet",
        type=float,
        default=QUIET / 60,
        metavar="MINUTES",
        help="without a step for so long, somebody is shown as stuck",
    )
    parser.add_argument(
        "--new", action="store_true", help="delete the room that is kept here; begin a new one"
    )
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the room is kept")
    parser.add_argument("--hub", action="store_true", help="run as a service of a JupyterHub")
    parser.add_argument(
        "--teacher", action="append", default=[], help="on a hub: who sees the teacher's page"
    )
    return parser.parse_args(arguments)


def addresses(port: int, lan: bool) -> list[str]:
    """Return the addresses that learners use, the likeliest first."""
    if not lan:
        return [f"http://127.0.0.1:{port}"]
    found = [
        each.address
        for cards in psutil.net_if_addrs().values()
        for each in cards
        if each.family == socket.AF_INET and not each.address.startswith(("127.", "169.254."))
    ]
    return [f"http://{each}:{port}" for each in sorted(found)] or [f"http://127.0.0.1:{port}"]


def names_of_this_machine() -> set[str]:
    """Return the names by which others on the network may call this machine."""
    name = socket.gethostname().lower()
    return {name, f"{name.partition('.')[0]}.local"}


async def listening(
    options: argparse.Namespace, store: Store
) -> tuple[Room, Provider, Served, socket.socket]:
    """Open the room, and the socket that it listens on.

    Raises:
        OSError: the port is in use.
    """
    if options.new:
        await store.clear()
    room = await Room.opened(store, quiet=60 * options.quiet)
    if options.hub:
        place = urlsplit(os.environ.get("JUPYTERHUB_SERVICE_URL", f"http://127.0.0.1:{options.port or PORT}"))
        listener = socket.create_server((place.hostname or "127.0.0.1", place.port or PORT))
        served = Served(os.environ.get("JUPYTERHUB_SERVICE_PREFIX", "/"), hosts=None)
        return room, ByHub(teachers=frozenset(options.teacher)), served, listener
    port = options.port if options.port is not None else int(await store.setting("port", str(PORT)))
    try:
        listener = socket.create_server(("0.0.0.0" if options.lan else "127.0.0.1", port))
    except (OSError, OverflowError):
        raise OSError(errno.EADDRINUSE, BUSY.format(port=port)) from None
    await store.change("port", str(listener.getsockname()[1]))
    hosts = frozenset(name.lower() for name in options.host) | (
        names_of_this_machine() if options.lan else set()
    )
    return room, ByCode(room), Served(hosts=frozenset(hosts), lan=options.lan), listener


def tell(room: Room, port: int, options: argparse.Namespace) -> None:
    """Print where the room is, and its code."""
    lines = ["", "The room is open. Learners join on the landing page, or with lesson.join, by"]
    lines += [f"  address   {each}" for each in addresses(port, options.lan)]
    lines += [f"  code      {room.code}", ""]
    lines += ["Your own page, which shows the class. Show this address to nobody:"]
    lines += [f"  http://127.0.0.1:{port}/teacher#{room.secret}", ""]
    if not options.lan:
        lines += ["Only this machine is served. For other machines of this network, start it with --lan."]
    lines += ["Ctrl-C ends it. Started again, it goes on with the same code."]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


async def serve(options: argparse.Namespace) -> None:
    """Serve the room until somebody ends it."""
    async with Store(options.folder) as store:
        room, provider, served, listener = await listening(options, store)
        runner = web.AppRunner(application(room, provider, served), access_log=None, shutdown_timeout=1)
        await runner.setup()
        try:
            await web.SockSite(runner, listener).start()
            if options.hub:
                sys.stdout.write("The room is open, as a service of the hub.\n")
            else:
                tell(room, listener.getsockname()[1], options)
            over = asyncio.Event()
            for each in (signal.SIGINT, signal.SIGTERM):
                with suppress(NotImplementedError):  # Windows ends it by KeyboardInterrupt
                    asyncio.get_running_loop().add_signal_handler(each, over.set)
            await over.wait()
        finally:
            await runner.cleanup()


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line asks for; return the exit status."""
    options = read_arguments(arguments)
    logging.basicConfig(level=logging.WARNING)
    try:
        options.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with filelock.FileLock(options.folder / "served.lock", timeout=0):
            asyncio.run(serve(options))
    except filelock.Timeout:
        sys.stderr.write(SERVED + "\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"The room cannot be opened. {error.strerror or error}\n")
        return 1
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())

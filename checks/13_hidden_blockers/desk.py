"""The desk where carts are priced: a banner, a name server, a program for labels, an archive, a bit slow."""

import json
import logging
import random
import re
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp

from kettle.layers import Patches
from kettle.probes.engines.where import count_as_instrument
from kettle.processes import owned
from kettle.shop.handle import Shop

count_as_instrument(__file__)  # it stands in for what is slow elsewhere

NAMES, LABEL, ARCHIVE = "names", "label", "archive"
SECONDS = {NAMES: 0.06, LABEL: 0.02, ARCHIVE: 0.03}
"""How long the name server, the program for labels and the archive take, unless told otherwise."""

Wait = Callable[[], Any]

# It sleeps; where it is watched, it waits until a file has grown by three bytes and others of it have begun,
# and leaves a note where its patience ends.
_PROGRAM = """
import os, sys, time
total, seconds, watched, folder, together, patience = sys.argv[1:]
time.sleep(float(seconds))
if watched:
    sys.excepthook = lambda *_: None  # the desk has gone, and nobody waits for the label
    def begun():
        return len([name for name in os.listdir(folder) if name.startswith("begun")])
    def note(name):
        open(os.path.join(folder, name), "w").close()
    note("begun-" + str(os.getpid()))
    first, ends = os.stat(watched).st_size, time.monotonic() + float(patience)
    while os.stat(watched).st_size < first + 3 and "vain" not in os.listdir(folder):
        if time.monotonic() > ends:
            note("vain")
        time.sleep(0.001)
    while begun() < int(together) and not {"vain", "alone"} & set(os.listdir(folder)):
        if time.monotonic() > ends:
            note("alone")
        time.sleep(0.001)
if int(total) < 0:
    sys.exit("a label needs a total of 0 or more")
sys.stdout.buffer.write(("KC-" + total + "-" + str(sum(map(int, total)) % 10) + "\\n").encode())
"""

# The same label from a program that starts in a tenth of the time: a check makes dozens of them.
_AT_ONCE = """
case $0 in -*) echo "a label needs a total of 0 or more" >&2; exit 1;; esac
rest=$0 sum=0
while [ "$rest" ]; do
    sum=$((sum + ${rest%"${rest#?}"})) rest=${rest#?}
done
echo "KC-$0-$((sum % 10))"
"""
_SHELL = ("/bin/sh", "-e", "-u", "-c", _AT_ONCE) if Path("/bin/sh").exists() else ()


@dataclass(frozen=True)
class Watched:
    """What programs for labels wait for: a file that grows; others of them, so many in all; how long.

    folder: where they leave notes: "vain" if the file did not grow, "alone" if the others did not come.
    """

    grows: Path
    folder: Path
    together: int = 1
    patience: float = 2.0


@dataclass(frozen=True)
class Desk:
    """What a cart is priced with.

    banner: the file with the sentence of the day. courier: the name of the courier's host, which the practice
    name server knows. archive: the handler that writes the log which has to be kept.
    """

    banner: str
    courier: str
    archive: "Archive"
    _api: aiohttp.ClientSession
    _address: str
    _command: tuple[str, ...]

    async def ask(self, host: str) -> dict:
        """Ask the courier for a quote, at a host's name or its address."""
        async with self._api.get(self._address.format(host=host)) as response:
            response.raise_for_status()
            return await response.json()

    def label(self, total: int) -> list[str]:
        """Return the command that makes a label."""
        return [*self._command[:5], str(total), *self._command[5:]]


class Archive(logging.FileHandler):
    """A log on a far drive: a line is written when the drive has confirmed it."""

    def __init__(self, path: Path, confirm: Wait) -> None:
        super().__init__(path, encoding="utf-8")
        self._path, self.confirm = path, confirm

    def emit(self, record: logging.LogRecord) -> None:
        """Wait for the drive; then the line is written."""
        self.confirm()
        super().emit(record)

    @property
    def lines(self) -> list[str]:
        """What has been written so far."""
        return self._path.read_text(encoding="utf-8").splitlines()


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _sleep(seconds: float) -> None:
    time.sleep(seconds)  # by its module's name, so that an instrument can take its place


@asynccontextmanager
async def open_desk(
    shop: Shop,
    *,
    seconds: dict[str, float] | None = None,
    waits: dict[str, Wait] | None = None,
    watched: Watched | None = None,
) -> AsyncIterator[Desk]:
    """Open a desk, with files and a name of its own.

    Args:
        shop: where the courier's quotes come from.
        seconds: how long NAMES, LABEL and ARCHIVE take; SECONDS, where left out.
        waits: of NAMES and ARCHIVE, what is called instead of a sleep.
        watched: what programs for labels wait for besides.
    """
    takes = SECONDS | (seconds or {})
    waits = {name: partial(_sleep, takes[name]) for name in (NAMES, ARCHIVE)} | (waits or {})
    port = int(shop.url.rpartition(":")[2])
    with tempfile.TemporaryDirectory(prefix=owned("kettle-desk-"), ignore_cleanup_errors=True) as name:
        banner, host = Path(name, "banner.txt"), f"courier-{random.randrange(10**9)}.kettle"
        _write(banner, "Free scones with every order of tea until Friday.\n")
        archive = Archive(Path(name, "audit.log"), waits[ARCHIVE])
        w = watched
        more = (w.grows, w.folder, w.together, w.patience) if w else ("", "", 1, 0)
        command = (sys.executable, "-I", "-S", "-c", _PROGRAM, *map(str, (takes[LABEL], *more)))
        if _SHELL and not (takes[LABEL] or watched):
            command = _SHELL
        connector = aiohttp.TCPConnector(resolver=aiohttp.ThreadedResolver())
        _KNOWN[host] = waits[NAMES]
        _SERVER.open()
        try:
            async with aiohttp.ClientSession(connector=connector) as api:
                path = f"http://{{host}}:{port}/couriers/3/quote?postcode=KT1"
                yield Desk(str(banner), host, archive, api, path, command)
        finally:
            archive.close()
            _SERVER.close()
            _KNOWN.pop(host)


def wholesale(number: int, seed: int = 13) -> list[str]:
    """Return the lines of a large cart, as JSON: about 400 bytes each."""
    chance = random.Random(seed)
    names = [f"Tea {letter}{more}" for letter in "ABCDEFGH" for more in range(9)]
    return [
        json.dumps(
            {"sku": f"TEA-{at % 999}", "pence": chance.randrange(90, 900), "number": chance.randrange(1, 9)}
            | {"name": chance.choice(names), "origin": [chance.randrange(99) for _ in range(24)]}
            | {f"note_{at}": chance.randrange(10**6) for at in range(12)}
        )
        for at in range(number)
    ]


# --- the practice name server: it answers for names that end in .kettle, and nobody else's

_KNOWN: dict[str, Wait] = {}
_HERE = "127.0.0.1"


def _answering(original: Callable) -> Callable:
    def look_up(host: Any, *args: Any, **kwargs: Any) -> Any:
        known = host.decode() if isinstance(host, bytes) else host
        wait = _KNOWN.get(known) if isinstance(known, str) else None
        if wait is not None:
            wait()
            return original(_HERE, *args, **kwargs)
        if isinstance(known, str) and re.search(r"\.kettle$", known):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return original(host, *args, **kwargs)

    look_up.__name__ = look_up.__qualname__ = original.__name__
    return look_up


def _install(patches: Patches) -> None:
    for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex"):
        patches.put(socket, name, _answering, under=True)  # who watches look-ups sees these, too


_SERVER = Patches(_install)  # in place while any desk is open


def start_name_server() -> Callable[[], None]:
    """Answer for names that end in .kettle from now on, not only while a desk is open; return what stops it.

    Code that keeps a function of `socket`, as by `from socket import getaddrinfo`, then keeps one that knows
    these names.
    """
    _SERVER.open()
    return _SERVER.close

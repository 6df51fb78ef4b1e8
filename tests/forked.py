"""Notebooks judged several at once, each by a pytest of its own with a kernel that is forked.

    python tests/forked.py [--at-once 8] [--full 3] [--kernelless 20] --out FOLDER NOTEBOOK ...

A kernel that starts afresh spends most of its start on imports, and most of a verdict is waiting. So one
process imports what the notebooks and their checks import, and forks a judge for each notebook; a judge
forks its kernel and then does what `pytest --nbval-lax NOTEBOOK` does. In FOLDER it leaves, for the first
notebook, its verdict (`0.verdict`), what pytest printed (`0.out`) and pytest's exit code (`0.code`), and so
on. On systems other than Linux, where forking is not safe, one pytest after another is started as usual.
"""

import argparse
import ast
import contextlib
import ctypes
import gc
import importlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from pathlib import Path

import psutil
from _pytest.config import default_plugins

# Eight keep two cores busy; where pytest-xdist runs several files at once, they share these.
AT_ONCE = max(2, 8 // int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))
MORE = 3  # times as many, where judges wait for what never comes, and leave the processor to others
BUSY = 75  # percent of all cores
LOOK = 0.5  # seconds between two looks at how busy the machine is
END_WITH_PARENT = 1  # PR_SET_PDEATHSIG of prctl
LIMIT = 300  # seconds for one notebook; its cells and checks have shorter limits of their own
PLUGINS = ("kettle.checking.runner.plugin", "nbval.plugin")  # of pytest
UNUSED = ("faulthandler", "unraisableexception")  # of pytest's own plugins
IMPORTED = (
    *(f"_pytest.{name}" for name in default_plugins if name not in UNUSED),  # else each judge imports them
    *PLUGINS,
    "ipykernel.kernelapp",
    "kettle.lesson",
    "kettle.checking.runner.judge",
    "kettle.shop.server",
)
OWN = os.environ.get("KETTLE_DATABASE_URL")  # of whoever runs the tests
AHEAD = {"shop": "kettle.shop.server", "database": "kettle.database.supervisor"}
FIT = (
    "kettle.checking",
    "kettle.lessons",
    "kettle.probes",
    "kettle.shop",
)  # rooms of kettle that do nothing when imported


@dataclass(frozen=True)
class Job:
    """One notebook to be judged, or in full to be run only; `out` begins the names of the files it leaves."""

    notebook: Path
    out: str
    full: bool
    kernelless: bool = False

    @property
    def arguments(self) -> list[str]:
        """The arguments of pytest."""
        mode = (
            ["--kettle-full"]
            if self.full
            else ["--kettle-no-interest", f"--kettle-verdicts={self.out}.verdict"]
        )
        unused = [f"-pno:{name}" for name in ("cacheprovider", *UNUSED)]
        quiet = ["-q", *unused, "--noconftest", f"--rootdir={self.notebook.parent}"]
        return ["--nbval-lax", str(self.notebook), *quiet, *mode]

    def say_code(self, code: int, started: float) -> None:
        """Leave pytest's exit code, and the seconds since a moment of the monotonic clock."""
        Path(f"{self.out}.code").write_text(f"{int(code)} {time.monotonic() - started}", encoding="utf-8")


def judge_in_turn(jobs: list[Job]) -> None:
    """Judge each notebook by a pytest that is started afresh."""
    for job in jobs:
        started = time.monotonic()
        command = [sys.executable, "-m", "pytest", *(f"-p{name}" for name in PLUGINS), *job.arguments]
        with Path(f"{job.out}.out").open("w", encoding="utf-8") as out:
            done = subprocess.run(command, stdout=out, stderr=out, cwd=job.notebook.parent, check=False)
        job.say_code(done.returncode, started)


def judge_at_once(jobs: list[Job], at_once: int) -> None:
    """Judge notebooks by forked processes, some at once."""
    from kettle.checking.runner.libraries import ALONG

    found = imports([job.notebook for job in jobs])
    fit = sorted(name for name in found if not name.startswith("kettle") or name.startswith(FIT))
    stores = ["kettle.database.database"] * ("kettle.database" in found)
    along = [more for name in fit for more in ALONG.get(name, ())]
    for name in (*IMPORTED, *fit, *along, *stores):
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    from kettle.checking.runner.plugin import prepare_schema

    prepare_schema()
    if stores:
        from sqlalchemy.orm import configure_mappers

        configure_mappers()
    gc.collect()
    gc.freeze()  # no child looks through, and so copies, what it shares with this process
    # Notebooks in full mostly wait, and long: they come first, and beside what is judged.
    waiting = sorted(jobs, key=lambda job: not job.full)
    whole, judges, looked = set(), set(), time.monotonic()
    psutil.cpu_percent()  # tells of the time since it was asked last
    shared = "kettle.database" in found and not all(job.full for job in jobs)
    with one_database() if shared else contextlib.nullcontext():
        while whole or judges or waiting:
            room = len(judges) < at_once or (waiting and waiting[0].full)
            if not room and len(judges) < MORE * at_once and time.monotonic() - looked > LOOK:
                room, looked = psutil.cpu_percent() < BUSY, time.monotonic()
            if waiting and room:
                job = waiting.pop(0)
                (whole if job.full else judges).add(os.fork() or _judge(job))
            elif ended := os.waitpid(-1, os.WNOHANG)[0]:
                judges.discard(ended)
                whole.discard(ended)
            else:
                time.sleep(0.02)


@contextlib.contextmanager
def one_database() -> Iterator[None]:
    """Have one PostgreSQL for all kernels, in schemas of their own: its start costs as much as a verdict."""
    from kettle.database.folder import NoServer
    from kettle.database.server import Server

    server = Server()
    try:
        with contextlib.suppress(NoServer):
            server.start()
            login = f"postgres:{server.password}"
            place = server.address
            place = (
                f"@/postgres?host={server.folder}"
                if isinstance(place, str)
                else "@{}:{}/postgres".format(*place)
            )
            os.environ["KETTLE_DATABASE_URL"] = f"postgresql://{login}{place}"
        yield
    finally:
        server.stop()


def imports(notebooks: Iterable[Path]) -> set[str]:
    """Return the modules that the notebooks and their checks import."""
    from kettle.checking import find_checks

    texts = []
    for notebook in notebooks:
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        texts += ["".join(c["source"]) for c in cells if c["cell_type"] == "code"]
    files = (path for folder in {find_checks(n) for n in notebooks} for path in folder.glob("*.py"))
    texts += [path.read_text(encoding="utf-8") for path in files if not path.name.startswith("test_")]
    found = set()
    for text in texts:
        with contextlib.suppress(SyntaxError):  # a magic, or what an answer gets wrong on purpose
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.Import):
                    found.update(alias.name for alias in node.names)
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    found.add(node.module)
    return found


class Forked(psutil.Process):
    """A forked child, with what its users ask a Popen for."""

    stdin = stdout = stderr = returncode = None

    def poll(self) -> int | None:
        """Return None while it runs, else 0, whatever it ended with."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it has ended."""
        try:
            super().wait(timeout)
        except psutil.TimeoutExpired:
            raise subprocess.TimeoutExpired("a forked process", timeout) from None
        self.returncode = 0
        return 0

    def send_signal(self, sig: int) -> None:
        """Send a signal, as Popen does: one that has ended needs none."""
        with contextlib.suppress(psutil.NoSuchProcess):
            super().send_signal(sig)


class WaitingKernel(Forked):
    """A process that becomes a kernel when it is told how.

    Args:
        servers: what it has ready, too: "shop", "database".
    """

    def __init__(self, servers: list[str]) -> None:
        told, self._tell = os.pipe()
        pid = os.fork()
        if not pid:
            os.close(self._tell)
            _be_kernel(told, servers)
        os.close(told)
        super().__init__(pid)

    def start(self, argv: list[str], cwd: str, env: dict[str, str]) -> None:
        """Let it become a kernel."""
        with os.fdopen(self._tell, "w") as tell:
            json.dump({"argv": argv, "cwd": cwd, "env": env}, tell)


def _end_with_parent() -> None:
    """Let the kernel end this process when its parent ends, however that ends; only Linux can."""
    ctypes.CDLL(None).prctl(END_WITH_PARENT, signal.SIGKILL)


def _judge(job: Job) -> None:
    """Be the process that judges one notebook."""
    started = time.monotonic()
    try:
        _end_with_parent()
        signal.alarm(LIMIT)
        out = os.open(f"{job.out}.out", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(out, 1)
        os.dup2(out, 2)
        os.chdir(job.notebook.parent)
        if job.kernelless:
            _judge_here(job, started)
            return
        if job.full and OWN is None:  # as a learner runs it, it starts a database of its own
            os.environ.pop("KETTLE_DATABASE_URL", None)
        _fork_the_kernel(job.notebook)
        import pytest

        plugins = [importlib.import_module(name) for name in PLUGINS]  # by name, each would be looked up
        job.say_code(pytest.main(job.arguments, plugins), started)
    finally:
        sys.stdout.flush()
        os._exit(0)


def _judge_here(job: Job, started: float) -> None:
    """Judge one notebook in this very process; whatever goes wrong, there is then no verdict."""
    import kernelless

    from kettle.processes.family import end_family

    os.setsid()
    for name in _servers(job.notebook):
        _fork_ahead(AHEAD[name])
    try:
        kernelless.write_verdict(job.notebook, Path(f"{job.out}.verdict"))
        job.say_code(0, started)
    finally:
        for child in psutil.Process().children():
            end_family(child)


def _servers(notebook: Path) -> list[str]:
    """Return which servers the checks of a notebook need."""
    from kettle.checking.checks import find_checks, kind_of, words_of

    checks = find_checks(notebook)
    needs = words_of(checks).of(kind_of(notebook)).needs if checks.exists() else {}
    return [name for name in AHEAD if name in needs]


def _fork_the_kernel(notebook: Path) -> None:
    """Fork a kernel for this process, before it has threads, and let jupyter_client use it."""
    from jupyter_client.provisioning import KernelProvisionerFactory, LocalProvisioner

    waiting = [WaitingKernel(_servers(notebook))]

    class Provisioner(LocalProvisioner):
        async def launch_kernel(self, cmd: list[str], *, cwd: str, env: dict, **others: object) -> dict:
            if not waiting:  # the first one stayed silent: start another as usual
                return await super().launch_kernel(cmd, cwd=cwd, env=env, **others)
            self.process = waiting.pop()
            self.process.start(cmd[cmd.index("ipykernel_launcher") :], cwd, env)
            self.pid = self.pgid = self.process.pid
            return self.connection_info

    class Found(EntryPoint):
        def load(self) -> type:
            return Provisioner

    factory = KernelProvisionerFactory.instance()
    factory.default_provisioner_name = "forked"
    factory.provisioners["forked"] = Found("forked", "forked", factory.GROUP_NAME)


def _be_kernel(told: int, servers: list[str]) -> None:
    """Wait to be told, then be a kernel; end where whoever would tell has ended."""
    try:
        _end_with_parent()
        with os.fdopen(told) as line:
            text = line.read()
        if not text:
            os._exit(0)
        how = json.loads(text)
        signal.alarm(0)
        os.setsid()
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(nowhere, stream)
        os.environ.clear()
        os.environ.update(how["env"], JPY_PARENT_PID=str(os.getppid()))
        os.chdir(how["cwd"])
        for name in servers:
            _fork_ahead(AHEAD[name])
        sys.argv = how["argv"]
        from ipykernel.kernelapp import launch_new_instance

        launch_new_instance()
    finally:
        os._exit(0)


def _fork_ahead(module: str) -> None:
    """Fork the first child of a kind; what it leaves in a server goes with that."""
    from kettle.processes import child

    main = importlib.import_module(module).main
    ready, start = [_fork_a_child(main, module, str(os.getpid()))], child.start
    child.start = lambda *how: ready.pop() if ready and how[0] == module else start(*how)


def _fork_a_child(main: Callable[[], None], *arguments: str) -> Forked:
    """Fork a process that is spoken to by pipes, before this one has threads."""
    (asked, ask), (answers, answer) = os.pipe(), os.pipe()
    pid = os.fork()
    if not pid:
        os.setsid()
        os.dup2(asked, 0)
        os.dup2(answer, 1)
        os.closerange(3, answer + 1)
        sys.argv = [*arguments]
        try:
            main()
        finally:
            os._exit(0)
    os.close(asked)
    os.close(answer)
    forked = Forked(pid)
    forked.stdin, forked.stdout = os.fdopen(ask, "wb", 0), os.fdopen(answers, "rb", 0)
    return forked


def main() -> None:
    """Judge what is named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--at-once", type=int, default=AT_ONCE)
    full = "so many at the end: run every cell, demonstrations too; judge nothing"
    parser.add_argument("--full", type=int, default=0, help=full)
    without = "so many at the beginning: judge them without pytest and without a kernel; see kernelless.py"
    parser.add_argument("--kernelless", type=int, default=0, help=without)
    parser.add_argument("--out", type=Path, required=True, help="the folder for what is found")
    parser.add_argument("notebooks", nargs="+", type=Path)
    wanted = parser.parse_args()
    out = wanted.out.resolve()
    judged = len(wanted.notebooks) - wanted.full
    jobs = [
        Job(path.resolve(), str(out / str(n)), n >= judged, n < wanted.kernelless)
        for n, path in enumerate(wanted.notebooks)
    ]
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    if sys.platform != "linux":
        judge_in_turn(jobs)
        return
    os.environ.update(KETTLE_CERTIFYING="1", OPENBLAS_NUM_THREADS="1")  # as in a kernel that certifies
    if wanted.kernelless:
        import kernelless  # noqa: F401 (once for all judges)
    del sys.path[0]  # this script's folder, which is on no kernel's path
    judge_at_once(jobs, wanted.at_once)


if __name__ == "__main__":
    main()

"""pytest, with kernels that are forked from one process, which has imported what the lessons import.

    python tests/forked.py ARGUMENTS OF PYTEST

A kernel that starts afresh spends most of its start on imports, and the contract has one for each answer. On
systems other than Linux, where forking is not safe, kernels start as they always do.
"""

import contextlib
import importlib
import json
import os
import signal
import sys
from importlib.metadata import EntryPoint

import psutil
import pytest
from jupyter_client.provisioning import KernelProvisionerFactory, LocalProvisioner

IMPORTED = ["ipykernel.kernelapp", "kettle.lesson", "kettle.checking.judge", "aiohttp", "httpx", "requests"]
IMPORTED += ["numpy", "pandas", "django.db.models", "sqlalchemy.orm", "psycopg"]


class Nursery:
    """The process that forks kernels; it ends, and they with it, when this one ends."""

    def __init__(self) -> None:
        (asked, ask), (answers, answer) = os.pipe(), os.pipe()
        if not os.fork():
            os.close(ask)
            os.close(answers)
            _serve(asked, answer)
        os.close(asked)
        os.close(answer)
        self._ask, self._answers = os.fdopen(ask, "w", buffering=1), os.fdopen(answers)

    def fork(self, **kernel: object) -> "ForkedKernel":
        """Fork one kernel; `_be_kernel` says what it wants to know."""
        self._ask.write(json.dumps(kernel) + "\n")
        return ForkedKernel(int(self._answers.readline()))


class ForkedKernel(psutil.Process):
    """A kernel's process, with what jupyter_client asks a Popen for."""

    stdin = stdout = stderr = None

    def poll(self) -> int | None:
        """Return None while the kernel runs, else 0, whatever it ended with."""
        return None if self.is_running() else 0

    def send_signal(self, sig: int) -> None:
        """Send a signal, as Popen does: one that has ended needs none."""
        with contextlib.suppress(psutil.NoSuchProcess):
            super().send_signal(sig)


class ForkedProvisioner(LocalProvisioner):
    """Lets jupyter_client fork a kernel where it would start one."""

    async def launch_kernel(self, cmd: list[str], *, cwd: str, env: dict, **_: object) -> dict:
        """Fork a kernel; return where it will listen."""
        self.process = nursery.fork(argv=cmd[cmd.index("ipykernel_launcher") :], cwd=cwd, env=env)
        self.pid = self.pgid = self.process.pid
        return self.connection_info


def _serve(asked: int, answer: int) -> None:
    del sys.path[0]  # this script's folder, which is on no kernel's path
    for name in IMPORTED:
        importlib.import_module(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how a kernel ended
    for line in os.fdopen(asked):
        pid = os.fork()
        if not pid:
            os.close(asked)
            os.close(answer)
            _be_kernel(**json.loads(line))
        os.write(answer, f"{pid}\n".encode())
    os._exit(0)


def _be_kernel(argv: list[str], cwd: str, env: dict[str, str]) -> None:
    from ipykernel.kernelapp import launch_new_instance

    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nowhere, stream)
    os.environ.clear()
    os.environ.update(env, JPY_PARENT_PID=str(os.getppid()))
    os.chdir(cwd)
    sys.argv = argv
    try:
        launch_new_instance()
    finally:
        os._exit(0)


if __name__ == "__main__":
    os.environ.update(KETTLE_CERTIFYING="1", OPENBLAS_NUM_THREADS="1")  # as in a kernel that certifies
    if sys.platform == "linux":
        nursery = Nursery()
        factory = KernelProvisionerFactory.instance()
        factory.default_provisioner_name = "forked"
        factory.provisioners["forked"] = EntryPoint(
            "forked", "__main__:ForkedProvisioner", factory.GROUP_NAME
        )
    sys.exit(pytest.main(sys.argv[1:]))

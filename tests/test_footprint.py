"""A lesson with all that it starts: its memory, and that nothing of it outlives its notebook."""

import os
import sys
import time

import nbformat
import psutil
import pytest
from browser import copy_course
from jupyter_client.manager import start_new_kernel

LIMIT = 400_000_000  # bytes, of the kernel, its server, its database and its warm checker together


@pytest.mark.every
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells shared memory from one's own")
def test_a_lesson_fits_into_its_memory_and_leaves_nothing(tmp_path):
    folder = copy_course(tmp_path)
    path = folder / "notebooks" / "19_n_plus_one.ipynb"
    env = {**os.environ, "PYTHONPATH": str(folder), "JPY_SESSION_NAME": str(path)}
    env.pop("PYTEST_CURRENT_TEST", None)
    manager, client = start_new_kernel(kernel_name="python3", cwd=str(path.parent), env=env)
    try:
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "code":
                run(client, cell.source)
            if "lesson.predict(" in cell.source:
                run(client, "lesson.lock_in(**{asked.name: 1 for asked in lesson._asked})")
        kernel = psutil.Process(manager.provisioner.pid)
        family = settled(kernel)
        assert sum("kettle.checking.runner.warm" in " ".join(process.cmdline()) for process in family) == 1
        sizes = {" ".join(process.cmdline())[:90]: process.memory_full_info().pss for process in family}
    finally:
        client.stop_channels()
        manager.shutdown_kernel()
    assert sum(sizes.values()) < LIMIT, sizes
    _, left = psutil.wait_procs(family, timeout=20)
    assert not left


def run(client, code):
    """Run code in the kernel; fail as it fails."""
    errors = []

    def note(message):
        if message["msg_type"] == "error":
            errors.append(message["content"]["evalue"])

    client.execute_interactive(code, timeout=120, output_hook=note)
    assert not errors, (code, errors)


def settled(kernel):
    """Give the kernel and what it has started, when nothing has come or gone for a while."""
    family, since = [], time.monotonic()
    while time.monotonic() < since + 3:
        now = [kernel, *kernel.children(recursive=True)]
        if now != family:
            family, since = now, time.monotonic()
        time.sleep(0.1)
    return family

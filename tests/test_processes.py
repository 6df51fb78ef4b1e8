"""Nothing outlives its notebook: marks, the sweeper, and folders that a crash left behind."""

import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from scratch_course import make_course

from kettle.checking import Checker
from kettle.processes import folders
from kettle.processes.family import memory_of_family
from kettle.processes.marks import marked, runs
from kettle.processes.sweeper import CALM, LOOK, PAUSE

ROOT = Path(__file__).resolve().parents[1]
MARK = "KETTLE_TEST"  # in the environment of all that a test starts, daemons too
posix = pytest.mark.skipif(os.name != "posix", reason="kills with SIGKILL")
IN_TIME = 15.0  # seconds; on an idle machine it is done in 2


@pytest.fixture
def start(tmp_path):
    """Start code in a session of its own, as Jupyter starts a kernel; kill with SIGKILL what is left."""
    started, token = [], tmp_path.name
    files = tmp_path / "temporary"
    files.mkdir()

    def start(code):
        environment = {**os.environ, MARK: token, "TMPDIR": str(files), "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", textwrap.dedent(code)]
        started.append(
            subprocess.Popen(
                command, stdout=subprocess.PIPE, text=True, env=environment, start_new_session=True
            )
        )
        return started[-1]

    start.left = lambda: [process for process in marked(MARK, token) if runs(process)]
    start.files = lambda: list(files.iterdir())
    yield start
    for process in started:
        process.kill()
        process.wait()
    for process in start.left():
        with suppress(psutil.NoSuchProcess):
            process.kill()


def eventually(condition, patience=IN_TIME):
    end = time.monotonic() + patience
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return condition()


POOL = """
import os, time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from kettle.processes.owner import owner
owner().mark()
pools = [ProcessPoolExecutor(2, get_context(way)) for way in ("fork", "spawn")]
if __name__ == "__main__":
    print(*[list(pool.map(abs, range(4))) for pool in pools][0], flush=True)
    time.sleep(100)
"""


@posix
def test_workers_of_a_killed_kernel_end(start):
    kernel = start(POOL)
    assert kernel.stdout.readline()
    assert len(start.left()) >= 5  # two workers of each kind among them
    kernel.kill()
    kernel.wait()
    assert eventually(lambda: not start.left()), start.left()


@posix
def test_the_sockets_of_a_killed_kernels_pool_are_removed(start):
    with tempfile.TemporaryDirectory(prefix="kt-") as name:  # a socket's path has a limit
        kernel = start(
            f"""
            import os, tempfile, time
            from multiprocessing import get_context
            tempfile.tempdir = os.environ["TMPDIR"] = {name!r}
            from kettle.processes.owner import owner
            owner().mark()
            if __name__ == "__main__":
                get_context("forkserver").Process(target=time.sleep, args=(100,)).start()
                print("ready", flush=True)
                time.sleep(100)
            """
        )
        assert kernel.stdout.readline()
        assert any(each.is_socket() for each in Path(name).rglob("*"))
        kernel.kill()
        kernel.wait()
        assert eventually(lambda: not [*Path(name).iterdir()]), [*Path(name).iterdir()]


@posix
def test_only_the_courses_temporary_files_go_with_a_kernel(start):
    kernel = start(
        """
        import tempfile, time
        from kettle.processes import temporary_folder
        from kettle.processes.owner import owner
        owner().mark()
        folder = temporary_folder()
        open(folder.name + "/of a cell", "w").close()
        print(folder.name, tempfile.mkdtemp(), tempfile.mkstemp()[1], sep="|", flush=True)
        time.sleep(100)
        """
    )
    courses, *learners = map(Path, kernel.stdout.readline().strip().split("|"))
    assert set(start.files()) >= {courses, *learners}
    kernel.kill()
    kernel.wait()
    assert eventually(lambda: not set(start.files()) - set(learners)), start.files()
    assert eventually(lambda: not start.left())
    assert set(start.files()) == set(learners)


@posix
def test_what_left_the_session_of_a_killed_kernel_ends_by_its_mark(start):
    kernel = start(
        """
        import subprocess, time
        from kettle.processes.owner import owner
        owner().mark()
        daemon = subprocess.Popen(["sleep", "100"], start_new_session=True)
        print("ready", flush=True)
        time.sleep(100)
        """
    )
    assert kernel.stdout.readline()
    kernel.kill()
    kernel.wait()
    assert eventually(lambda: not start.left()), start.left()


@posix
def test_a_process_that_leads_no_session_takes_nobody_else_along(start):
    shell = start(
        """
        import subprocess, sys, time
        code = "import time; from kettle.processes.owner import owner; owner(); time.sleep(100)"
        other = subprocess.Popen(["sleep", "100"])
        asker = subprocess.Popen([sys.executable, "-c", code])
        print(other.pid, asker.pid, flush=True)
        time.sleep(100)
        """
    )
    other, asker = map(int, shell.stdout.readline().split())
    assert eventually(lambda: len(start.left()) == 4)
    psutil.Process(asker).kill()
    assert eventually(lambda: len(start.left()) == 2)  # the sweeper has done its work
    assert psutil.Process(other).status() != "zombie"


@posix
@pytest.mark.parametrize("delay", [0.0, 0.1, 0.4])
def test_a_checking_process_that_is_only_starting_ends_with_its_asker(start, tmp_path, delay):
    asker = start(
        f"""
        import time
        from kettle.checking import Checker
        checker = Checker({str(make_course(tmp_path))!r})
        checker.warm_up()
        print("started", flush=True)
        time.sleep(100)
        """
    )
    assert asker.stdout.readline()
    time.sleep(delay)
    asker.kill()
    asker.wait()
    assert eventually(lambda: not start.left() and not start.files()), (start.left(), start.files())


@posix
def test_a_checking_process_whose_asker_was_gone_before_it_looked_ends(tmp_path):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    command = [sys.executable, "-m", "kettle.checking.runner.warm", str(make_course(tmp_path)), str(gone.pid)]
    # its standard input stays open, as where a forked child of the asker still holds it
    warm = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, cwd=ROOT)
    try:
        warm.wait(60)
    finally:
        warm.kill()
        warm.stdin.close()


DAEMON = """
import os
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        with open({note!r}, "w") as note:
            note.write(str(os.getpid()))
        time.sleep(100)
    os._exit(0)
while not os.path.exists({note!r}):
    time.sleep(0.01)
"""


@posix
def test_a_daemon_that_a_check_starts_ends_with_it(tmp_path):
    note = tmp_path / "pid"
    checker = Checker(make_course(tmp_path, after=DAEMON.format(note=str(note))))
    try:
        assert checker.check().solved
    finally:
        checker.close()
    daemon = int(note.read_text())
    ended = eventually(lambda: not psutil.pid_exists(daemon) or psutil.Process(daemon).status() == "zombie")
    if not ended:
        os.kill(daemon, signal.SIGKILL)
    assert ended


def test_folders_that_nobody_claims_any_more_are_removed(tmp_path, monkeypatch):
    monkeypatch.setattr(folders, "rooms", lambda: [tmp_path])
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    code = "import os; from kettle.processes.folders import Claimed; a = Claimed('kettle-gone-'); os._exit(0)"
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, cwd=ROOT)
    for name in ("kettle-being-made", "somebody-elses"):
        (tmp_path / name).mkdir()
    mine = folders.Claimed("kettle-mine-")
    assert len(list(tmp_path.glob("kettle-*"))) == 3
    folders.remove_stale_folders()
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {Path(mine.name).name, "kettle-being-made", "somebody-elses"}
    mine.cleanup()
    assert not Path(mine.name).exists()


@posix
def test_the_sweeper_stays_small_and_looks_long_enough(start):
    code = "from kettle.processes.owner import owner\nprint(owner().sweeper.pid, flush=True)\n"
    kernel = start(f"{code}import time\ntime.sleep(100)")
    sweeper = psutil.Process(int(kernel.stdout.readline()))
    time.sleep(1)
    memory = sweeper.memory_full_info()
    assert getattr(memory, "pss", memory.uss) < 10e6
    assert LOOK + CALM * PAUSE < 5


@posix
def test_the_memory_of_workers_counts_and_shared_memory_counts_once(start):
    owner = start(
        """
        import os, time
        shared = bytearray(os.urandom(60_000_000))
        for _ in range(3):
            if os.fork() == 0:
                own = bytearray(os.urandom(30_000_000))
                print("ready", flush=True)
                time.sleep(100)
        time.sleep(100)
        """
    )
    for _ in range(3):
        assert owner.stdout.readline()
    exact = memory_of_family(owner.pid, enough=0)
    assert exact > 140e6
    if sys.platform == "linux":
        assert exact < 210e6
    assert memory_of_family(owner.pid, enough=10**12) >= exact


@posix
def test_tests_that_interrupt_pass_where_interrupts_are_ignored():
    test = "tests/test_shop.py::test_an_interrupt_of_the_whole_group_leaves_the_server_alone"
    command = ["sh", "-c", 'trap "" INT; exec "$@"', "sh", sys.executable, "-m", "pytest", "-q", test]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert "1 passed" in done.stdout, done.stdout

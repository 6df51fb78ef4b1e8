"""The checker, through its two doors: the warm process and `pytest --nbval-lax`."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from queue import Empty

import nbformat
import psutil
import pytest
from contract import run_forked
from nbformat.v4 import new_code_cell
from scratch_course import FIX, make_course

from kettle.checking import Checker, Undecided
from kettle.checking.checks import Check
from kettle.checking.runner import kernel, nbval_adapter
from kettle.checking.runner.judge import judge
from kettle.checking.runner.libraries import libraries_of
from kettle.checking.runner.process import CheckingProcess
from kettle.probes.engines.own_thread import OwnThread

ROOT = Path(__file__).resolve().parents[1]
DOUBLE = "def double(n):\n    return 2 * n\n\n\n"
FAIL = "async def fail():\n    raise ValueError('lost')\n\n\n"
WAIT = "\n\n\nasync def wait():\n    pass"


@pytest.fixture
def check():
    def run(notebook):
        with contextlib.closing(Checker(notebook)) as checker:  # at once: it starts the next process already
            return checker.check()

    return run


def terminal(notebook, *options, flags=()):
    """Check a notebook as a learner would in a terminal."""
    command = [
        sys.executable,
        *flags,
        "-m",
        "pytest",
        "--nbval-lax",
        str(notebook),
        "-p",
        "kettle.checking.runner.plugin",
        *options,
    ]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=ROOT, check=False)


def test_a_right_answer_is_right_with_evidence_and_interest(tmp_path, check):
    verdict = check(make_course(tmp_path))
    assert verdict.solved, verdict
    assert [f.title for f in verdict.findings] == ["It doubles a number", "It waits"]
    assert "became" in verdict.findings[0].message


def test_the_verdict_does_not_wait_for_what_is_told_for_interest(tmp_path):
    notebook = make_course(tmp_path)
    checks = tmp_path / "checks" / "50_scratch" / "lesson.py"
    slow = 'import time\n    time.sleep(2)\n    return "It was quick."'
    checks.write_text(checks.read_text().replace('return "It was quick."', slow))
    told, came = [], threading.Event()
    with contextlib.closing(Checker(notebook)) as checker:
        checker.warm_up()
        assert checker.wait_settled(60)
        verdict = checker.check(on_note=lambda verdict: (told.append(verdict), came.set()))
        assert verdict.solved
        assert verdict.notes == ()
        assert not came.is_set()
        assert came.wait(30)
        assert [each.notes for each in told] == [("It was quick.",)]
        assert told[0].findings == verdict.findings
        assert checker.wait_settled(60)
        assert checker.check().solved  # the next process came after the measurement
    assert len(told) == 1


@pytest.mark.every
@pytest.mark.parametrize("line", ["import os\n    os._exit(1)", "raise AssertionError('no')", "1 / 0"])
def test_what_goes_wrong_in_a_measurement_for_interest_changes_no_verdict(tmp_path, check, line):
    notebook = make_course(tmp_path)
    checks = tmp_path / "checks" / "50_scratch" / "lesson.py"
    checks.write_text(checks.read_text().replace('return "It was quick."', line))
    assert check(notebook).solved
    done = terminal(notebook)
    assert done.returncode == 0, done.stdout
    assert "Right. " in done.stdout


def test_the_terminal_gives_the_same_verdict(tmp_path, check):
    right, wrong = (
        make_course(tmp_path / "right"),
        make_course(tmp_path / "wrong", "def double(n):\n    return n" + WAIT),
    )
    for notebook, code in ((right, 0), (wrong, 1)):
        done = terminal(notebook)
        verdict = check(notebook)
        assert done.returncode == code, done.stdout
        assert f"{verdict.heading}. " in done.stdout
        sentence = verdict.message.partition("became")[0].partition("double(")[0]
        assert sentence in done.stdout
        for source in ("rng.randrange", "assert ", "Traceback"):
            assert source not in done.stdout


STARTERS = ("notebooks/14_one_await_at_a_time.ipynb", "notebooks/19_n_plus_one.ipynb")


@pytest.mark.parametrize("notebook", STARTERS)
def test_a_starter_is_not_right_where_assertions_are_switched_off(monkeypatch, check, notebook):
    monkeypatch.setenv("PYTHONOPTIMIZE", "1")
    assert check(ROOT / notebook).outcome == "not yet"


@pytest.mark.parametrize("switch", ["PYTHONOPTIMIZE", pytest.param("-O", marks=pytest.mark.every)])
def test_the_terminal_does_not_need_assertions(tmp_path, monkeypatch, switch):
    notebook = make_course(tmp_path, "def double(n):\n    return n" + WAIT)
    flags = ()
    if switch == "-O":
        flags = (switch,)
    else:
        monkeypatch.setenv(switch, "2")
    done = terminal(notebook, flags=flags)
    assert done.returncode == 1, done.stdout
    assert "Not yet. double(" in done.stdout


def test_a_kernel_without_assertions_gives_no_verdict(tmp_path, monkeypatch):
    spec = tmp_path / "jupyter" / "kernels" / "optimised" / "kernel.json"
    spec.parent.mkdir(parents=True)
    argv = [sys.executable, "-O", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec.write_text(json.dumps({"argv": argv, "display_name": "Optimised", "language": "python"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    done = terminal(make_course(tmp_path), "--nbval-kernel-name=optimised")
    assert done.returncode == 1, done.stdout
    assert "No verdict. The kernel that checks your notebook runs Python with assertions" in done.stdout


def test_one_assertion_selected_alone_runs_the_cells_before_it(tmp_path):
    notebook = make_course(tmp_path)
    done = terminal(f"{notebook}::doubles")
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


def test_a_full_run_runs_the_demonstrations_too(tmp_path):
    done = terminal(make_course(tmp_path), "--kettle-full")
    assert done.returncode == 1
    assert "a demo is left out" in done.stdout


def test_a_fix_may_use_what_a_cell_above_it_imported_to_show_something(tmp_path, check):
    path = make_course(tmp_path, "def double(n):\n    return mul(2, n)" + WAIT)
    notebook = nbformat.read(path, as_version=4)
    shown = new_code_cell("from operator import mul\n\nraise LookupError(mul)", metadata={"tags": ["demo"]})
    notebook.cells.insert(1, shown)
    nbformat.write(notebook, path)
    assert check(path).solved


def test_a_full_run_asks_for_the_measures_of_the_fact_check(tmp_path):
    path = make_course(tmp_path)
    notebook = nbformat.read(path, as_version=4)
    votes = (
        "class Lesson:\n    claims = print\n\n    async def measures(self):\n        return 1 / zero\n\n\n"
        "lesson, zero = Lesson(), {}\nlesson.claims()"
    )
    notebook.cells = [new_code_cell(votes.format(1))]
    nbformat.write(notebook, path)
    assert terminal(path, "--kettle-full").returncode == 0
    notebook.cells = [new_code_cell(votes.format(0))]
    nbformat.write(notebook, path)
    done = terminal(path, "--kettle-full")
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stdout


def test_a_right_answer_is_told_what_is_gone(tmp_path, check):
    path = make_course(tmp_path)
    words = tmp_path / "checks" / "50_scratch" / "words.toml"
    words.write_text(words.read_text().replace('gone = ""', 'gone = "The sign that was wrong is gone."'))
    verdict = check(path)
    assert verdict.message == "The sign that was wrong is gone."
    assert "became" in verdict.findings[0].message
    assert "Right. The sign that was wrong is gone." in terminal(path).stdout


HOSTILE = {
    "wrong answer": ("def double(n):\n    return 3" + WAIT, "not yet", "Which sign is it?"),
    "syntax error": ("def double(n)\n    return 2 * n", "broken", "SyntaxError"),
    "NameError in the cell": (
        "double = treble",
        "broken",
        (
            "NameError: name 'treble' is not defined\n  in line 1 of the cell: double = treble\n"
            "The cell with your fix raised NameError. A check runs the notebook from its first cell"
        ),
    ),
    "NameError": (
        "def double(n):\n    return 2 * m" + WAIT,
        "not yet",
        (
            "NameError: name 'm' is not defined\n  in double(), line 2 of the cell: return 2 * m\n"
            "Expected a result; your code raised NameError. A check runs the notebook from its first cell"
        ),
    ),
    "a group of one": (
        DOUBLE + FAIL + "async def wait():\n    async with asyncio.TaskGroup() as group:\n"
        "        group.create_task(fail())",
        "not yet",
        (
            "ValueError: lost\n  in fail(), line 6 of the cell: raise ValueError('lost')\n"
            "Expected a result; your code raised ValueError."
        ),
    ),
    "a task thrown away": (
        DOUBLE
        + "async def wait():\n    asyncio.ensure_future(asyncio.Event().wait())\n    await asyncio.sleep(0)",
        "not yet",
        "A task was still waiting when nothing could wake it any more.",
    ),
    "unfinished": ("def double(n):\n    raise NotImplementedError" + WAIT, "not yet", "NotImplementedError"),
    "renamed": ("def twice(n):\n    return 2 * n", "not yet", "defines nothing called `double`"),
    "endless loop in the cell": ("while True:\n    pass", "broken", "still running after"),
    "endless await in the cell": ("await asyncio.Event().wait()", "broken", "still running after"),
    "swallowed KeyboardInterrupt": (
        "while True:\n    try:\n        time.sleep(1)\n    except KeyboardInterrupt:\n        pass",
        "broken",
        "still running after",
    ),
    "endless loop in the answer": (
        "def double(n):\n    while True:\n        pass" + WAIT,
        "not yet",
        "still at the line `",
    ),
    "endless await in the answer": (
        "def double(n):\n    return 2 * n\n\n\nasync def wait():\n    await asyncio.Event().wait()",
        "not yet",
        "still at the line `await asyncio.Event().wait()`",
    ),
    "a lock of threads held across an await": (
        DOUBLE + "import threading\n\nlock = threading.Lock()\n\n\nasync def hold():\n    with lock:\n"
        "        await asyncio.sleep(0.01)\n\n\nasync def wait():\n    await asyncio.gather(hold(), hold())",
        "not yet",
        "still at the line `with lock:`: a deadlock. The thread waits there",
    ),
    "input": ("name = input('Your name?')", "broken", "input()"),
    "input in the answer": (
        "def double(n):\n    return int(input())" + WAIT,
        "not yet",
        "nobody to type it. It happened in `double`, at the line `return int(input())`.",
    ),
    "os._exit": ("import os\n\nos._exit(1)", "broken", "ended the Python process"),
    "os._exit in the answer": (
        "def double(n):\n    import os\n\n    os._exit(1)" + WAIT,
        "broken",
        "ended the Python",
    ),
    "sys.exit": ("import sys\n\nsys.exit()", "broken", "sys.exit()"),
    "sys.exit in the answer": ("def double(n):\n    raise SystemExit" + WAIT, "not yet", "sys.exit()"),
    "quit": ("quit()", "broken", "ended the Python process"),
    "background task": (
        FIX + "\n\n\n" + FAIL + "asyncio.ensure_future(fail())\nawait asyncio.sleep(0.01)",
        "broken",
        "ValueError: lost",
    ),
    "background task in the answer": (
        DOUBLE + FAIL + "async def wait():\n    asyncio.ensure_future(fail())\n    await asyncio.sleep(0.01)",
        "not yet",
        "lost",
    ),
    "bad magic": ("%no_such_magic\n" + FIX, "broken", "no_such_magic"),
    "memory without end": (
        "hoard = []\nwhile True:\n    hoard.append('x' * 20_000_000)",
        "broken",
        "GB of memory",
    ),
    "own assertion": ("assert 1 == 2, 'mine'\n" + FIX, "broken", "AssertionError: mine"),
    "own assertion in the answer": (
        "def double(n):\n    assert n < 0, 'mine'" + WAIT,
        "not yet",
        "AssertionError: mine\n  in double(), line 2 of the cell: assert n < 0, 'mine'\nExpected a result",
    ),
    "a library's assertion in the answer": (
        "import unittest\n\n\ndef double(n):\n    unittest.TestCase().assertEqual(n, -1)" + WAIT,
        "not yet",
        "Expected a result; your code raised AssertionError.",
    ),
    "an assertion of an installed library in the answer": (
        "import numpy as np\n\n\ndef double(n):\n    np.testing.assert_equal(n, -1)" + WAIT,
        "not yet",
        "Expected a result; your code raised AssertionError.",
    ),
}


def in_full(verdict):
    """Return what is read first: the error of the learner's code, then the message."""
    return f"{verdict.raised}\n{verdict.message}"


ALONE = {"memory without end": "20", "endless loop in the answer": "4"}
"""Those that need a processor to themselves, with their limits in seconds: the warm process judges them."""


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """Return what each hostile answer is told: judged at once, since most of them wait for their limit."""
    folder = tmp_path_factory.mktemp("hostile")
    paths = {
        name: make_course(folder / str(number), fix, after="pass")
        for number, (name, (fix, _, _)) in enumerate(HOSTILE.items())
        if name not in ALONE
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KETTLE_LIMIT", "4")
        return dict(zip(paths, run_forked(paths.values(), "--at-once", "4"), strict=True))


@pytest.mark.every
@pytest.mark.parametrize("name", [name for name in HOSTILE if name not in ALONE])
def test_hostile_code_gets_a_sentence(told, name):
    run, (_, outcome, piece) = told[name], HOSTILE[name]
    assert run.verdict, run.out
    assert (run.verdict.outcome, piece in in_full(run.verdict)) == (outcome, True), run.verdict
    assert "Traceback" not in repr(run.verdict)
    assert run.seconds < 60


@pytest.mark.parametrize("name", ALONE)
def test_hostile_code_gets_a_sentence_from_the_warm_process(tmp_path, check, monkeypatch, name):
    monkeypatch.setenv("KETTLE_LIMIT", ALONE[name])
    fix, outcome, piece = HOSTILE[name]
    verdict = check(make_course(tmp_path, fix, after="pass"))
    assert (verdict.outcome, piece in in_full(verdict)) == (outcome, True), verdict


@pytest.mark.parametrize(
    ("errors", "outcome", "piece"),
    [
        ([AssertionError("One more than needed.")], "not yet", "One more than needed."),
        ([Undecided("Too noisy to tell.")], "undecided", "Too noisy to tell."),
        (
            [KeyError(1), KeyError(2)],
            "not yet",
            "Expected a result; your code raised 2 errors; one of them: KeyError: 1.",
        ),
    ],
)
def test_a_group_of_one_is_told_as_what_is_in_it(errors, outcome, piece):
    async def check_it():
        raise ExceptionGroup("of a group", [ExceptionGroup("a group", errors)])

    thread = OwnThread()
    finding = judge(Check("check_it", "It", "check"), check_it, {}, thread)
    thread.close()
    assert (finding.outcome, finding.message) == (outcome, piece)


def test_the_check_after_a_hostile_one_works_and_no_file_is_left(tmp_path, monkeypatch):
    files = tmp_path / "temporary"
    files.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(files))
    notebook = make_course(tmp_path, "import os\n\nos._exit(1)")
    checker = Checker(notebook)
    try:
        assert checker.check().outcome == "broken"
        make_course(tmp_path)
        assert checker.check().solved
        notebook.write_text("{ this is not JSON", encoding="utf-8")
        assert "damaged" in checker.check().message
        notebook.unlink()
        assert "no notebook" in checker.check().message
        make_course(tmp_path)
        assert checker.check().solved
        assert list(files.iterdir())  # the next process is at work there
    finally:
        checker.close()
    deadline = time.monotonic() + 10  # processes that have judged are ended in threads
    while list(files.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not list(files.iterdir())


def test_a_deleted_a_split_and_a_copied_cell(tmp_path, check):
    deleted = check(make_course(tmp_path / "deleted", "# nothing here", after="pass"))
    assert deleted.outcome == "not yet"
    assert "`double`" in deleted.message
    split = make_course(tmp_path / "split", FIX.split("\n\n\n")[0], after=FIX.split("\n\n\n")[1])
    assert check(split).solved
    copied = make_course(tmp_path / "copied", before="import asyncio\n\n\ndef double(n):\n    return n")
    assert check(copied).solved


def test_a_check_can_be_stopped(tmp_path):
    checker = Checker(make_course(tmp_path, "while True:\n    pass"))
    said = []
    threading.Timer(4, checker.stop).start()
    started = time.monotonic()
    verdict = checker.check(said.append)
    assert verdict.outcome == "stopped", verdict
    assert said
    assert time.monotonic() - started < 15
    checker.close()


def test_a_lost_warm_process_is_replaced(tmp_path):
    checker = Checker(make_course(tmp_path))
    checker.warm_up()
    assert checker.wait_settled(60)
    psutil.Process(checker._warm.popen.pid).kill()
    assert checker.check().solved
    checker.close()


def test_a_process_that_was_given_the_number_of_one_that_ended_is_left_alone(tmp_path):
    process = CheckingProcess(make_course(tmp_path))
    process.popen.kill()
    process.popen.wait()
    stranger = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    process.popen.pid = stranger.pid  # as the system does, sooner or later
    process.end()
    assert stranger.poll() is None
    stranger.communicate(b"\n", timeout=10)
    assert stranger.returncode == 0


def test_a_kernel_that_dies_at_its_start_is_started_again(tmp_path, monkeypatch):
    start, tries = nbval_adapter.start_new_kernel, []

    def dies_once(**options):
        tries.append(options)
        if len(tries) == 1:
            raise RuntimeError("Kernel died before replying to kernel_info")
        return start(**options)

    monkeypatch.setattr(nbval_adapter, "start_new_kernel", dies_once)
    started = kernel.CertifyingKernel(make_course(tmp_path))
    assert started.km.is_alive()
    started.kill()
    assert len(tries) == 2


def test_a_kernel_that_is_slow_to_answer_first_is_waited_for(tmp_path, monkeypatch):
    start, silent = nbval_adapter.start_new_kernel, [Empty, Empty]

    def slow_at_first(**options):
        manager, client = start(**options)
        get = client.get_shell_msg

        def message(timeout):
            if silent:
                raise silent.pop()
            return get(timeout=timeout)

        client.get_shell_msg = message
        return manager, client

    monkeypatch.setattr(nbval_adapter, "start_new_kernel", slow_at_first)
    started = kernel.CertifyingKernel(make_course(tmp_path))
    assert not silent
    assert started.is_alive()
    started.kill()


@pytest.mark.skipif(os.name != "posix", reason="kills with SIGKILL")
def test_nothing_outlives_the_process_that_asked(tmp_path):
    notebook = make_course(tmp_path)
    files = tmp_path / "temporary"
    files.mkdir()
    code = (
        "import sys, time\nfrom kettle.checking import Checker\n"
        f"c = Checker({str(notebook)!r})\nc.warm_up()\nprint(c.wait_settled(60), flush=True)\ntime.sleep(60)"
    )
    asker = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(files)},
    )
    assert asker.stdout.readline().strip() == "True"
    family = psutil.Process(asker.pid).children(recursive=True)
    assert len(family) >= 2
    asker.kill()
    asker.wait()
    _, alive = psutil.wait_procs(family, timeout=10)
    assert not alive
    assert not list(files.iterdir())


def test_a_copy_is_checked_like_its_original(tmp_path, check):
    notebook = make_course(tmp_path)
    for name in ("50_scratch-Copy1.ipynb", "50_scratch 2026-11-21 11.01.27.ipynb"):
        assert check(notebook.rename(notebook.with_name(name))).solved
        make_course(tmp_path)


def test_a_fault_of_the_course_is_not_blamed_on_the_learner(tmp_path, check):
    notebook = make_course(tmp_path)
    checks = tmp_path / "checks" / "50_scratch" / "lesson.py"
    for broken in ("def check_doubles(:", "import no_such_room", "def check_something_else():\n    pass\n"):
        checks.write_text(broken, encoding="utf-8")
        assert "The course itself failed here, not your code" in check(notebook).message
    checks.with_name("words.toml").write_text("[lesson", encoding="utf-8")
    assert "not your fault" in check(notebook).message


def test_a_worker_without_end_is_too_much_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(kernel, "MEMORY_LIMIT", 400_000_000)
    hoard = (
        "import os, time\nchild = os.fork()\nif child == 0:\n    hoard = bytearray(os.urandom(500_000_000))\n"
        "    time.sleep(60)\n    os._exit(0)\nos.waitpid(child, 0)"
    )
    started = kernel.CertifyingKernel(make_course(tmp_path))
    try:
        with pytest.raises(kernel.TooMuchMemory):
            started.await_reply(started.execute_cell_input(hoard, allow_stdin=False), timeout=30)
    finally:
        started.kill()


def test_a_warm_process_that_nobody_needs_is_let_go_and_comes_back(tmp_path):
    with contextlib.closing(Checker(make_course(tmp_path), rest=60)) as checker:
        checker.warm_up()
        assert checker.wait_settled(60)
        warm = psutil.Process(checker._warm.popen.pid)
        family = [warm, *warm.children(recursive=True)]
        checker.touch()
        checker.rest = 3  # only now: on a busy machine it takes as long to look
        for _ in range(8):  # somebody is at work, for longer than it would wait
            checker.touch()
            time.sleep(0.5)
        assert not checker.resting
        psutil.wait_procs(family, timeout=30)
        assert not any(process.is_running() for process in family)
        assert checker.resting
        assert checker.check().solved


def test_one_process_waits_for_all_notebooks_of_a_learner(tmp_path):
    slot = tmp_path / ".kettle" / "waiting"
    notebooks = [make_course(tmp_path / name) for name in ("one", "two")]
    with (
        contextlib.closing(Checker(notebooks[0], slot=slot)) as one,
        contextlib.closing(Checker(notebooks[1], slot=slot)) as two,
    ):
        one.warm_up()
        assert one.wait_settled(60)
        two.warm_up()
        end = time.monotonic() + 20
        while not one.resting and time.monotonic() < end:
            time.sleep(0.05)
        assert one.resting
        assert not two.resting
        assert one.check().solved  # and takes the slot
        while not two.resting and time.monotonic() < end + 40:
            time.sleep(0.05)
        assert two.resting


def test_two_checks_at_once_come_one_after_the_other_and_can_both_be_stopped(tmp_path):
    def check_twice(checker):
        verdicts = []
        threads = [threading.Thread(target=lambda: verdicts.append(checker.check())) for _ in range(2)]
        for thread in threads:
            thread.start()
        return threads, verdicts

    with contextlib.closing(Checker(make_course(tmp_path))) as checker:
        threads, verdicts = check_twice(checker)
        for thread in threads:
            thread.join(90)
        assert [verdict.outcome for verdict in verdicts] == ["right", "right"]
        make_course(tmp_path, "while True:\n    pass")
        threads, verdicts = check_twice(checker)
        time.sleep(2)
        checker.stop()
        for thread in threads:
            thread.join(15)
        assert [verdict.outcome for verdict in verdicts] == ["stopped", "stopped"]


def test_the_libraries_of_a_notebook_are_imported_ahead_and_nothing_of_the_learners(tmp_path):
    mine = "import aiohttp.web\nfrom numpy import array\nimport mine\nimport json"
    notebook = make_course(tmp_path, before=mine, after="import pandas as\n")
    (tmp_path / "notebooks" / "mine.py").write_text("raise RuntimeError")
    assert libraries_of(notebook) == ("aiohttp.web", "numpy")


def test_what_a_library_imports_at_its_first_use_is_imported_ahead_too(tmp_path):
    notebook = make_course(tmp_path, before="from sqlalchemy.ext.asyncio import AsyncSession")
    assert libraries_of(notebook) == ("sqlalchemy.ext.asyncio", "asyncpg")

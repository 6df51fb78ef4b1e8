"""Progress is never lost, never half written, and never stops a lesson."""

import errno
import json
import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest
from filelock import FileLock

from kettle.files.progress import Progress

LESSON = "notebooks/14_one_await_at_a_time"
EXERCISE = "exercises/14_one_await_at_a_time"


@pytest.fixture
def said():
    return []


@pytest.fixture
def progress(tmp_path, said):
    return Progress(tmp_path / "progress", tell=said.append)


def file_of(progress, notebook_id=LESSON):
    return progress.folder / f"{notebook_id}.json"


def start(code, folder):
    """Run Python that records in the same folder, in a process of its own."""
    head = f"from kettle.files.progress import Progress\nprogress = Progress({str(folder)!r}, patience=60)\n"
    return subprocess.Popen([sys.executable, "-c", head + textwrap.dedent(code)], stdout=subprocess.PIPE)


def test_what_is_recorded_is_found_by_another_kernel(progress):
    progress.record(LESSON, "predicted", name="total", value=3.5)
    progress.record(LESSON, "predicted", name="wasted", value=180)
    progress.record(LESSON, "ran", seconds=3.2, fact=3.1)
    progress.record(LESSON, "hinted", rung=2)
    progress.record(LESSON, "checked", outcome="not yet", message="At most 1 call was in flight.")
    progress.record(LESSON, "compared", ratio=2.1, low=1.9, high=2.3)
    progress.record(LESSON, "recalled", question="q1", right=True)
    progress.record(LESSON, "solution")
    progress.record(LESSON, "checked", outcome="right", message="Solved.")
    progress.record(LESSON, "solved")

    found = Progress(progress.folder).of(LESSON)
    assert found.predictions == {"total": 3.5, "wasted": 180}
    assert [(run.seconds, run.fact) for run in found.runs] == [(3.2, 3.1)]
    assert found.hints == 2
    assert [check.outcome for check in found.checks] == ["not yet", "right"]
    assert found.checks[0].message == "At most 1 call was in flight."
    assert found.compared == (2.1, 1.9, 2.3)
    assert found.recalled == {"q1": True}
    assert found.solution_seen
    assert found.solved
    assert found == progress.of(LESSON)
    assert "2 checks, solved 20" in repr(found)


def test_nothing_is_known_before_the_first_step(progress):
    found = progress.of(EXERCISE)
    assert (found.predictions, found.runs, found.hints, found.compared, found.solved) == (
        {},
        (),
        0,
        None,
        False,
    )
    assert repr(found) == f"{EXERCISE}: not started"
    assert progress.notebooks() == ()
    assert not progress.folder.exists()


def test_a_reset_begins_the_hints_again_and_takes_nothing_back(progress):
    for event, details in [("hinted", {"rung": 3}), ("solved", {}), ("reset", {}), ("hinted", {"rung": 1})]:
        progress.record(LESSON, event, **details)
    found = progress.of(LESSON)
    assert (found.hints, found.resets, found.solved) == (1, 1, True)


def test_the_file_is_readable(progress):
    progress.record(LESSON, "predicted", name="Größe", value=3)
    lines = file_of(progress).read_text(encoding="utf-8").splitlines()
    assert json.loads("\n".join(lines))["notebook"] == LESSON
    assert sum('"event": "predicted"' in line and "Größe" in line for line in lines) == 1


def test_values_that_are_not_json_are_written_as_well_as_can_be(progress, said):
    class Scalar(float):
        def item(self):
            return float(self)

    progress.record(LESSON, "ran", seconds=Scalar(2.0), fact={1, 2})
    progress.record(LESSON, "checked", outcome="not yet", message="a lone surrogate: \ud800")
    assert Progress(progress.folder).of(LESSON).runs[0].fact == "{1, 2}"
    assert Progress(progress.folder).of(LESSON).checks[0].message == "a lone surrogate: \ud800"
    assert said == []


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "notebooks/../x", "notebooks/", "checks/14_x", "notebooks/a/b", ""]
)
def test_only_notebooks_have_progress(progress, name):
    with pytest.raises(ValueError, match="is not the name of a notebook"):
        progress.record(name, "solved")
    with pytest.raises(ValueError, match="is not a kind of event"):
        progress.record(LESSON, "sloved")
    assert not progress.folder.exists()


def test_several_processes_write_at_once_and_nothing_is_lost(tmp_path):
    writers = [
        start(f"for i in range(40): progress.record({LESSON!r}, 'ran', seconds=i, fact={n})", tmp_path)
        for n in range(4)
    ]
    reader = Progress(tmp_path, patience=60)
    while any(writer.poll() is None for writer in writers):
        reader.of(LESSON)
    assert [writer.wait(60) for writer in writers] == [0] * 4
    runs = reader.of(LESSON).runs
    assert sorted((run.fact, run.seconds) for run in runs) == [(n, i) for n in range(4) for i in range(40)]


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is POSIX's")
def test_a_kernel_killed_in_the_middle_of_writing_loses_nothing_that_it_had_written(tmp_path, said):
    endless = """
        import itertools
        for i in itertools.count():
            progress.record("notebooks/14_one_await_at_a_time", "ran", seconds=i, fact="x" * 20_000)
            print(i, flush=True)
    """
    for round_ in range(6):
        folder = tmp_path / str(round_)
        victim = start(endless, folder)
        victim.stdout.readline()
        time.sleep(0.007 * round_)
        victim.send_signal(signal.SIGKILL)
        told = victim.stdout.read().split()
        victim.wait(10)
        survivor = Progress(folder, tell=said.append, patience=60)
        seconds = [run.seconds for run in survivor.of(LESSON).runs]
        assert seconds == list(range(len(seconds)))
        assert len(seconds) >= (int(told[-1]) + 1 if told else 1)
        survivor.record(LESSON, "solved")
        assert survivor.of(LESSON).solved
        assert [path.name for path in file_of(survivor).parent.iterdir()] == [file_of(survivor).name]
    assert said == []


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is POSIX's")
def test_a_lock_ends_with_the_process_that_held_it(tmp_path):
    holder = start(
        """
        import time
        from filelock import FileLock
        with FileLock(progress.folder / ".lock"):
            print("held", flush=True)
            time.sleep(60)
        """,
        tmp_path,
    )
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(TimeoutError), FileLock(tmp_path / ".lock", timeout=0.1):
        pytest.fail("two held the lock")
    holder.kill()
    holder.wait(10)
    with FileLock(tmp_path / ".lock", timeout=10):
        pass


def test_a_lock_that_stays_busy_delays_and_loses_nothing(tmp_path, said):
    progress = Progress(tmp_path, tell=said.append, patience=0.05)
    with FileLock(tmp_path / ".lock"):
        progress.record(LESSON, "hinted", rung=1)
        progress.record(LESSON, "hinted", rung=2)
        assert progress.of(LESSON).hints == 2
    assert len(said) == 1
    assert said[0].startswith("Your progress could not be saved (another notebook is writing).")
    assert not file_of(progress).exists()
    progress.record(LESSON, "hinted", rung=3)
    assert [event["rung"] for event in Progress(tmp_path).of(LESSON).events] == [1, 2, 3]


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"{",
        b"\xff\xfe\x00",
        b"[]",
        b'{"events": 3}',
        b'{"events": [{"event": "solved"}]}',
        b"[" * 100_000,
    ],
    ids=["empty", "cut", "bytes", "list", "number", "timeless", "deep"],
)
def test_a_damaged_file_gets_a_sentence_and_a_dated_copy(progress, said, damage):
    file_of(progress).parent.mkdir(parents=True)
    file_of(progress).write_bytes(damage)
    assert not progress.of(LESSON).events
    (copy,) = file_of(progress).parent.glob("*.damaged-*")
    assert copy.read_bytes() == damage
    assert said == [
        f"The progress file {file_of(progress).name} could not be read. It is kept as {copy.name}."
    ]
    progress.record(LESSON, "solved")
    assert progress.of(LESSON).solved
    assert len(said) == 1
    assert progress.notebooks() == (LESSON,)


def test_a_full_disk_is_said_once_and_the_lesson_goes_on(progress, said, monkeypatch):
    def full(_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        progress.record(LESSON, "predicted", name="total", value=3)
        progress.record(LESSON, "ran", seconds=3, fact=3)
        assert progress.of(LESSON).predictions == {"total": 3}
        assert progress.notebooks() == (LESSON,)
        assert LESSON in json.loads(progress.export())["notebooks"]
        assert not list(progress.folder.rglob("*.part"))
    assert len(said) == 1
    assert "No space left on device" in said[0]
    progress.record(EXERCISE, "solved")
    assert Progress(progress.folder).of(LESSON).predictions == {"total": 3}


def test_a_folder_that_cannot_be_made_does_not_stop_a_lesson(tmp_path, said):
    (tmp_path / "file").write_text("in the way")
    progress = Progress(tmp_path / "file" / "progress", tell=said.append)
    progress.record(LESSON, "solved")
    progress.record(LESSON, "reset")
    assert progress.of(LESSON).solved
    assert len(said) == 1


def test_a_folder_that_can_only_be_read_is_read(progress, monkeypatch):
    progress.record(LESSON, "solved")

    def refused(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("filelock.FileLock", refused)
    assert Progress(progress.folder).of(LESSON).solved


@pytest.mark.skipif(os.name == "nt", reason="patches what POSIX has")
def test_a_folder_without_locks_is_written_all_the_same(progress, said, monkeypatch):
    def refused(*_):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr("fcntl.flock", refused)
    progress.record(LESSON, "solved")
    assert Progress(progress.folder).of(LESSON).solved
    assert (said, file_of(progress).exists()) == ([], True)


def test_progress_goes_to_another_machine_and_back(tmp_path, progress):
    laptop, binder = progress, Progress(tmp_path / "binder")
    laptop.record(LESSON, "predicted", name="total", value=3)
    laptop.record(LESSON, "solved")
    binder.record(LESSON, "hinted", rung=4)
    binder.record(EXERCISE, "solved")

    told = laptop.bring_back(binder.export())
    assert (told.notebooks, told.events, told.newly_solved) == (2, 2, (EXERCISE,))
    assert repr(told) == f"Added 2 entries in 2 notebooks. Newly solved: {EXERCISE}."
    found = laptop.of(LESSON)
    assert (found.solved, found.hints, found.predictions) == (True, 4, {"total": 3})

    binder.bring_back(laptop.export())
    assert [binder.of(each) for each in (LESSON, EXERCISE)] == [
        laptop.of(each) for each in (LESSON, EXERCISE)
    ]
    assert repr(laptop.bring_back(binder.export())) == "Everything in that file is already here."


def test_a_solved_lesson_never_becomes_unsolved(tmp_path, progress):
    progress.record(LESSON, "solved")
    before = progress.of(LESSON).solved_at
    other = Progress(tmp_path / "other")
    other.record(LESSON, "reset")
    other.record(LESSON, "checked", outcome="not yet", message="…")
    progress.bring_back(other.export())
    assert progress.of(LESSON).solved_at == before


FOREIGN = [
    b"",
    b"not json",
    b"{}",
    b"[]",
    b'{"format": "watched-kettle-progress", "notebooks": []}',
    b'{"format": "watched-kettle-progress", "notebooks": {"notebooks/1": [{"event": "x", "when": "now"}]}}',
    b'{"format": "watched-kettle-progress", "notebooks": {"notebooks/1": [{"event": "", "when": "2026"}]}}',
    b"[" * 100_000,
]


@pytest.mark.parametrize("foreign", FOREIGN, ids=range(len(FOREIGN)))
def test_a_foreign_file_changes_nothing(progress, foreign):
    progress.record(LESSON, "solved")
    before = progress.of(LESSON)
    with pytest.raises(ValueError, match=r"not a progress file of this course, so nothing was changed"):
        progress.bring_back(foreign)
    assert progress.of(LESSON) == before


def test_a_file_cannot_write_outside_the_folder(progress):
    event = {"event": "solved", "when": "2026-01-01T00:00:00+00:00"}
    whole = {"format": "watched-kettle-progress", "notebooks": {"../../evil": [event], LESSON: [event]}}
    assert progress.bring_back(json.dumps(whole).encode()).notebooks == 1
    assert progress.notebooks() == (LESSON,)


def test_a_newer_versions_events_are_kept(progress):
    event = {"event": "taught", "when": "2026-01-01T00:00:00+00:00", "by": "Ines"}
    whole = {"format": "watched-kettle-progress", "version": 2, "notebooks": {LESSON: [event]}}
    progress.bring_back(json.dumps(whole).encode())
    progress.record(LESSON, "solved")
    assert event in json.loads(progress.export())["notebooks"][LESSON]


def test_a_file_stays_small_and_keeps_what_came_first(progress):
    events = [
        {"event": "ran", "when": f"2026-01-01T00:{i // 60:02}:{i % 60:02}+00:00", "seconds": i}
        for i in range(900)
    ]
    first = {"event": "solved", "when": "2026-01-01T00:00:00+00:00"}
    whole = {"format": "watched-kettle-progress", "notebooks": {LESSON: [first, *events]}}
    progress.bring_back(json.dumps(whole).encode())
    seconds = [run.seconds for run in progress.of(LESSON).runs]
    assert (len(seconds), seconds[0], seconds[-1]) == (200, 0, 899)
    assert progress.of(LESSON).solved


def test_the_environment_says_where(tmp_path, monkeypatch):
    monkeypatch.setenv("KETTLE_PROGRESS", str(tmp_path / "elsewhere"))
    Progress().record(LESSON, "solved")
    assert (tmp_path / "elsewhere" / f"{LESSON}.json").exists()

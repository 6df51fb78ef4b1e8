"""The room as its learners meet it: joined by lesson.join, killed and started again, left and forgotten."""

import json
import shutil
import subprocess
import sys
import threading
import time

import pytest
from served_room import LESSON, NOTEBOOK, ServedRoom, event, not_yet

from kettle import Lesson
from kettle.files.course import ROOT
from kettle.files.notebook import fix_of
from kettle.files.progress import Progress
from kettle.panels.solution import load
from kettle_room import joining, outbox, sending
from kettle_room.outbox import Joined, Outbox

TITLE = "Calls that do not need each other are in flight together"  # of the cause `overlap`


@pytest.fixture
def room(tmp_path):
    served = ServedRoom(tmp_path / "served")
    yield served
    served.kill()


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    made = ServedRoom(tmp_path_factory.mktemp("room") / "served")
    yield made
    made.kill()


@pytest.fixture
def learner(tmp_path, monkeypatch):
    """Return a function that makes a lesson whose learner has a folder of their own."""

    def made(name, notebook=None):
        monkeypatch.setenv("KETTLE_PROGRESS", str(tmp_path / name / "progress"))
        if notebook:
            monkeypatch.setenv("JPY_SESSION_NAME", str(notebook))
        return Lesson(LESSON)

    return made


def until(true, seconds=30):
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        time.sleep(0.05)
    assert true()


def waiting(lesson):
    return Outbox(lesson._actions.room).waiting()


def wrong(lesson):
    told = {"outcome": "not yet", "message": "secret words of a verdict", "title": TITLE}
    lesson._actions.record("checked", **told)


def test_twenty_learners_are_seen_by_their_teacher(room, learner, capsys):
    lessons = {f"Learner {number}": learner(f"learner {number}") for number in range(20)}
    for number, (name, lesson) in enumerate(lessons.items()):
        lesson.join(f"127.0.0.1:{room.port}", room.code.upper().replace("-", " "), name)
        assert f"sees you as {name}" in capsys.readouterr().out
        lesson._actions.record("predicted", name="total", value=number)
        for _ in range(number % 4):
            wrong(lesson)
        if number % 5 == 0:
            lesson.hint()
    until(lambda: not any(waiting(lesson) for lesson in lessons.values()))
    people = room.people()
    assert people.keys() == lessons.keys()
    for number, name in enumerate(lessons):
        seen = people[name]
        assert seen["title"] == "14 One await at a time"
        assert seen["step"] == (4 if number % 4 else 2)
        assert seen["hints"] == (number % 5 == 0)
        assert seen["cause"] == (TITLE if number % 4 else "")
        assert seen["stuck"] == ("3 times “not yet” in a row" if number % 4 == 3 else "")
    (cause,) = room.as_teacher("GET", "/api/class")["causes"]
    assert (cause["title"], cause["told"], cause["people"]) == (TITLE, 30, 15)
    drawn = room.as_teacher("GET", f"/api/predictions?notebook={NOTEBOOK}&question=total")
    assert drawn["text"].startswith("20 predictions, from 0 ms to 19 s; half are at or below 9.50 s.")
    assert drawn["svg"].count("<circle") == 20


def test_nothing_is_lost_when_the_room_is_killed(room, learner):
    lesson = learner("Ada")
    lesson.join(room.address, room.code, "Ada")
    wrong(lesson)
    until(lambda: not waiting(lesson))
    code, secret, port = room.code, room.secret, room.port
    room.kill()
    for _ in range(5):
        wrong(lesson)
    assert waiting(lesson) == 5
    until(lambda: "Nobody answers" in joining.state(lesson._actions.room))
    assert "5 waiting to be sent" in joining.state(lesson._actions.room)
    room.start()
    assert (room.code, room.secret, room.port) == (code, secret, port)
    until(lambda: not waiting(lesson))
    assert room.people()["Ada"]["stuck"] == "6 times “not yet” in a row"


def test_a_lesson_goes_on_while_the_room_keeps_silent(served, learner, monkeypatch):
    asked, answered = threading.Event(), threading.Event()

    def silent(*_):
        asked.set()
        answered.wait(30)

    lesson = learner("Patient")
    lesson.join(served.address, served.code, "Patient")
    until(lambda: not waiting(lesson))
    monkeypatch.setattr(sending, "ask", silent)
    wrong(lesson)
    assert asked.wait(30)
    wrong(lesson)
    assert (waiting(lesson), answered.is_set()) == (2, False)
    answered.set()
    until(lambda: not waiting(lesson))


def test_what_arrived_but_was_not_confirmed_counts_once(room):
    token, sent = room.join("Ada"), [not_yet() for _ in range(3)]
    assert room.send(token, *sent[:2]).status == 200
    room.kill()
    room.start()
    assert room.send(token, *sent).status == 200
    assert room.send(token, *sent).status == 200
    (cause,) = room.as_teacher("GET", "/api/class")["causes"]
    assert cause["told"] == 3


def test_a_teacher_stays_one_when_the_room_is_started_again(room):
    cookie = room.cookie()
    room.kill()
    room.start()
    assert room.ask("GET", "/api/class", Cookie=cookie).status == 200


def test_whoever_leaves_is_forgotten(room, learner):
    lesson = learner("Ada")
    lesson.join(room.address, room.code, "Unforgettable")
    wrong(lesson)
    until(lambda: not waiting(lesson))
    kept = b"".join(file.read_bytes() for file in room.folder.glob("class.sqlite*"))
    assert b"Unforgettable" in kept
    lesson.leave()
    wrong(lesson)
    assert room.people() == {}
    room.end()
    kept = b"".join(file.read_bytes() for file in room.folder.glob("class.sqlite*"))
    assert b"Unforgettable" not in kept
    assert not [file for file in lesson._actions.room.rglob("*") if file.is_file()]


def test_no_more_is_sent_than_the_list_says(served, learner):
    lesson = learner("Frank")
    lesson.join(served.address, served.code, "Frank")
    wrong(lesson)
    lesson._actions.record("ran", seconds=3.9, fact=3.9, facts={"total": 3.9})
    lesson._actions.record("recalled", question="x", right=True)
    lesson._actions.record("predicted", name="total", value=3)
    until(lambda: not waiting(lesson))
    sent = [json.loads(line.partition("  ")[2]) for line in joining.sent(lesson._actions.room)]
    assert [each["kind"] for each in sent] == ["predicted", "ran", "checked", "opened"]
    of_each = {"id", "notebook", "kind", "ago"}
    assert [each.keys() - of_each for each in sent] == [{"name", "value"}, set(), {"outcome", "cause"}, set()]


def test_nothing_is_kept_or_imported_unless_joined(tmp_path):
    script = (
        f"import sys; from kettle import Lesson; Lesson({LESSON!r})._actions.record('solved');"
        "print([name for name in sys.modules if name.startswith('kettle_room')])"
    )
    environment = {"KETTLE_PROGRESS": str(tmp_path / "progress"), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, check=False, capture_output=True, text=True
    )
    assert (done.stdout.strip(), done.stderr) == ("[]", "")
    assert not (tmp_path / "room").exists()


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (("", "", "Ada"), "is no address of a room"),
        (("http://[", "", "Ada"), "is no address of a room"),
        (("127.0.0.1:1", "", "Ada"), "Nobody answers at http://127.0.0.1:1/"),
        (("{room}", "guessed", "Ada"), "That is not the code of this room."),
        (("{room}", "{code}", " \t"), "Choose a name"),
        (("{room}", "{code}", "x" * 41), "Choose a shorter name"),
        (("{room}", "{code}", "ａｄａ"), "is called ａｄａ already"),
    ],
)
def test_a_learner_who_cannot_join_is_told_why(served, learner, capsys, typed, told):
    if "Ada" not in served.people():
        served.join("Ada")
    lesson = learner("Grace")
    lesson.join(*(each.format(room=served.address, code=served.code) for each in typed))
    said = capsys.readouterr().out
    assert said.startswith("Not joined.")
    assert told in said
    assert Outbox(lesson._actions.room).joined is None


def test_a_learner_who_was_taken_out_is_told_and_sends_no_more(served, learner):
    lesson = learner("Eve")
    lesson.join(served.address, served.code, "Eve")
    until(lambda: not waiting(lesson))
    served.as_teacher("POST", "/api/remove", {"learner": served.people()["Eve"]["id"]})
    wrong(lesson)
    until(lambda: "does not know you any more" in joining.state(lesson._actions.room))
    wrong(lesson)
    assert waiting(lesson) <= 1
    lesson.join(served.address, served.code, "Eve")
    assert "as Eve." in joining.state(lesson._actions.room)


def test_what_waits_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(outbox, "MOST_WAITING", 20)
    out = Outbox(tmp_path)
    for number in range(23):
        out.put({"kind": "ran", "number": number})
    assert out.waiting() == 20
    ((_, oldest),) = out.oldest(1)
    assert oldest["number"] == 3


def test_a_token_is_readable_by_its_owner_only(tmp_path):
    out = Outbox(tmp_path / "room")
    out.join(Joined("http://127.0.0.1:1/", "Ada", "token"))
    assert [file.stat().st_mode & 0o077 for file in (tmp_path / "room", *out.folder.iterdir())] == [0, 0]


def test_a_damaged_file_in_the_outbox_holds_nothing_up(tmp_path):
    out = Outbox(tmp_path)
    out.put({"kind": "ran"})
    (tmp_path / "outbox" / "0.json").write_text("{")
    assert [each["kind"] for _, each in out.oldest(5)] == ["ran"]


def test_catching_up_keeps_what_was_there(served, learner, tmp_path, capsys):
    notebook = tmp_path / "notebooks" / f"{LESSON}.ipynb"
    notebook.parent.mkdir()
    shutil.copy(ROOT / "notebooks" / notebook.name, notebook)
    mine = json.loads(notebook.read_text())
    (cell,) = [each for each in mine["cells"] if "fix" in each["metadata"].get("tags", ())]
    cell["source"] = "mine = 1"
    notebook.write_text(json.dumps(mine))
    lesson = learner("Late", notebook)
    lesson.catch_up()
    assert "Join your teacher's room first" in capsys.readouterr().out
    lesson.join(served.address, served.code, "Late")
    assert "`lesson.catch_up()` gives you the fix" in capsys.readouterr().out
    for step, told in ((0, "has not said yet how far the class is"), (3, "Your class is at the step “run”")):
        served.as_teacher("POST", "/api/reach", {"notebook": NOTEBOOK, "step": step})
        capsys.readouterr()
        lesson.catch_up()
        assert told in capsys.readouterr().out
        assert fix_of(notebook) == "mine = 1"
    served.as_teacher("POST", "/api/reach", {"notebook": NOTEBOOK, "step": 4})
    lesson.catch_up()
    assert "The fix is in its cell" in capsys.readouterr().out
    assert fix_of(notebook) == load(lesson.files.solution, "lesson").code
    (copy,) = [each for each in notebook.parent.iterdir() if each != notebook]
    assert fix_of(copy) == "mine = 1"
    until(lambda: not waiting(lesson))
    assert served.people()["Late"]["solution"]


def test_a_check_of_a_notebook_joins_and_changes_nothing(served, learner, monkeypatch, capsys):
    lesson = learner("Certified")
    monkeypatch.setenv("KETTLE_CERTIFYING", "1")
    lesson.join(served.address, served.code, "Certified")
    lesson.catch_up()
    lesson.leave()
    assert "joins no room" in capsys.readouterr().out
    assert "Certified" not in served.people()


def test_late_events_are_placed_when_they_happened(served):
    token = served.join("Quiet")
    served.send(token, event("opened", ago=3600), event("ran", ago=1200))
    assert served.people()["Quiet"]["stuck"] == "no step for 20 min"
    served.send(token, event("compared"))
    assert served.people()["Quiet"]["stuck"] == ""
    served.send(token, event("ran", ago=1200), event("solved", ago=900))
    assert served.people()["Quiet"]["step"] == 5


def test_the_fact_is_what_the_teachers_own_run_has_found(tmp_path, monkeypatch):
    monkeypatch.setenv("KETTLE_PROGRESS", str(tmp_path / "teacher"))
    facts = {"total": 3.875, "peak": 1.0}
    Progress().record(NOTEBOOK, "ran", seconds=3.875, fact=3.875, facts=facts)
    room = ServedRoom(tmp_path / "served")
    try:
        shown = room.as_teacher("GET", f"/api/predictions?notebook={NOTEBOOK}&question=peak&fact=1")
        assert "the fact: 1 call<" in shown["svg"]
    finally:
        room.kill()


@pytest.mark.every
def test_the_benchmark_prints_its_table():
    command = [sys.executable, str(ROOT / "benchmarks" / "room.py"), "2", "--seconds", "0.1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[1].split()[0] == "2"

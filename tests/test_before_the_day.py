"""The preflight before a workshop: each thing that is tried can fail, and the last line says what to do."""

import os
import socket
import subprocess
import sys
import types
import webbrowser

import pytest

from kettle.checking.runner.verdict import Verdict
from kettle.files import course
from kettle.lessons import before_the_day, preflight, rehearsal
from kettle.lessons.observations import LOOKS, Observation

SERVES = """
import http.server, sys, time
class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(int(sys.argv[1])); self.end_headers()
    def log_message(self, *_): pass
server = http.server.HTTPServer(("127.0.0.1", 0), Answers, bind_and_activate=False)
server.server_bind()
print("some warning", flush=True)
print(f"    http://127.0.0.1:{server.server_address[1]}/lab?token=x", flush=True)
time.sleep(0.3)  # JupyterLab, too, prints its address before it listens
server.server_activate()
server.serve_forever()
"""


def refuse(*_, **__):
    raise OSError("not on this machine")


def fine(name):
    return Observation(name, "as it should be", "All is well.")


def test_a_port_on_loopback_is_opened_and_reached(monkeypatch):
    assert rehearsal.look_at_loopback().level == "ok"
    monkeypatch.setattr(socket, "create_connection", refuse)
    found = rehearsal.look_at_loopback()
    assert (found.level, found.value) == ("missing", "no port can be used (not on this machine)")


def test_memory_is_compared_with_what_a_lesson_takes(monkeypatch):
    assert rehearsal.look_at_memory().level == "ok"
    monkeypatch.setattr(rehearsal, "memory", lambda: (4_000_000_000, 300_000_000))
    monkeypatch.setattr(rehearsal, "memory_limit", lambda: None)
    found = rehearsal.look_at_memory()
    assert (found.level, found.value) == ("missing", "0.3 GB free, 0.6 GB needed")
    monkeypatch.setattr(rehearsal, "memory", lambda: (4_000_000_000, 3_000_000_000))
    assert rehearsal.look_at_memory().level == "ok"
    monkeypatch.setattr(rehearsal, "memory_limit", lambda: 500_000_000)
    assert rehearsal.look_at_memory().level == "missing"


def test_redis_is_started_and_asked(monkeypatch):
    import kettle.redis_server

    found = rehearsal.look_at_redis()
    assert found.level == "ok", found
    assert "answered after" in found.value
    monkeypatch.setattr(kettle.redis_server, "open_redis", refuse, raising=False)
    found = rehearsal.look_at_redis()
    assert (found.level, found.value) == ("missing", "did not start (not on this machine)")


def test_jupyterlab_is_started_asked_and_ended(monkeypatch):
    started = []
    popen = rehearsal.subprocess.Popen
    monkeypatch.setattr(
        rehearsal.subprocess, "Popen", lambda *a, **k: started.append(popen(*a, **k)) or started[-1]
    )
    found = rehearsal.look_at_lab([sys.executable, "-c", SERVES, "200"])
    assert found.level == "ok", found
    assert found.value.startswith("answered (200) after")
    assert started[0].returncode is not None, "it has ended"
    found = rehearsal.look_at_lab([sys.executable, "-c", SERVES, "500"])
    assert (found.level, found.value.partition(" (")[0]) == ("missing", "started, and did not answer")
    assert started[1].returncode is not None


@pytest.mark.parametrize(
    ("command", "value"),
    [
        (["no such program"], "did not start ([Errno 2]"),
        ([sys.executable, "-c", "print('No module named jupyterlab')"], "(No module named jupyterlab)"),
        ([sys.executable, "-c", "pass"], "did not start (it said nothing)"),
        ([sys.executable, "-c", "import time; time.sleep(60)"], "did not start (no answer in 0 s)"),
        ([sys.executable, "-c", "print('http://127.0.0.1:9/lab')"], "started, and did not answer ("),
    ],
)
def test_a_jupyterlab_that_does_not_start_is_a_finding(command, value):
    found = rehearsal.look_at_lab(command, limit=0.3 if "sleep" in command[-1] else 30)
    assert found.level == "missing"
    assert value in found.value


def judging(monkeypatch, *outcomes):
    verdicts = iter(outcomes)
    monkeypatch.setattr(rehearsal, "_judged", lambda path: Verdict(next(verdicts), "a sentence"))


def test_known_verdicts_are_asked_for(monkeypatch):
    judging(monkeypatch, "not yet", "right")
    assert rehearsal.look_at_verdict().level == "ok"
    judging(monkeypatch, "right", "right")
    assert "the slow code of lesson 14 is judged: right" in rehearsal.look_at_verdict().value
    judging(monkeypatch, "not yet", "broken")
    found = rehearsal.look_at_verdict()
    assert (found.level, found.value) == ("missing", "the fix of lesson 14 is judged: broken (a sentence)")
    monkeypatch.setattr(rehearsal, "_judged", refuse)
    assert rehearsal.look_at_verdict().value == "could not be had (not on this machine)"


def test_a_browser_is_looked_for(monkeypatch):
    monkeypatch.setattr(webbrowser, "get", lambda: types.SimpleNamespace(name="firefox"))
    assert rehearsal.look_at_browser() == Observation(
        "Browser", "firefox", "start.py opens the course in it."
    )
    monkeypatch.setattr(webbrowser, "get", lambda: types.SimpleNamespace(name="lynx"))
    assert rehearsal.look_at_browser().value == "only lynx, in the terminal"

    def none():
        raise webbrowser.Error("could not locate runnable browser")

    monkeypatch.setattr(webbrowser, "get", none)
    assert rehearsal.look_at_browser().level == "missing"


TRIED = ("Loopback", "Memory for a lesson", *LOOKS, "Redis", "JupyterLab", "A verdict", "Browser")


@pytest.fixture
def machine(monkeypatch):
    """Make a machine on which everything is fine; give the dictionary of its findings, to change one."""
    found = {name: fine(name) for name in TRIED}
    landing = types.SimpleNamespace
    monkeypatch.setattr(
        before_the_day, "look", lambda patience: landing(findings=tuple(found[name] for name in LOOKS))
    )
    for name, look in (
        ("Loopback", "look_at_loopback"),
        ("Memory for a lesson", "look_at_memory"),
        ("Redis", "look_at_redis"),
        ("A verdict", "look_at_verdict"),
        ("Browser", "look_at_browser"),
    ):
        monkeypatch.setattr(rehearsal, look, lambda name=name: found[name])
    monkeypatch.setattr(rehearsal, "look_at_lab", lambda command: found["JupyterLab"])
    return found


def test_everything_is_tried_and_a_machine_that_is_fine_is_ready(machine, capsys):
    assert [each.name for each in before_the_day.findings(["jupyter"])] == list(TRIED)
    assert before_the_day.main(["jupyter"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "Ready."


@pytest.mark.parametrize("name", [*(before_the_day.FIRST)])
def test_what_stands_in_the_way_ends_in_what_to_do_first(machine, capsys, name):
    assert name in TRIED
    machine[name] = Observation(name, "not as it should be", "Nothing works.", "limited")
    assert before_the_day.main(["jupyter"]) == 1
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == f"Not ready. {name}: not as it should be. {before_the_day.FIRST[name]}"


@pytest.mark.parametrize("name", ["Clock", "Processors", "C compiler", "py-spy", "Memory", "Where this runs"])
def test_what_only_limits_is_told_and_stops_nobody(machine, capsys, name):
    machine[name] = Observation(name, "less than elsewhere", "Some demos are left out.", "limited")
    assert before_the_day.main(["jupyter"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert any("Some demos are left out." in line for line in told)
    assert told[-1] == "Ready."


def test_several_things_are_one_line_the_first_one_first(machine):
    for name in ("Redis", "Disk"):
        machine[name] = Observation(name, "wrong", "Nothing works.", "missing")
    told = before_the_day.conclusion(list(before_the_day.findings([])))
    assert told.startswith("Not ready. Disk: wrong. Free some space")
    assert told.endswith(" Then: Redis.")


def test_a_look_that_breaks_is_told(machine, monkeypatch):
    monkeypatch.setattr(rehearsal, "look_at_redis", refuse)
    told = before_the_day.conclusion(list(before_the_day.findings([])))
    assert told.startswith("Not ready. Redis: could not be checked (not on this machine).")


def test_the_looks_of_the_landing_page_are_the_same_ones():
    assert before_the_day.look is preflight.look


@pytest.mark.every
@pytest.mark.skipif(os.name == "nt", reason="the browser's stand-in is a program of POSIX")
def test_this_machine_is_tried_out_for_real():
    lab = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1"]
    done = subprocess.run(
        [sys.executable, "-m", "kettle.lessons.before_the_day", *lab], cwd=course.ROOT,
        env={**os.environ, "BROWSER": "true"}, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "Ready.", done.stdout + done.stderr
    assert done.returncode == 0
    assert "not yet for the slow code, right for its fix" in done.stdout

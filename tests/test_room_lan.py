"""A room for other machines: two network namespaces, and a cable between them."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from served_room import LESSON

from kettle.files.course import ROOT

pytestmark = [
    pytest.mark.every,
    pytest.mark.skipif(
        not (sys.platform == "linux" and os.geteuid() == 0 and shutil.which("ip")),
        reason="only root can make machines and a cable, on Linux with `ip`",
    ),
]

TEACHER, LEARNER = "198.51.100.1", "198.51.100.2"  # of a block that is for examples
JOINS = """
import sys, time
from kettle import Lesson
from kettle_room.outbox import Outbox

lesson = Lesson(sys.argv[1])
lesson.join(*sys.argv[2:])
lesson._actions.record("predicted", name="total", value=7)
end = time.monotonic() + 20
while lesson._actions.room and Outbox(lesson._actions.room).waiting() and time.monotonic() < end:
    time.sleep(0.05)
"""
LOOKS = """
import json, sys
from served_room import ServedRoom

room = ServedRoom.__new__(ServedRoom)
room.port, room.secret = int(sys.argv[1]), sys.argv[2]
print(json.dumps(room.people()))
"""


def machine():
    """Start a process whose network is its own, and wait until it has it."""
    here = Path("/proc/self/ns/net").readlink()
    process = subprocess.Popen(["unshare", "-n", "sleep", "300"])
    for _ in range(200):
        if process.poll() is not None:
            pytest.skip("no network namespace can be made here")
        if Path(f"/proc/{process.pid}/ns/net").readlink() != here:
            return process
        time.sleep(0.01)
    raise AssertionError("it got no network of its own")


def on(process, *command):
    """Return a command that runs on a machine."""
    return ["nsenter", "-t", str(process.pid), "-n", *command]


@pytest.fixture
def machines():
    teacher, learner = machine(), machine()
    try:
        cable = f"ip link add kettle0 netns {teacher.pid} type veth peer name kettle0 netns {learner.pid}"
        if subprocess.run(cable.split(), check=False).returncode:
            pytest.skip("no cable can be made here")
        for each, address in ((teacher, TEACHER), (learner, LEARNER)):
            for line in ("link set lo up", f"addr add {address}/24 dev kettle0", "link set kettle0 up"):
                subprocess.run(on(each, "ip", *line.split()), check=True)
        yield teacher, learner
    finally:
        for each in (teacher, learner):
            each.kill()
            each.wait()


@pytest.fixture
def room(machines, tmp_path):
    """Return a function that opens a room on the teacher's machine, with options, and what it prints."""
    opened = []

    def open_room(*options):
        command = on(machines[0], sys.executable, "-m", "kettle_room", "--folder", str(tmp_path / "room"))
        process = subprocess.Popen(
            [*command, "--port", "8877", *options], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        opened.append(process)
        said = ""
        while "Ctrl-C" not in said:
            line = process.stdout.readline()
            assert line, said
            said += line
        return said

    yield open_room
    for each in opened:
        each.kill()
        each.communicate()


def run(where, source, *arguments, **environment):
    more = {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}", **environment}
    command = on(where, sys.executable, "-c", source, *arguments)
    return subprocess.run(
        command, env=os.environ | more, capture_output=True, text=True, timeout=90, check=True
    ).stdout


def join(learner, said, folder, address=f"http://{TEACHER}:8877"):
    code = re.search(r"code +(\S+)", said)[1]
    return run(learner, JOINS, LESSON, address, code, "Ada", KETTLE_PROGRESS=str(folder / "progress"))


def test_another_machine_joins_at_the_address_that_was_printed(machines, room, tmp_path):
    said = room("--lan")
    address = re.search(r"address +(\S+)", said)[1]
    assert address == f"http://{TEACHER}:8877"
    assert "sees you as Ada" in join(machines[1], said, tmp_path, address)
    secret = re.search(r"/teacher#(\S+)", said)[1]
    people = json.loads(run(machines[0], LOOKS, "8877", secret))
    assert people["Ada"]["notebook"].endswith(LESSON), people


def test_without_lan_another_machine_is_told_that_nobody_answers(machines, room, tmp_path):
    told = join(machines[1], room(), tmp_path)
    assert told.startswith(f"Not joined. Nobody answers at http://{TEACHER}:8877/"), told

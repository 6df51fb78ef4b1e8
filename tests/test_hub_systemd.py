"""The hub as deploy/one-server/README.md sets it up, under a real systemd: on a machine that is made here.

That machine is a few processes that see this one's files, and keep what they write for themselves.
"""

import json
import os
import secrets
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import hub as real
import pytest
from browser import copy_course

from kettle.files.course import ROOT

SYSTEMD = Path("/lib/systemd/systemd")
LIMIT = 300  # seconds for the whole day of two learners
COURSE = "/opt/watched-kettle"

pytestmark = [
    pytest.mark.every,
    pytest.mark.skipif(bool(real.missing()), reason=real.missing() or "all is there"),
    pytest.mark.skipif(
        not (sys.platform == "linux" and os.geteuid() == 0 and SYSTEMD.exists() and shutil.which("unshare")),
        reason="only root can make a machine, on Linux with systemd",
    ),
]

# What a machine sees: this one's files below, its own above, and no network but its own loopback.
MAKES = """
set -e
here=$1 course=$2 python=$3 proxy=$4 said=$5
mount --make-rprivate /
mount -t tmpfs tmpfs $here
mkdir $here/above $here/work $here/root
mount -t overlay overlay -o lowerdir=/,upperdir=$here/above,workdir=$here/work $here/root
cd $here/root
ip link set lo up
mount -t proc proc proc
mount --bind proc/sys proc/sys && mount -o remount,bind,ro proc/sys
mount -t sysfs -o ro sysfs sys && mount --rbind /sys/fs/cgroup sys/fs/cgroup
mount --rbind /dev dev
mount -t tmpfs tmpfs run
rm -rf opt/watched-kettle etc/watched-kettle var/lib/watched-kettle var/lib/private said old
mkdir -p opt/watched-kettle etc/watched-kettle usr/local/lib/proxy said old
mkdir -p etc/systemd/system/basic.target.wants
mount --bind $course opt/watched-kettle
mount --bind $python opt/watched-kettle/.venv
mount --bind $proxy usr/local/lib/proxy
mount --bind $said said
ln -sf ../lib/proxy/node_modules/.bin/configurable-http-proxy usr/local/bin/
each=$(dirname $(realpath $python/bin/python))
while [ $each != / ]; do chmod a+rx .$each; each=$(dirname $each); done
cp said/class.toml said/by_script.py etc/watched-kettle/
cp opt/watched-kettle/deploy/one-server/watched-kettle.service etc/systemd/system/
mkdir etc/systemd/system/watched-kettle.service.d
cp said/by_script.conf etc/systemd/system/watched-kettle.service.d/
ln -s ../watched-kettle.service etc/systemd/system/basic.target.wants/
for each in binfmt modules-load udevd udev-trigger sysctl; do
    ln -sf /dev/null etc/systemd/system/systemd-$each.service
done
pivot_root . old && umount -l old
exec env -i container=ours PATH=/usr/local/bin:/usr/bin:/bin /lib/systemd/systemd --system --unit=basic.target
"""
# What is not in deploy/: a script may act for learners, and what the hub says goes where we can read it.
BY_SCRIPT = f"""
import os
load_subconfig("{COURSE}/deploy/one-server/jupyterhub_config.py")
{real.SCRIPT}
"""
DROP_IN = f"""
[Service]
Environment=KETTLE_HUB_TOKEN={{token}}
ExecStart=
ExecStart={COURSE}/.venv/bin/python -m jupyterhub -f /etc/watched-kettle/by_script.py
StandardOutput=append:/said/hub.log
StandardError=append:/said/hub.log
"""
LEARNERS = """
import asyncio, json, sys
from pathlib import Path
from types import SimpleNamespace
import hub as real

right, wrong, _ = real.answers()
running = SimpleNamespace(poll=lambda: None)
there = real.Hub("http://127.0.0.1:8000", sys.argv[1], running, Path(sys.argv[2]), sys.argv[3])
WHO = '''
import getpass, os, pathlib
print(getpass.getuser(), os.getuid(), pathlib.Path.home())
pathlib.Path("/tmp/of-ada").write_text("mine")
'''
LOOKS = '''
import pathlib
def look(path):
    try:
        return sorted(each.name for each in pathlib.Path(path).iterdir())
    except OSError as error:
        return type(error).__name__
print(look("/var/lib/ada"), "of-ada" in look("/tmp"))
'''
TAKES = '''
import subprocess, sys
print(subprocess.run([sys.executable, "-c", "bytearray(1_200_000_000)"]).returncode)
'''

async def after():
    await there.ready()
    async with there.learner("ben") as ben:
        ben.kernel = sys.argv[4]
        return {"still there": await ben.run("print(answer)")}

async def day():
    await there.ready()
    told = {}
    async with there.learner("ada") as ada, there.learner("ben") as ben:
        for each in (ada, ben):
            await each.open_seat()
            await each.open_notebook()
        await ada.run_up_to_the_fix()
        await ada.run("lesson.join()")
        told["wrong"] = await ada.hand_in(wrong)
        told["stuck"] = await there.seen("ada", lambda person: person.get("outcome") == "not yet")
        told["right"] = await ada.hand_in(right)
        told["seen"] = await there.seen("ada", lambda person: person.get("outcome") == "right")
        told["who"] = await ada.run(WHO)
        told["ben sees"] = await ben.run(LOOKS)
        told["takes"] = await ben.run(TAKES)
        told["still there"] = await ben.run("answer = 6 * 7; print(answer)")
        told["kernel"] = ben.kernel
    return told

print(json.dumps(asyncio.run(after() if len(sys.argv) > 4 else day())))
"""


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    folder = tmp_path_factory.mktemp("machine")
    course, said, here = folder / "course", folder / "said", folder / "here"
    for each in (course, said, here):
        each.mkdir()

    def add(folder):
        for name in ("kettle_room", "deploy"):
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))

    copy_course(course, add)
    (course / ".venv").mkdir()
    token = secrets.token_hex(16)
    (said / "class.toml").write_text("teachers = ['grace']\nlearners = ['ada', 'ben']\n")
    (said / "by_script.py").write_text(BY_SCRIPT)
    (said / "by_script.conf").write_text(DROP_IN.format(token=token))
    proxy = Path(real.find_proxy()).absolute().parents[2]
    given = [here, course, sys.prefix, proxy, said]
    log = said / "hub.log"
    with (folder / "made.log").open("w+") as made:
        process = subprocess.Popen(
            ["unshare", "--mount", "--pid", "--net", "--uts", "--ipc", "--fork", "--kill-child",
             "bash", "-c", MAKES, "makes", *map(str, given)],
            stdout=made, stderr=made, start_new_session=True,
        )  # fmt: skip
        try:
            end = time.monotonic() + 60
            while time.monotonic() < end and process.poll() is None and not log.exists():
                time.sleep(0.1)
            if process.poll() is not None:
                pytest.skip(f"no machine can be made here: {(folder / 'made.log').read_text()[-300:]}")
            first = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()[0]
            yield SimpleNamespace(inside=["nsenter", "-t", first], token=token, log=log, course=course)
        finally:
            with suppress(Exception):
                subprocess.run(["nsenter", "-t", first, "-a", "systemctl", "exit"], timeout=30, check=False)
                process.wait(30)
            process.kill()
            process.wait(30)


def learners(machine, *more):
    """Run the script of the learners; return what it tells."""
    given = [machine.token, machine.log, machine.course, *more]
    done = subprocess.run(
        [*machine.inside, "-n", sys.executable, "-c", LEARNERS, *given],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(Path(__file__).parent)])},
        capture_output=True, text=True, check=False, timeout=LIMIT,
    )  # fmt: skip
    assert done.returncode == 0, f"{done.stderr[-2000:]}\n{machine.log.read_text()[-3000:]}"
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def told(machine):
    """Let two learners work for a while."""
    return learners(machine)


def test_a_learner_is_judged_and_seen_in_the_room(told):
    assert told["wrong"].startswith("Not yet.")
    assert told["stuck"]["cause"]
    assert told["right"].startswith("Right.")
    assert told["seen"]["notebook"] == "notebooks/14_one_await_at_a_time"


def test_a_learner_is_a_user_whose_files_nobody_else_sees(told):
    name, number, home = told["who"].split()
    assert (name, home) == ("kettle-ada", "/var/lib/ada")
    assert int(number) > 1000
    assert told["ben sees"].split() == [
        "FileNotFoundError",
        "False",
    ]  # where Ada's link leads, Ben sees nothing


def test_who_takes_more_than_a_gigabyte_loses_that_process_and_nothing_else(told):
    assert told["takes"].strip() == "-9"
    assert told["still there"].strip() == "42"


def test_systemd_keeps_to_the_limits_of_the_class(machine, told):
    names = ("MemoryMax", "CPUQuotaPerSecUSec", "DynamicUser", "PrivateTmp", "NoNewPrivileges", "OOMPolicy")
    asked = ["systemctl", "show", "kettle-ada", *(f"--property={name}" for name in names)]
    shown = subprocess.run([*machine.inside, "-a", *asked], capture_output=True, text=True, check=True).stdout
    assert dict(line.split("=") for line in shown.split()) == {
        "MemoryMax": str(2**30),
        "CPUQuotaPerSecUSec": "2s",
        "DynamicUser": "yes",
        "PrivateTmp": "yes",
        "NoNewPrivileges": "yes",
        "OOMPolicy": "continue",
    }


def test_a_hub_that_is_started_again_leaves_seats_and_kernels_alone(machine, told):
    subprocess.run([*machine.inside, "-a", "systemctl", "restart", "watched-kettle"], check=True, timeout=60)
    assert learners(machine, told["kernel"])["still there"].strip() == "42"

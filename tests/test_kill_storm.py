"""Some kills of the kill storm: a kernel that is killed on its way leaves nothing behind."""

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "benchmarks"))
import kill_storm

pytestmark = pytest.mark.skipif(os.name != "posix", reason="kills with SIGKILL")
KILLS = (  # a pool of the kernel at work, the checking process starting or judging, the database starting
    ("12_cpu_on_the_loop", 9.0),
    ("14_one_await_at_a_time", 13.0),
    ("07_same_answer_again", 6.0),
    ("19_n_plus_one", 2.5),
)
DAEMON = """
import os, time
if os.fork() == 0:
    os.setsid()
    time.sleep(100)
    os._exit(0)
"""


@pytest.mark.every
def test_a_killed_kernel_leaves_nothing():
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda kill: kill_storm.kill_once(*kill), KILLS))
    assert [left for left in found if not left.clean] == []
    assert all(left.where for left in found)


@pytest.mark.every
def test_the_storm_sees_what_is_left(monkeypatch):
    """A fork that leaves its kernel's session carries no mark of ours, only the storm's own."""
    monkeypatch.setattr(kill_storm, "AFTER", 3.0)
    path = "open('kept.ipynb', 'w').close(); open(os.environ['TMPDIR'] + '/file', 'w').close()"
    broken = "os.makedirs('../.kettle'); open('../.kettle/progress.json', 'w').write('{')"
    left = kill_storm.kill_once("07_same_answer_again", 1.5, first=f"{DAEMON}\n{path}\n{broken}")
    assert len(left.processes) == 1
    assert left.files == ["temporary/file"]
    assert left.changed == ["notebooks/kept.ipynb"]
    assert [Path(each).name for each in left.damaged] == ["progress.json"]

"""start.py pack, and --from, through the door, where no network is."""

import os
import re
import shutil
import subprocess
import sys
import types
from pathlib import Path

import pytest
import small_course
from small_course import ROOT, cut_off, environment, make_course, manifest, start

from commands import pack, unpack

POSIX = pytest.mark.skipif(
    os.name == "nt", reason="a uv is linked into place, and the network cut off, as POSIX does"
)
UV = pytest.mark.skipif(not small_course.find_uv(), reason="there is no uv on this machine")
HERE = f"{unpack.this_system()} {unpack.this_python()}"


def test_the_network_is_cut_off():
    """Where it can be; elsewhere proxies lead nowhere."""
    if not cut_off():
        pytest.skip("no network namespace can be made here")
    asked = subprocess.run([*cut_off(), "ip", "route"], capture_output=True, text=True, check=True)
    assert asked.stdout == "", "no way leads out"


# --- through the door, with a small course


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Pack a small course twice, the second time after an interruption; give folders and what was said."""
    course = make_course(tmp_path_factory.mktemp("small"))
    python = sys._base_executable  # it has pip, which uv's environments have not
    if subprocess.run([python, "-m", "pip", "--version"], capture_output=True, check=False).returncode:
        pytest.skip("the Python that this environment was made from has no pip")
    index = {"UV_DEFAULT_INDEX": (course.parent / "index").as_uri()}
    stick = course.parent / "a stick" / "kettle"
    first = start(course, "pack", str(stick), python=python, **index)
    assert first.returncode == 0, first.stdout + first.stderr
    whole = manifest(stick)
    pack.note(stick, {"unfinished": True, "sizes": {"old-1-py3-none-any.whl": None}})
    (stick / "wheels" / "jupyterlab-1-py3-none-any.whl").write_bytes(b"half of")
    (stick / "wheels" / "old-1-py3-none-any.whl").write_bytes(b"of an earlier pack")
    (stick / "wheels" / "for_later-1-py3-none-any.whl").unlink()
    second = start(course, "pack", str(stick), python=python, **index)
    assert second.returncode == 0, second.stdout + second.stderr
    return types.SimpleNamespace(
        course=course, stick=stick, first=first.stdout, second=second.stdout, whole=whole
    )


@POSIX
@UV
def test_sizes_are_told_before_anything_is_written(small):
    names = {"jupyterlab-1-py3-none-any.whl", "for_later-1-py3-none-any.whl", "uv-1-py3-none-any.whl"}
    assert set(small.whole["sizes"]) == names, "and what another patch release of this Python needs"
    size = sum(small.whole["sizes"].values()) / 1e6
    told = small.first.index(f"3 wheels, {size:.1f} MB")
    assert told < small.first.index("Downloading:") < small.first.index("Done.")
    assert f"{HERE.replace(' ', ', Python ')}: nothing is made for it of only-elsewhere" in small.first


@POSIX
@UV
def test_an_interrupted_pack_goes_on(small):
    assert "1 are there already" in small.second
    assert {file.name for file in (small.stick / "wheels").iterdir()} == set(small.whole["sizes"])
    assert manifest(small.stick) == small.whole
    log = (small.course / ".tools" / "set-up.log").read_text()
    assert "Saved" in log
    assert not re.search(r"Saved \S*uv-1", log), "what is there is not fetched again"


@pytest.fixture
def desk(small, tmp_path):
    """Copy the course from the pack to a learner's disk, as a learner does."""
    return Path(shutil.copytree(small.stick / "watched-kettle", tmp_path / "my course"))


@POSIX
@UV
def test_a_pack_sets_the_course_up_where_no_network_is(small, desk):
    before = {file: file.stat().st_mtime_ns for file in small.stick.rglob("*")}
    done = start(desk, "--from", str(small.stick), "--no-browser")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "JupyterLab would open"
    assert {file: file.stat().st_mtime_ns for file in small.stick.rglob("*")} == before, "it may be read-only"
    again = start(desk, "--no-browser")
    assert "Setting the course up" not in again.stdout
    assert again.returncode == 0


@POSIX
@UV
@pytest.mark.parametrize("broken", ["jupyterlab-1-py3-none-any.whl", "uv-1-py3-none-any.whl"])
def test_a_wheel_with_a_wrong_byte_is_not_installed(small, desk, tmp_path, broken):
    stick = tmp_path / "stick"
    shutil.copytree(small.stick, stick, copy_function=os.link)
    file = stick / "wheels" / broken
    data = bytearray(file.read_bytes())
    file.unlink()
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    done = start(desk, "--from", str(stick), "--no-browser")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "Copy that folder again" in done.stderr or "is not the file that is pinned" in done.stderr


# --- the whole course


JUDGE = """
from kettle.lessons.rehearsal import look_at_verdict
print(look_at_verdict())
"""


@POSIX
@UV
@pytest.mark.every
def test_the_whole_course_is_packed_and_set_up_where_no_network_is(tmp_path):
    course, stick, desk = tmp_path / "course", tmp_path / "stick", tmp_path / "desk"
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (course / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, course / name)
    if not course.exists():
        pytest.skip("this copy is no clone, so what belongs to it is not known")
    small_course.commit(course)
    (course / ".tools").mkdir()
    (course / ".tools" / "bin").symlink_to(Path(small_course.find_uv()).parent)
    command = [sys._base_executable, str(course / "start.py"), "pack", str(stick)]
    packed = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    if "could not be downloaded" in packed.stderr:
        pytest.skip("no package index can be reached")
    assert packed.returncode == 0, packed.stdout + packed.stderr
    shutil.copytree(stick / "watched-kettle", desk)
    # a command that ends: `update` sets up, and then runs this
    (desk / "commands" / "update.py").write_text("")
    done = start(desk, "--from", str(stick), "update", python=sys._base_executable)
    assert done.returncode == 0, done.stdout + done.stderr
    judged = subprocess.run(
        [*cut_off(), desk / ".venv" / "bin" / "python", "-c", JUDGE], cwd=desk,
        env=environment(tmp_path), capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert judged.stdout.startswith("ok "), judged.stdout + judged.stderr

"""What start.py pack and --from say to whatever can be wrong, which wheels are taken, and which course."""

import importlib.util
import shutil
import subprocess
import types
from pathlib import Path

import pytest
import small_course
from small_course import ROOT, manifest, start

from commands import pack, pack_course, pack_wheels, unpack

HERE = f"{unpack.this_system()} {unpack.this_python()}"
OTHER = "linux" if unpack.this_system() != "linux" else "windows"


# --- each sentence


@pytest.fixture
def door(tmp_path):
    """Return a start.py as a module, of a course in a folder of its own, in which tools are not run."""
    course = tmp_path / "course"
    course.mkdir()
    for name in ("start.py", "pyproject.toml", *unpack.REQUIREMENTS):
        shutil.copy(ROOT / name, course)
    spec = importlib.util.spec_from_file_location("start_of_a_course", course / "start.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def stick(door, tmp_path):
    """Write a pack that this machine could be set up from, as far as its manifest goes."""
    folder = tmp_path / "stick"
    (folder / "wheels").mkdir(parents=True)
    for name in ("one.whl", "two.whl"):
        (folder / "wheels" / name).write_bytes(b"wheel")
    facts = {"inputs": unpack.inputs_of(door.ROOT), "targets": {HERE: ["one.whl", "two.whl"]}}
    pack.note(folder, facts | {"sizes": {"one.whl": 5, "two.whl": 5}})
    return folder


def changed(folder: Path, **facts) -> None:
    pack.note(folder, manifest(folder) | facts)


def test_from_a_folder_that_is_not_there(door, tmp_path):
    shutil.copytree(ROOT / "commands", door.ROOT / "commands")
    done = start(door.ROOT, "--from", str(tmp_path / "no stick"))
    assert done.returncode == 1
    assert (
        done.stderr.strip()
        == f"There is no folder {tmp_path / 'no stick'}. Is the stick or the share connected?"
    )
    assert not (door.ROOT / ".tools").exists()


def test_a_whole_pack_is_taken(door, stick):
    assert unpack.wheels_in(door, stick, with_tests=False) == stick / "wheels"


@pytest.mark.parametrize(
    ("harm", "sentence"),
    [
        (shutil.rmtree, "There is no folder"),
        (lambda f: (f / "pack.json").unlink(), "is not a folder that start.py pack wrote"),
        (lambda f: (f / "pack.json").write_text('{"inputs": '), "pack.json cannot be read"),
        (lambda f: (f / "pack.json").write_bytes(b"\xff\xfe"), "pack.json cannot be read"),
        (lambda f: (f / "pack.json").write_text("[]"), "does not say what is in it"),
        (lambda f: changed(f, unfinished=True), "start.py pack was interrupted"),
        (lambda f: changed(f, inputs="of another version"), "another version of the course"),
        (lambda f: (f / "wheels" / "one.whl").unlink(), "one.whl is not there, or not whole."),
        (lambda f: shutil.rmtree(f / "wheels"), "one.whl is not there, or not whole, and 1 more."),
        (lambda f: (f / "wheels" / "two.whl").write_bytes(b"whe"), "two.whl is not there, or not whole."),
        (lambda f: changed(f, targets={f"{OTHER} {unpack.this_python()}": []}), "Ask for a pack of your own"),
        (lambda f: changed(f, targets={f"{unpack.this_system()} 3.99": []}), "Install a Python that fits"),
    ],
)  # fmt: skip
def test_a_pack_that_cannot_be_used_says_why(door, stick, harm, sentence):
    harm(stick)
    with pytest.raises(door.Stop) as stopped:
        unpack.wheels_in(door, stick, with_tests=False)
    assert sentence in str(stopped.value)
    assert str(stick) in str(stopped.value)


def test_the_python_that_a_pack_is_for_is_named_where_it_is_here(door, stick, monkeypatch):
    changed(stick, targets={f"{unpack.this_system()} 3.99": []})
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}" if name == "python3.99" else None)
    with pytest.raises(door.Stop, match=r"There is a Python that fits here:  python3\.99 start\.py --from"):
        unpack.wheels_in(door, stick, with_tests=False)


def test_a_pack_brings_no_test_tools_and_sets_up_no_copy_in_itself(door, stick, monkeypatch):
    with pytest.raises(door.Stop, match="A pack has no test tools"):
        unpack.wheels_in(door, stick, with_tests=True)
    door.ROOT.rename(stick / "watched-kettle")
    monkeypatch.setattr(door, "ROOT", stick / "watched-kettle")
    with pytest.raises(door.Stop, match="Copy the folder watched-kettle to your own disk"):
        unpack.wheels_in(door, stick, with_tests=False)


def write_something(folder: Path) -> None:
    folder.mkdir(parents=True)
    folder.joinpath("wheels").mkdir()


def work_in(folder: Path) -> None:
    (folder / "watched-kettle" / ".kettle").mkdir(parents=True)
    pack.note(folder, {})


@pytest.mark.parametrize(
    ("systems", "pythons", "place", "prepare", "sentence"),
    [
        (["beos"], None, "stick", None, "does not know the system beos.\n  It knows: linux, linux-arm"),
        (None, ["3.10"], "stick", None, "--python takes versions from 3.11 on, such as 3.12, and not 3.10."),
        (None, ["3.12.1"], "stick", None, "and not 3.12.1."),
        (None, ["banana"], "stick", None, "and not banana."),
        (None, None, "course/stick", None, "is in the course itself"),
        (None, None, "file", lambda f: f.write_text(""), "something called file that start.py pack did not"),
        (None, None, "stick", write_something, "something called wheels that start.py pack did not write"),
        (None, None, "stick", work_in, "Somebody has worked in"),
    ],
)  # fmt: skip
def test_a_pack_that_makes_no_sense_is_refused(door, tmp_path, systems, pythons, place, prepare, sentence):
    if prepare:
        prepare(tmp_path / place)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(door.Stop) as stopped:
        pack.pack(door, tmp_path / place, systems, pythons)
    assert sentence in str(stopped.value)
    assert sorted(tmp_path.rglob("*")) == before, "nothing is written"


@pytest.fixture
def planned(door, tmp_path, monkeypatch):
    """Let a pack plan one wheel, and give what to pack with."""
    wheel = pack_wheels.Wheel("https://example.invalid/some/thing-1-py3-none-any.whl", 5_000_000, "0" * 64)
    plan = types.SimpleNamespace(found=([wheel], []), folder=tmp_path / "stick")
    monkeypatch.setattr(pack, "find_uv", lambda start: "uv")
    monkeypatch.setattr(pack, "find_pip", lambda start: ["pip"])
    monkeypatch.setattr(pack, "resolve", lambda *_: plan.found)
    monkeypatch.setattr(door, "run", lambda command: (False, "nothing is run"))
    plan.pack = lambda *targets: pack.pack(door, plan.folder, *(targets or (None, None)))
    return plan


def test_what_cannot_be_had_is_named_and_nothing_is_written(door, planned, capsys):
    planned.found = ([], ["thing 1", "other 2"])
    with pytest.raises(door.Stop, match="Nothing was written"):
        planned.pack(["windows"], ["3.15"])
    told = capsys.readouterr().out
    for name in ("thing 1", "other 2"):
        assert f"Not to be had for windows with Python 3.15: {name}\n" in told
    assert not planned.folder.exists()


def test_a_stick_with_too_little_room(door, planned, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: types.SimpleNamespace(free=20_000_000))
    with pytest.raises(door.Stop, match=r"The pack needs 2\d MB more, and 20 MB are free"):
        planned.pack()
    assert not planned.folder.exists()


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("OSError: [Errno 28] No space left on device", "The pack could not be written to"),
        ("PermissionError: [Errno 13] Permission denied", "The pack could not be written to"),
        ("ReadTimeoutError: timed out", "could not be downloaded"),
        ("the moon is in the wrong house", "the moon is in the wrong house"),
    ],
)
def test_a_download_that_fails_says_why_and_is_known_as_unfinished(
    door, planned, monkeypatch, said, sentence
):
    monkeypatch.setattr(door, "run", lambda command: (False, said))
    with pytest.raises(door.Stop) as stopped:
        planned.pack()
    assert sentence in str(stopped.value)
    with pytest.raises(door.Stop, match=r"start\.py pack was interrupted"):
        unpack.wheels_in(door, planned.folder, with_tests=False)


def test_a_stick_that_loses_what_is_written(door, planned, monkeypatch):
    monkeypatch.setattr(door, "run", lambda command: (True, "Saved"))
    with pytest.raises(door.Stop, match=r"thing-1-py3-none-any\.whl did not arrive whole"):
        planned.pack()


def test_a_stick_that_cannot_be_written(door, planned, monkeypatch):
    def refuse(*_, **__):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(pack, "note", refuse)
    with pytest.raises(door.Stop, match=r"could not be written to .*Read-only file system"):
        planned.pack()


# --- which wheels


def test_a_compiled_wheel_comes_first_and_only_what_is_pinned(tmp_path):
    def known(name, size, sha):
        return {"url": f"https://example.invalid/{name}", "size": size, "hashes": {"sha256": sha}}

    pure, broad = (
        known("a-1-py3-none-any.whl", 10, "1"),
        known("a-1-cp312-cp312-macosx_10_13_universal2.whl", 300, "2"),
    )
    exact, strange = (
        known("a-1-cp312-cp312-macosx_11_0_arm64.whl", 200, "3"),
        known("a-1-cp312-abi3-macosx_11_0_arm64.whl", 1, "4"),
    )
    package = {"name": "a", "wheels": [pure, broad, exact, strange]}
    best = pack_wheels.best(package, tmp_path / "pylock.toml", {"1", "2", "3"})
    assert best.url == exact["url"]
    assert best.platforms == {"macosx_11_0_arm64"}
    assert pack_wheels.best({"name": "a", "wheels": [strange]}, tmp_path, {"1"}) is None
    assert pack_wheels.best({"name": "a"}, tmp_path, {"1"}) is None


def test_a_size_that_the_index_does_not_tell_is_asked_for(tmp_path):
    (tmp_path / "a-1-py3-none-any.whl").write_bytes(b"12345")
    package = {"name": "a", "wheels": [{"path": "a-1-py3-none-any.whl", "hashes": {"sha256": "1"}}]}
    found = pack_wheels.best(package, tmp_path / "pylock.toml", {"1"})
    assert found.size == 5
    (tmp_path / "a-1-py3-none-any.whl").unlink()
    unknown = pack_wheels.best(package, tmp_path / "pylock.toml", {"1"})
    assert "1 files whose size the index does not tell" in pack_wheels.megabytes([found, unknown])


def test_each_patch_release_is_thought_of():
    text = "a ; python_full_version < '3.11.5'\nb ; python_full_version >= '3.11.3' and x\n"
    text += "c ; python_full_version < '3.12'\n"
    assert pack_wheels.releases("3.11", text) == ["3.11.0", "3.11.3", "3.11.5"]
    assert pack_wheels.releases("3.12", text) == ["3.12.0"]


def test_two_versions_of_a_package_are_not_downloaded_together():
    wheels = [
        pack_wheels.Wheel(f"https://x.invalid/{name}-py3-none-any.whl", 1, "0")
        for name in ("a-1", "b-1", "a-2")
    ]
    assert [[w.name[:3] for w in share] for share in pack_wheels.shares(wheels)] == [["a-1", "b-1"], ["a-2"]]
    many = [pack_wheels.Wheel(f"https://x.invalid/p{n}-1-py3-none-any.whl", 1, "0") for n in range(40)]
    assert [len(share) for share in pack_wheels.shares(many)] == [32, 8]


PINNED = """# a comment
a==1 ; sys_platform != 'beos' \\
    --hash=sha256:aa
    # via kettle
b-c==2.0 \\
    --hash=sha256:bb
d==3 \\
    --hash=sha256:dd
"""
SAYS = "error: No solution found\n  cause: Because {} and you require it, we can conclude that"


def test_all_that_is_missing_is_named_though_uv_names_one_at_a_time(door, monkeypatch):
    said = iter([SAYS.format("a{sys_platform != 'beos'}==1 has no wheels with a matching platform tag")])
    said = iter([*said, SAYS.format("there is no version of b-c==2.0")])
    asked = []

    def compile_(command):
        asked.append(Path(command[-1]).read_text())
        Path(command[-2]).write_text('[[packages]]\nname = "d"\nversion = "3"\n')
        output = next(said, "")
        return not output, output

    monkeypatch.setattr(door, "run", compile_)
    found = pack_wheels.lock(door, "uv", [], PINNED, set())
    assert found == {"a 1": None, "b-c 2.0": None, "d 3": None}
    assert asked[-1] == "# a comment\nd==3 \\\n    --hash=sha256:dd\n"
    monkeypatch.setattr(door, "run", lambda command: (False, SAYS.format("there is no version of z==1")))
    with pytest.raises(door.Stop, match="no version of z==1"):
        pack_wheels.lock(door, "uv", [], PINNED, set())


# --- the course in a pack


@pytest.mark.parametrize(
    ("address", "given"),
    [
        ("https://somebody:secret@example.org/kettle.git", "https://example.org/kettle.git"),
        ("https://token@example.org:8443/kettle.git", "https://example.org:8443/kettle.git"),
        ("https://example.org/kettle.git", "https://example.org/kettle.git"),
        ("git@example.org:me/kettle.git", "git@example.org:me/kettle.git"),
        ("/some/where/kettle", ""),
        ("C:\\Users\\ines\\kettle", ""),
        ("file:///some/where", ""),
        ("", ""),
    ],
)
def test_no_password_and_no_folder_is_handed_on(address, given):
    assert pack_course.without_password(address) == given


def git(folder: Path, *words: str) -> str:
    command = [
        "git",
        "-c",
        "user.name=test",
        "-c",
        "user.email=test@example.invalid",
        "-C",
        str(folder),
        *words,
    ]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def teachers(door, tmp_path):
    """Make the course a clone, in which an update has committed the teacher's own answer."""
    notebook = door.ROOT / "notebooks" / "01_one.ipynb"
    notebook.parent.mkdir()
    notebook.write_text("the starter")
    small_course.commit(door.ROOT)
    git(tmp_path, "clone", "-q", "--bare", str(door.ROOT), "upstream")
    git(door.ROOT, "remote", "add", "origin", str(tmp_path / "upstream"))
    git(door.ROOT, "fetch", "-q", "origin")
    git(door.ROOT, "branch", "-q", "--set-upstream-to", "origin/main")
    notebook.write_text("an answer")
    git(door.ROOT, "commit", "-qam", "an update committed this")
    notebook.write_text("a newer answer")
    return door


def test_a_clone_is_packed_without_the_answers_of_its_teacher(teachers, tmp_path, capsys):
    pack_course.copy_course(teachers, tmp_path)
    copy = tmp_path / "watched-kettle"
    assert (copy / "notebooks" / "01_one.ipynb").read_text() == "the starter"
    assert "Your answers in notebooks" in capsys.readouterr().out
    assert git(copy, "status", "--porcelain", "--branch") == "## main"
    assert git(copy, "remote") == "", "a folder of this machine is nobody's origin"
    git(teachers.ROOT, "remote", "set-url", "origin", "https://me:secret@example.org/kettle.git")
    pack_course.copy_course(teachers, tmp_path)
    assert git(copy, "remote", "get-url", "origin") == "https://example.org/kettle.git"
    files = [file for file in (copy / ".git").rglob("*") if file.is_file()]
    assert not [file for file in files if b"secret" in file.read_bytes()]
    assert git(copy, "show", "@{upstream}:notebooks/01_one.ipynb") == "the starter", "a reset asks there"


def test_a_course_that_its_teacher_has_changed_is_packed_so(teachers, tmp_path):
    (teachers.ROOT / "extra.md").write_text("for this room")
    git(teachers.ROOT, "add", "extra.md")
    git(teachers.ROOT, "commit", "-qm", "for this room")
    pack_course.copy_course(teachers, tmp_path)
    copy = tmp_path / "watched-kettle"
    assert (copy / "extra.md").read_text() == "for this room"
    assert (copy / "notebooks" / "01_one.ipynb").read_text() == "an answer", "as it is committed"


def test_pins_that_are_not_committed_are_not_packed(teachers, tmp_path):
    with (teachers.ROOT / "requirements.txt").open("a") as file:
        file.write("\n# a change\n")
    with pytest.raises(teachers.Stop, match=r"requirements\.txt has changes that are not committed"):
        pack.check(teachers, tmp_path / "stick", ["linux"], ["3.12"])


def test_without_git_the_starters_are_packed(door, tmp_path):
    for place, text in (
        ("notebooks", "an answer"),
        (".kettle/pristine/notebooks", "the starter"),
        (".venv", ""),
    ):
        (door.ROOT / place).mkdir(parents=True)
        (door.ROOT / place / "01_one.ipynb").write_text(text)
    pack_course.copy_course(door, tmp_path)
    copy = tmp_path / "watched-kettle"
    assert (copy / "notebooks" / "01_one.ipynb").read_text() == "the starter"
    assert {path.name for path in copy.iterdir()} == {
        "start.py", "pyproject.toml", "notebooks", *unpack.REQUIREMENTS,
    }  # fmt: skip

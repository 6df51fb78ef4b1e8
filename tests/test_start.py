"""start.py, through its door: a subprocess, in a copy of the course, with tools that are made to fail."""

import ast
import contextlib
import io
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import time
import urllib.request
from pathlib import Path

import pytest

from kettle.files import notebook

ROOT = Path(__file__).resolve().parent.parent
POSIX = pytest.mark.skipif(os.name == "nt", reason="the stand-ins for uv and Python are shell scripts")
COMPILED = shutil.ignore_patterns("__pycache__")
FAKE_UV = """#!/bin/sh
echo "uv $*" >> {calls}
env | grep -E '^(UV_|PIP_)' >> {calls}
case "$1" in
venv) rm -rf .venv; mkdir -p .venv/bin; cp {python} .venv/bin/python ;;
*) {behaviour} ;;
esac
"""
FAKE_PYTHON = """#!/bin/sh
case "$2" in
{stands_in_for}) echo "$PWD"; echo "python $*" ;;
*) exec {real} "$@" ;;
esac
"""


class Copy:
    """A copy of what start.py works on, in a folder whose name has a space, with a uv of its own on PATH."""

    def __init__(self, folder: Path):
        self.folder, self.tools, self.calls = folder / "a course", folder / "tools", folder / "calls"
        self.home = folder / "home"
        for made in (self.folder / "kettle", self.folder / "notebooks", self.tools, self.home):
            made.mkdir(parents=True)
        for name in ("start.py", "pyproject.toml", *(file.name for file in ROOT.glob("requirements*.txt"))):
            shutil.copy(ROOT / name, self.folder)
        shutil.copytree(ROOT / "settings", self.folder / "settings")
        (self.folder / "kettle" / "__init__.py").write_text('"""A stand-in."""\n')
        shutil.copytree(ROOT / "kettle" / "files", self.folder / "kettle" / "files", ignore=COMPILED)
        shutil.copytree(ROOT / "commands", self.folder / "commands", ignore=COMPILED)
        self.path = f"{self.tools}{os.pathsep}/usr/bin{os.pathsep}/bin"
        self.fake_uv()

    def fake_uv(self, behaviour: str = "true", stands_in_for: str = "*jupyterlab*|pytest") -> None:
        """Put a uv on PATH that makes a Python of shell, and behaves as told when it installs."""
        python = self.tools / "python-for-venv"
        real = shlex.quote(sys.executable)
        python.write_text(FAKE_PYTHON.format(real=real, stands_in_for=stands_in_for))
        quoted = {"calls": shlex.quote(str(self.calls)), "python": shlex.quote(str(python))}
        uv = self.tools / "uv"
        uv.write_text(FAKE_UV.format(behaviour=behaviour, **quoted))
        for made in (python, uv):
            made.chmod(0o755)

    def environment(self, **changes: str) -> dict[str, str]:
        """Return an environment in which no tool is set up by whoever runs the tests."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("UV_", "PIP_", "JUPYTER", "PYTEST", "COV_", "KETTLE", "PYTHON"))
        }
        return kept | {"PATH": self.path, "HOME": str(self.home)} | changes

    def command(self, *arguments: str, python: str = sys.executable) -> list[str]:
        return [python, str(self.folder / "start.py"), *arguments]

    def start(
        self, *arguments: str, python: str = sys.executable, cwd: Path | None = None, **environment: str
    ):
        """Run start.py to its end."""
        return subprocess.run(
            self.command(*arguments, python=python),
            cwd=cwd or self.folder,
            env=self.environment(**environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def installs(self) -> list[str]:
        """Return the calls that installed something, and forget them."""
        text = self.calls.read_text() if self.calls.exists() else ""
        self.calls.write_text("")
        return [line for line in text.splitlines() if line.startswith("uv pip")]

    def shadow(self, module: str, source: str) -> str:
        """Return a PYTHONPATH on which a module is found before the real one."""
        shadows = self.folder.parent / "shadows"
        shadows.mkdir(exist_ok=True)
        (shadows / f"{module}.py").write_text(source)
        return str(shadows)


@pytest.fixture
def copy(tmp_path):
    return Copy(tmp_path)


def said(done: subprocess.CompletedProcess) -> str:
    """Return what a failing start said; it must be a sentence, not a traceback."""
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    return done.stderr


# --- set-up


@POSIX
def test_sets_up_once_and_opens_the_lab_in_its_own_folder(copy, tmp_path):
    first = copy.start("--no-browser", cwd=tmp_path)
    assert first.returncode == 0, first.stderr
    assert "Setting the course up" in first.stdout
    place, command = first.stdout.splitlines()[-2:]
    assert Path(place).samefile(copy.folder)
    assert "from jupyterlab.labapp import main; sys.exit(main()) --ServerApp.ip=127.0.0.1" in command
    assert "sys.modules['rfc3987_syntax'] = None; from" in command, "which takes longer than all the rest"
    assert f"--ServerApp.root_dir={copy.folder}" in command
    assert command.endswith(("--no-browser", "--no-browser --allow-root"))
    pinned, course = copy.installs()
    assert "--require-hashes" in pinned
    assert pinned.endswith("requirements.txt")
    assert "--no-deps --no-build-isolation -e" in course
    second = copy.start("--no-browser")
    assert "Setting the course up" not in second.stdout
    assert copy.installs() == []


@POSIX
@pytest.mark.parametrize(
    ("typed", "runs"),
    [
        (("room",), "python -m kettle_room"),
        (("room", "--lan", "--port", "8000"), "python -m kettle_room --lan --port 8000"),
        (("--port", "8000", "room"), "python -m kettle_room --port 8000"),
    ],
    ids=" ".join,
)
def test_room_is_served_with_what_was_typed(copy, typed, runs):
    copy.fake_uv(stands_in_for="kettle_room")
    done = copy.start(*typed)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == runs


@POSIX
def test_each_step_of_a_set_up_is_a_line_also_where_there_is_no_terminal(copy):
    done = copy.start("test")
    told = [line.strip().partition(" ")[0] for line in done.stdout.splitlines()]
    steps = ["Setting", "Environment:", "Packages:", "The", "Done.", "Running"]
    assert [word for word in told if word in steps] == steps
    assert told[: len(steps)] == steps, "a line a step, and no flood"
    again = copy.start("test").stdout
    assert "Packages:" not in again


def test_uv_is_fetched_with_its_hashes_where_there_is_none(copy):
    shutil.rmtree(copy.tools)
    copy.tools.mkdir()
    record = copy.folder.parent / "pip calls"
    shadow = copy.shadow("venv", "raise SystemExit('enough')")
    copy.shadow("pip", f"import sys; open({str(record)!r}, 'a').write(' '.join(sys.argv[1:]) + '\\n')")
    copy.start("--no-browser", PATH=str(copy.tools), PYTHONPATH=shadow)
    (fetched, *_) = [line for line in record.read_text().splitlines() if "--target" in line]
    assert "--require-hashes" in fetched
    assert fetched.endswith("requirements-setup.txt")
    assert " uv" not in fetched, "only what is pinned"


@POSIX
def test_reset_works_in_an_archive_that_was_unpacked(tmp_path):
    """What a learner has who pressed Download: no git, and notebooks that only the archive knew."""
    copy = Copy(tmp_path)
    shutil.rmtree(copy.folder)
    unpack(copy.folder)
    lesson = sorted((copy.folder / "notebooks").glob("[0-9][0-9]_*.ipynb"))[1]
    starter = lesson.read_bytes()
    assert copy.start("--no-browser").returncode == 0
    lesson.write_bytes(b"an edit")
    assert copy.start("--no-browser").returncode == 0
    kept = notebook.reset(lesson, lesson.stem, "lesson", copy.folder)
    assert (lesson.read_bytes(), kept.read_bytes()) == (starter, b"an edit")
    # A newer archive is unpacked over the folder: its starters are the ones to go back to.
    lesson.write_bytes(b"the new starter")
    (copy.folder / "kettle" / "files" / "revision.txt").write_text("another commit")
    assert copy.start("--no-browser").returncode == 0
    lesson.write_bytes(b"an edit of that")
    notebook.reset(lesson, lesson.stem, "lesson", copy.folder)
    assert lesson.read_bytes() == b"the new starter"


def unpack(folder: Path) -> None:
    """Unpack an archive of the course as it is now, as git makes it for a download."""
    git = ["git", "-c", "user.name=test", "-c", "user.email=test@example.invalid", "-C", ROOT]
    if not (ROOT / ".git").exists():
        pytest.skip("this copy is an archive itself")
    now = subprocess.run([*git, "stash", "create"], capture_output=True, text=True, check=True).stdout.strip()
    archive = subprocess.run([*git, "archive", now or "HEAD"], capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(folder, filter="data")
    assert "$Format" not in (folder / "kettle" / "files" / "revision.txt").read_text(), (
        "git writes the commit"
    )


@POSIX
def test_tests_bring_their_tools_and_pass_on_what_they_are_told(copy):
    copy.start("--no-browser")
    copy.installs()
    done = copy.start("test", "-k", "some thing", "--help")
    assert done.stdout.splitlines()[-1] == "python -m pytest -n 4 --dist loadscope -k some thing --help"
    assert copy.installs()[0].endswith("requirements-test.txt")
    copy.start("--no-browser")
    assert copy.installs() == [], "the learner's requirements are among those of the tests"


@POSIX
@pytest.mark.parametrize("arguments", [("test",), ("--no-browser",)])
def test_what_it_starts_runs_with_assertions(copy, arguments):
    (copy.tools / "python-for-venv").write_text('#!/bin/sh\necho "assertions: ${PYTHONOPTIMIZE:-on}"\n')
    done = copy.start(*arguments, PYTHONOPTIMIZE="1")
    assert done.stdout.splitlines()[-1] == "assertions: on", done.stdout + done.stderr


@POSIX
def test_what_it_starts_finds_the_tools_of_the_environment(copy):
    (copy.tools / "python-for-venv").write_text('#!/bin/sh\necho "first: ${PATH%%:*}"\n')
    done = copy.start("--no-browser")
    expected = f"first: {copy.folder / '.venv' / 'bin'}"
    assert done.stdout.splitlines()[-1] == expected, done.stdout + done.stderr


@POSIX
@pytest.mark.parametrize("changed", ["requirements.txt", "settings/jupyter_lab_config.json", "folder"])
def test_sets_up_again_when_what_it_is_made_from_changes(copy, changed):
    copy.start("--no-browser")
    copy.installs()
    if changed == "folder":
        copy.folder = copy.folder.rename(copy.folder.with_name("moved"))
    else:
        file = copy.folder / changed
        file.write_text(file.read_text() + "\n")
    assert copy.start("--no-browser").returncode == 0
    assert len(copy.installs()) == 2


@POSIX
def test_an_environment_that_is_broken_is_made_anew(copy):
    copy.start("--no-browser")
    python = copy.folder / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to("/nowhere/python3")
    assert copy.start("--no-browser").returncode == 0


@POSIX
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_set_up_that_was_interrupted_is_done_again(copy, how):
    copy.fake_uv('touch "$HOME/busy"; exec sleep 60')
    started = subprocess.Popen(
        copy.command("--no-browser"), cwd=copy.folder, env=copy.environment(), start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    wait_for((copy.home / "busy").exists)
    os.killpg(started.pid, how)  # as a terminal does
    output, _ = started.communicate(timeout=30)
    assert "Traceback" not in output
    if how == signal.SIGINT:
        assert started.returncode == 130
        assert "Stopped." in output
    copy.installs()
    copy.fake_uv()
    assert copy.start("--no-browser").returncode == 0
    assert all("--reinstall" in call for call in copy.installs())
    copy.start("--no-browser")
    assert copy.installs() == []


@POSIX
def test_update_runs_the_file_in_kettle_and_sets_up_what_came(copy):
    came = "print('brought')\nopen('requirements.txt', 'a').write('\\n')\n"
    (copy.folder / "commands" / "update.py").write_text(came)
    done = copy.start("update", cwd=copy.home)
    assert done.returncode == 0, done.stderr
    assert "brought" in done.stdout.splitlines()
    assert len(copy.installs()) == 4, "once before the update, once after it"


@POSIX
def test_preflight_sets_up_and_tries_out_the_lab_that_would_open(copy):
    copy.fake_uv(stands_in_for="*jupyterlab*|*before_the_day")
    tried = copy.start("preflight").stdout.splitlines()[-1]
    assert len(copy.installs()) == 2
    opened = copy.start("--no-browser").stdout.splitlines()[-1]
    name, _, lab = tried.partition(" -m kettle.lessons.before_the_day ")
    assert name == "python"
    assert lab == f"{copy.folder / '.venv' / 'bin' / 'python'} {opened.partition(' ')[2]}"


@POSIX
def test_uv_and_pip_are_set_up_as_the_user_has_it(copy):
    copy.start("--no-browser")
    assert re.search("^UV_SYSTEM_CERTS=true$", copy.calls.read_text(), re.MULTILINE)
    shutil.rmtree(copy.folder / ".venv")
    copy.start("--no-browser", UV_SYSTEM_CERTS="false", PIP_INDEX_URL="http://127.0.0.1:1/mine")
    calls = copy.calls.read_text()
    assert "UV_SYSTEM_CERTS=false" in calls
    assert "UV_DEFAULT_INDEX=http://127.0.0.1:1/mine" in calls


@POSIX
def test_pip_installs_where_uv_cannot(copy):
    copy.fake_uv("echo 'no index that uv knows of'; exit 2")
    record = copy.folder.parent / "pip calls"
    shadow = copy.shadow(
        "pip", f"import sys; open({str(record)!r}, 'a').write(' '.join(sys.argv[1:]) + '\\n')"
    )
    assert copy.start("--no-browser", PYTHONPATH=shadow).returncode == 0
    installs = [line for line in record.read_text().splitlines() if line.startswith("--python")]
    assert len(installs) == 2
    assert "--require-hashes" in installs[0]


# --- sentences


def old_pythons() -> list:
    """Return the Pythons older than 3.11 that are on this machine, as parameters."""
    found = [*Path.home().glob(".pyenv/versions/*/bin/python"), *map(shutil.which, ("python2", "python3.9"))]
    answers = {}
    for path in filter(None, found):
        asked = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
        version = re.match(r"Python ((2|3)\.(\d+)\.\d+)", asked.stdout + asked.stderr)
        if version and (version[2] == "2" or int(version[3]) < 11):
            answers[version[1]] = str(path)
    return [pytest.param(path, id=version) for version, path in sorted(answers.items())]


@pytest.mark.parametrize("python", old_pythons())
def test_an_old_python_gets_a_sentence(copy, python):
    assert "The course needs Python 3.11 or newer, and this is Python" in said(copy.start(python=python))


def test_a_python_said_to_be_old_is_told_of_a_newer_one(copy):
    newer = copy.tools / "python3.13"
    newer.write_text("#!/bin/sh\n")
    newer.chmod(0o755)
    pretend = "import runpy, sys; sys.version_info = (3, 9, 6, 'final', 0); runpy.run_path(sys.argv[1])"
    done = subprocess.run(
        [sys.executable, "-c", pretend, copy.folder / "start.py"],
        env=copy.environment(PATH=str(copy.tools)), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "this is Python 3.9.6." in said(done)
    if os.name != "nt":
        assert "python3.13 start.py" in done.stderr


def test_every_python_3_can_read_start():
    ast.parse((ROOT / "start.py").read_text(encoding="ascii"), feature_version=(3, 4))


def test_help_is_readable_and_starts_nothing(copy):
    done = copy.start("--help")
    assert done.returncode == 0
    for word in ("test", "update", "pack", "preflight", "--port", "--no-browser", "--from"):
        assert word in done.stdout
    assert not (copy.folder / ".tools").exists()


def test_a_misspelt_option_is_refused_before_anything_is_done(copy):
    assert copy.start("--prot", "8000").returncode == 2
    assert not (copy.folder / ".tools").exists()


@POSIX
@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        ("error: failed to write: No space left on device (os error 28)", "The disk is full"),
        ("error: Failed to fetch: `x` Caused by: dns error: failed to lookup", "could not be downloaded"),
        ("Caused by: invalid peer certificate: UnknownIssuer", "its certificate is not trusted"),
        ("error: Permission denied (os error 13)", "cannot write in its own folder"),
        ("error: the moon is in the wrong house", "the moon is in the wrong house"),
    ],
)
def test_a_set_up_that_fails_says_why(copy, message, sentence):
    copy.fake_uv(f"echo {shlex.quote(message)}; exit 2")
    shadow = copy.shadow("pip", "raise SystemExit('No module named pip')")
    assert sentence in said(copy.start(PYTHONPATH=shadow))
    assert message in (copy.folder / ".tools" / "set-up.log").read_text()


def test_neither_uv_nor_pip_nor_venv(copy):
    shadow = copy.shadow("pip", "raise SystemExit('No module named pip')")
    copy.shadow("venv", "raise SystemExit('ensurepip is not available')")
    sentence = said(copy.start(PATH=str(copy.home), PYTHONPATH=shadow))
    assert "sudo apt install python3-venv" in sentence


@pytest.mark.parametrize("tool", ["uv", "pip"])
def test_no_network_with_the_real_tools(copy, tool):
    nowhere = "http://127.0.0.1:9/simple"
    shutil.rmtree(copy.tools)
    copy.tools.mkdir()
    if tool == "uv":
        uv = shutil.which("uv") or shutil.which("uv", path=ROOT / ".tools" / "bin")
        if not uv:
            pytest.skip("there is no uv on this machine")
        (copy.tools / Path(uv).name).symlink_to(uv)
    quick = {"UV_HTTP_RETRIES": "0", "PIP_RETRIES": "1", "PIP_CONFIG_FILE": os.devnull}
    python = sys._base_executable if tool == "pip" else sys.executable
    done = copy.start(
        python=python,
        PATH=str(copy.tools),
        PIP_INDEX_URL=nowhere,
        UV_CACHE_DIR=str(copy.home / "uv"),
        **quick,
    )
    assert "could not be downloaded" in said(done)


def test_a_disk_with_too_little_room(copy):
    little = "import shutil; shutil.disk_usage = lambda path: type('', (), {'free': 3e8, 'total': 1e12})"
    shadow = copy.shadow("sitecustomize", little)
    assert "0.3 GB are free" in said(copy.start(PYTHONPATH=shadow))
    assert not (copy.folder / ".venv").exists()


def test_a_folder_that_cannot_be_written(copy):
    refusing = """
import errno, pathlib
def refuse(path, **_): raise PermissionError(errno.EACCES, "Permission denied", path)
pathlib.Path.mkdir = refuse
"""
    shadow = copy.shadow("sitecustomize", refusing)
    assert "cannot write in its own folder" in said(copy.start(PYTHONPATH=shadow))


@POSIX
def test_a_port_in_use(copy):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"Port {port} is in use." in said(copy.start("--port", str(port)))


# --- JupyterLab, really


def wait_for(condition, seconds: float = 60):
    """Wait until a condition holds, and return what it returned; fail after some seconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.05)
    pytest.fail("waited in vain")


@pytest.fixture
def lab(copy):
    """Start JupyterLab by start.py, as this environment has it; give the process, its log, its address."""
    copy.fake_uv(stands_in_for="nothing")
    for name in ("checks", "tests", ".kettle"):
        (copy.folder / name).mkdir()
    log = copy.folder.parent / "log"
    with log.open("w") as output:
        process = subprocess.Popen(
            copy.command("--no-browser"), cwd=copy.home, env=copy.environment(), start_new_session=True,
            stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
    address = re.compile(r"(http://127\.0\.0\.1:\d+)(/\S*)\?token=(\w+)")
    try:
        yield process, log, wait_for(lambda: address.search(log.read_text()))
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


def get(address: re.Match, path: str) -> str:
    """Return what the server says to a path."""
    request = urllib.request.Request(f"{address[1]}{path}", headers={"Authorization": f"token {address[3]}"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.read().decode()


@POSIX
def test_the_lab_opens_on_the_landing_page_with_the_courses_settings(lab):
    process, log, address = lab
    assert address[2] == "/lab/tree/notebooks/00_start_here.ipynb"
    shown = {entry["name"] for entry in json.loads(get(address, "/api/contents"))["content"]}
    assert shown == {"notebooks"}
    config = re.compile(r'<script id="jupyter-config-data"[^>]*>(.*?)</script>', re.DOTALL)
    page = config.search(get(address, "/lab"))
    disabled = " ".join(json.loads(page[1])["disabledExtensions"])
    for extension in ("announcements", "debugger", "extensionmanager", "lsp"):
        assert extension in disabled
    for plugin, name, value in (
        ("notebook-extension:tracker", "autoStartDefaultKernel", True),
        ("apputils-extension:notification", "fetchNews", "false"),
        ("apputils-extension:notification", "checkForUpdates", False),
    ):
        settings = json.loads(get(address, f"/lab/api/settings/@jupyterlab/{plugin}"))
        assert settings["schema"]["properties"][name]["default"] == value
    os.killpg(process.pid, signal.SIGINT)  # Ctrl-C
    assert process.wait(30) == 0
    assert "Traceback" not in log.read_text()

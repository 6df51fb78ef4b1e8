"""A course of a few files, its packages made by hand, to pack and to set up where there is no network."""

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BACKEND = """
import zipfile
def build_editable(folder, settings=None, metadata=None):
    name = "small_course-1-py3-none-any.whl"
    about = "small_course-1.dist-info/"
    with zipfile.ZipFile(folder + "/" + name, "w") as wheel:
        wheel.writestr(about + "METADATA", "Metadata-Version: 2.1\\nName: small-course\\nVersion: 1\\n")
        wheel.writestr(about + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(about + "RECORD", "")
    return name
"""
PROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "small-course"
version = "1"
dependencies = ["jupyterlab", "only-elsewhere; sys_platform == 'plan9'"]
"""
LAB = "def main():\n    print('JupyterLab would open')\n"


def find_uv() -> str | None:
    """Return a uv of this machine."""
    return shutil.which("uv", path=ROOT / ".tools" / "bin") or shutil.which("uv")


def wheel(folder: Path, name: str, files: dict[str, bytes], tag: str = "py3-none-any") -> str:
    """Put a wheel into a package index that is a folder; return its line for a requirements file."""
    about = f"{name}-1.dist-info"
    files |= {
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n".encode(),
        f"{about}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n".encode(),
    }
    record = [f"{path},sha256={digest(data)},{len(data)}\n" for path, data in files.items()]
    page = folder / name.replace("_", "-") / "index.html"
    page.parent.mkdir(parents=True)
    file = page.with_name(f"{name}-1-{tag}.whl")
    with zipfile.ZipFile(file, "w") as written:
        for path, data in files.items():
            written.writestr(path, data)
        written.writestr(f"{about}/RECORD", "".join(record) + f"{about}/RECORD,,\n")
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    page.write_text(f'<a href="{file.name}#sha256={sha256}">{file.name}</a>')
    return f"{name}==1 --hash=sha256:{sha256}\n"


def digest(data: bytes) -> str:
    """Return a hash as RECORD spells it."""
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def make_course(folder: Path) -> Path:
    """Make a course, committed, and beside it an index with the wheels that it pins; return the course."""
    course, index = folder / "the course", folder / "index"
    (course / "settings").mkdir(parents=True)
    shutil.copy(ROOT / "start.py", course)
    shutil.copytree(ROOT / "commands", course / "commands", ignore=shutil.ignore_patterns("__pycache__"))
    (course / "pyproject.toml").write_text(PROJECT)
    (course / "backend.py").write_text(BACKEND)
    (course / ".gitignore").write_text(".venv/\n.tools/\n.kettle/\n__pycache__/\n")
    lines = [
        wheel(index, "jupyterlab", {"jupyterlab/__init__.py": b"", "jupyterlab/labapp.py": LAB.encode()})
    ]
    lines += [
        wheel(index, "for_later", {"for_later.py": b""}).replace(
            "==1", "==1 ; python_full_version < '3.11.2'"
        )
    ]
    lines += ["only_elsewhere==1 ; sys_platform == 'plan9' --hash=sha256:" + "0" * 64 + "\n"]
    (course / "requirements.txt").write_text("".join(lines))
    uv = Path(find_uv())
    (course / "requirements-setup.txt").write_text(
        wheel(index, "uv", {f"uv-1.data/scripts/{uv.name}": uv.read_bytes()})
    )
    commit(course)
    tools = course / ".tools" / "bin"
    tools.mkdir(parents=True)
    (tools / uv.name).symlink_to(uv)
    return course


def commit(course: Path) -> None:
    """Commit all that is in a folder, in a repository of its own."""
    git = ["git", "-c", "user.name=test", "-c", "user.email=test@example.invalid", "-C", str(course)]
    for words in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-qm", "the course"]):
        subprocess.run([*git, *words], check=True, capture_output=True)


def environment(folder: Path, **changes: str) -> dict[str, str]:
    """Return an environment in which no tool is set up by a tester, and proxies lead nowhere."""
    strange = ("UV_", "PIP_", "JUPYTER", "PYTEST", "COV_", "KETTLE", "PYTHON", "VIRTUAL_ENV")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(strange)}
    nowhere = dict.fromkeys(
        ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"), "http://127.0.0.1:9"
    )
    own = {
        "PATH": "/usr/bin:/bin",
        "PIP_CONFIG_FILE": os.devnull,
        "UV_NO_CONFIG": "1",
        "UV_HTTP_RETRIES": "0",
    }
    own |= {"UV_CACHE_DIR": str(folder / "cache"), "UV_COMPILE_BYTECODE": "0", "UV_PYTHON_DOWNLOADS": "never"}
    return kept | nowhere | own | changes


def cut_off() -> list[str]:
    """Return what a command begins with that is to have no network; nothing where that cannot be."""
    for unshare in (["unshare", "-n"], ["unshare", "-rn"]):
        command = [*unshare, "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
        try:
            if not subprocess.run([*command, "true"], capture_output=True, check=False).returncode:
                return command
        except OSError:
            break
    return []


def start(
    course: Path, *arguments: str, python: str = sys.executable, **changes: str
) -> subprocess.CompletedProcess:
    """Run a course's start.py to its end, with no network."""
    return subprocess.run(
        [*cut_off(), python, str(course / "start.py"), *arguments],
        env=environment(course.parent, **changes), cwd=course.parent, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip


def manifest(pack: Path) -> dict:
    """Return what a pack says of itself."""
    return json.loads((pack / "pack.json").read_text())

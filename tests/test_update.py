"""start.py update: with a real repository on the other side, and edits on both."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from commands.update import NOT_CLONED, Unable, update

ROOT = Path(__file__).resolve().parent.parent
LESSON = "notebooks/07_same_answer_again.ipynb"


def git(folder: Path, *arguments: str) -> str:
    """Run git as somebody whose name and whose settings do not matter."""
    someone = [
        "-c",
        "user.name=Someone",
        "-c",
        "user.email=someone@example.org",
        "-c",
        "commit.gpgsign=false",
    ]
    done = subprocess.run(
        ["git", *someone, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def notebook(*sources: str, outputs: str = "") -> str:
    """Return a notebook's text with these code cells, written as JupyterLab writes it."""
    cells = [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": f"cell-{number}",
            "metadata": {},
            "outputs": [{"name": "stdout", "output_type": "stream", "text": [outputs]}] if outputs else [],
            "source": source.splitlines(keepends=True),
        }
        for number, source in enumerate(sources)
    ]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1) + "\n"


def sources(file: Path) -> list[str]:
    """Return the code of a notebook's cells."""
    return ["".join(cell["source"]) for cell in json.loads(file.read_text())["cells"]]


class Repository:
    """The course's repository, and a learner's clone of it."""

    def __init__(self, folder: Path):
        self.remote, self.course, self.mine = folder / "remote.git", folder / "course", folder / "my clone"
        git(folder, "init", "--quiet", "--bare", "--initial-branch=main", str(self.remote))
        git(folder, "clone", "--quiet", str(self.remote), str(self.course))
        git(self.course, "checkout", "--quiet", "-B", "main")
        self.publish({LESSON: notebook("first = 1", "slow = 2", "last = 3"), ".gitignore": ".kettle/\n"})
        git(folder, "clone", "--quiet", str(self.remote), str(self.mine))

    def publish(self, files: dict[str, str | None]) -> None:
        """Bring files to the course's repository; None takes one away."""
        for name, text in files.items():
            file = self.course / name
            if text is None:
                file.unlink()
            else:
                file.parent.mkdir(exist_ok=True)
                file.write_text(text)
        git(self.course, "add", "--all")
        git(self.course, "commit", "--quiet", "-m", "more")
        git(self.course, "push", "--quiet", "origin", "main")


@pytest.fixture
def repository(tmp_path, monkeypatch):
    if not shutil.which("git"):
        pytest.skip("there is no git on this machine")
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)  # of a hook that runs the tests, say
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    return Repository(tmp_path)


def test_new_lessons_come_and_are_named(repository):
    repository.publish({"notebooks/08_new.ipynb": notebook("new = 1"), "kettle/new.py": "new = 1\n"})
    assert update(repository.mine) == ["2 files were updated.", "New: notebooks/08_new.ipynb"]
    assert (repository.mine / "notebooks/08_new.ipynb").exists()
    assert update(repository.mine) == ["Nothing new: the course is up to date."]


def test_edits_on_both_sides_of_one_notebook(repository):
    mine = repository.mine / LESSON
    mine.write_text(notebook("first = 1", "slow = 'mine'", "last = 3"))
    repository.publish({LESSON: notebook("first = 'theirs'", "slow = 2", "last = 3")})
    told = update(repository.mine)
    assert sources(mine) == ["first = 'theirs'", "slow = 'mine'", "last = 3"]
    assert any("Changed by you and by the course" in line and LESSON in line for line in told)


def test_where_both_changed_one_line_it_is_the_learners_that_stays(repository):
    mine = repository.mine / LESSON
    mine.write_text(notebook("first = 1", "slow = 'mine'", "last = 3"))
    repository.publish({LESSON: notebook("first = 1", "slow = 'theirs'", "last = 'theirs'")})
    update(repository.mine)
    assert sources(mine)[1] == "slow = 'mine'"


@pytest.mark.every
def test_work_of_weeks_survives_many_updates(repository):
    mine = repository.mine / LESSON
    for week in range(4):
        text = notebook(
            "first = 1", f"slow = 'mine {week}'", "last = 3", f"own = {week}", outputs=f"ran {week}"
        )
        mine.write_text(text)
        repository.publish({LESSON: notebook(f"first = {week}", f"slow = {week}", f"last = {week}")})
        update(repository.mine)
        assert f"slow = 'mine {week}'" in sources(mine)
        assert f"own = {week}" in sources(mine)
        assert update(repository.mine) == ["Nothing new: the course is up to date."]


def test_files_of_the_learners_own_stay(repository):
    (repository.mine / ".kettle").mkdir()
    (repository.mine / ".kettle/progress").write_text("solved")
    (repository.mine / "notebooks/my notes.txt").write_text("notes")
    (repository.mine / "notebooks/08_new.ipynb").write_text("written before the course had one")
    repository.publish({"notebooks/08_new.ipynb": notebook("theirs = 1")})
    update(repository.mine)
    assert (repository.mine / ".kettle/progress").read_text() == "solved"
    assert (repository.mine / "notebooks/my notes.txt").read_text() == "notes"
    (kept,) = (repository.mine / "notebooks").glob("08_new__*.ipynb")
    assert kept.read_text() == "written before the course had one"
    assert sources(repository.mine / "notebooks/08_new.ipynb") == ["theirs = 1"]


def test_a_notebook_that_the_course_gave_up_stays_if_it_was_edited(repository):
    mine = repository.mine / LESSON
    mine.write_text(notebook("first = 1", "slow = 'mine'", "last = 3"))
    repository.publish({LESSON: None, "README.md": "more\n"})
    update(repository.mine)
    assert sources(mine)[1] == "slow = 'mine'"


def test_a_notebook_that_the_learner_deleted_comes_back(repository):
    (repository.mine / LESSON).unlink()
    repository.publish({"README.md": "more\n"})
    update(repository.mine)
    assert sources(repository.mine / LESSON) == ["first = 1", "slow = 2", "last = 3"]


def test_a_merge_that_is_no_notebook_any_more_is_taken_back(repository, monkeypatch):
    mine = repository.mine / LESSON
    mine.write_text(notebook("first = 1", "slow = 'mine'", "last = 3"))
    theirs = notebook("first = 'theirs'", "slow = 2", "last = 3").replace('"cells": [', '"cells": [,')
    repository.publish({LESSON: theirs})
    told = update(repository.mine)
    assert sources(mine) == ["first = 1", "slow = 'mine'", "last = 3"]
    assert any("stays as you had it" in line for line in told)


def unable(repository) -> str:
    """Return what an update that cannot be done says; it must have left the clone alone."""
    before = sorted((path, path.read_bytes()) for path in repository.mine.rglob("notebooks/*"))
    with pytest.raises(Unable) as raised:
        update(repository.mine)
    assert before == sorted((path, path.read_bytes()) for path in repository.mine.rglob("notebooks/*"))
    return str(raised.value)


def test_a_folder_that_was_not_cloned(repository):
    shutil.rmtree(repository.mine / ".git")
    assert unable(repository) == NOT_CLONED


def test_a_folder_inside_somebody_elses_repository(repository):
    shutil.rmtree(repository.mine / ".git")
    git(repository.mine.parent, "init", "--quiet")
    assert unable(repository) == NOT_CLONED


def test_a_clone_without_a_remote(repository):
    git(repository.mine, "remote", "remove", "origin")
    assert "no remote called origin" in unable(repository)


def test_a_branch_of_the_learners_own(repository):
    git(repository.mine, "checkout", "--quiet", "-b", "my-ideas")
    assert "You are on my-ideas" in unable(repository)


def test_a_repository_that_cannot_be_reached(repository):
    repository.remote.rename(repository.remote.with_name("gone"))
    assert "cannot be reached" in unable(repository)


def test_a_merge_under_way(repository):
    head = git(repository.mine, "rev-parse", "HEAD")
    (repository.mine / ".git" / "MERGE_HEAD").write_text(f"{head.strip()}\n")
    assert "A merge is in progress" in unable(repository)


def test_no_git(repository, monkeypatch):
    monkeypatch.setenv("PATH", str(repository.mine))
    assert "git is not installed" in unable(repository)


def test_a_merge_that_fails_leaves_everything_as_it_was(repository):
    (repository.mine / LESSON).write_text(notebook("first = 1", "slow = 'mine'", "last = 3"))
    repository.publish({LESSON: notebook("first = 2")})
    hook = repository.mine / ".git" / "hooks" / "pre-merge-commit"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    assert "could not be merged" in unable(repository)
    assert not (repository.mine / ".git" / "MERGE_HEAD").exists()


def test_by_the_command(repository):
    """As start.py runs it: by the file that lies in the clone, even if the rest of kettle/ is broken."""
    broken = {
        "kettle/__init__.py": "raise ImportError",
        "commands/update.py": (ROOT / "commands/update.py").read_text(),
    }
    repository.publish(broken)
    update(repository.mine)
    command = [sys.executable, "-P", repository.mine / "commands" / "update.py"]
    done = subprocess.run(command, cwd=repository.mine, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "Nothing new: the course is up to date.\n"), done.stderr
    shutil.rmtree(repository.mine / ".git")
    done = subprocess.run(command, cwd=repository.mine, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.strip()) == (1, NOT_CLONED)

"""Update: brings what is new in the course's repository, and keeps every edit of the learner's.

The merging is nbgitpuller's: local edits are committed, and where both sides changed the same lines, the
learner's stay. What is added here are sentences, and a way back whenever a merge does not come out well.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

NO_GIT = (
    "An update needs git, and git is not installed here.\n"
    "  Install it from your system's packages, then run start.py update again."
)
NOT_CLONED = (
    "This folder was not cloned with git, so it cannot be updated.\n"
    "  Clone the course into another folder. To take your progress along, save it on the landing page of\n"
    "  this copy, and load that file on the landing page of the new one."
)
NO_REMOTE = (
    "This clone does not know where the course came from: it has no remote called origin.\n"
    "  Run  git remote add origin ADDRESS  and then start.py update again."
)
NO_BRANCH = (
    "You are on {branch}, which the course's repository does not have.\n"
    "  Run  git switch main  to go back to the branch of the course, and then start.py update again."
)
UNDER_WAY = (
    "A merge is in progress in this folder. Finish it, or cancel it with  git merge --abort .\n"
    "  Then run start.py update again."
)
UNREACHABLE = "The course's repository cannot be reached, so nothing was changed. git says:\n    {said}"
NOT_MERGED = (
    "The update could not be merged, so all your files are as they were. git says:\n    {said}\n"
    "  Your edits are also kept in a commit, which git log shows."
)


class Unable(Exception):
    """The update cannot be done; the message says why, and what to do."""


def git(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run git in a folder; its output is text, and a failure is the caller's to see."""
    return subprocess.run(
        ["git", *arguments], cwd=folder, capture_output=True, text=True, errors="replace", check=False
    )


def last_line(text: str) -> str:
    """Return the last line that says something."""
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "nothing")


def origin_of(folder: Path) -> tuple[str, str]:
    """Return the address and the branch that updates of a folder come from.

    Raises Unable where the folder is no clone, or one that cannot be updated.
    """
    try:
        top = git("rev-parse", "--show-toplevel", folder=folder)
    except FileNotFoundError:
        raise Unable(NO_GIT) from None
    if top.returncode and "not a git repository" not in top.stderr:
        raise Unable(UNREACHABLE.format(said=last_line(top.stderr)))
    if top.returncode or not Path(top.stdout.strip()).samefile(
        folder
    ):  # or it lies in a repository of others
        raise Unable(NOT_CLONED)
    address = git("remote", "get-url", "origin", folder=folder)
    if address.returncode:
        raise Unable(NO_REMOTE)
    if not git("rev-parse", "--verify", "--quiet", "MERGE_HEAD", folder=folder).returncode:
        raise Unable(UNDER_WAY)
    branch = git("symbolic-ref", "--quiet", "--short", "HEAD", folder=folder).stdout.strip()
    heads = git("ls-remote", "--heads", "origin", folder=folder)
    if heads.returncode:
        raise Unable(UNREACHABLE.format(said=last_line(heads.stderr)))
    if f"refs/heads/{branch}" not in heads.stdout.split():
        raise Unable(NO_BRANCH.format(branch=branch or "no branch"))
    return address.stdout.strip(), branch


def pull(folder: Path, address: str, branch: str) -> None:
    """Let nbgitpuller fetch and merge; raises Unable, with the folder as it was, when that fails."""
    settings = {"GIT_MERGE_AUTOEDIT": "no", "GIT_CONFIG_COUNT": "1"}
    settings |= {
        "GIT_CONFIG_KEY_0": "commit.gpgsign",
        "GIT_CONFIG_VALUE_0": "false",
    }  # nobody to ask for a key
    puller = subprocess.run(
        [sys.executable, "-m", "nbgitpuller.pull", address, branch, str(folder)],
        cwd=folder, env=os.environ | settings, capture_output=True, text=True, errors="replace", check=False,
    )  # fmt: skip
    if puller.returncode:
        git("merge", "--abort", folder=folder)
        said = [line for line in puller.stdout.splitlines() if line.strip() and not line.startswith("$")]
        raise Unable(NOT_MERGED.format(said=last_line("\n".join(said) or puller.stderr)))


def changed(folder: Path, before: str, after: str, kinds: str = "ACMR") -> set[str]:
    """Return the paths that differ between two commits; kinds as in git's --diff-filter."""
    names = git(
        "diff", "--name-only", "-z", "--no-renames", f"--diff-filter={kinds}", before, after, folder=folder
    )
    return set(filter(None, names.stdout.split("\0")))


def restore_unreadable(folder: Path, paths: set[str], mine: str) -> list[str]:
    """Put the learner's version of a notebook back where the merged one is not JSON; return their paths."""
    restored = []
    for path in sorted(path for path in paths if path.endswith(".ipynb")):
        try:
            json.loads((folder / path).read_bytes())
        except ValueError:
            git("checkout", mine, "--", path, folder=folder)
            restored.append(path)
        except FileNotFoundError:
            continue
    return restored


def update(folder: Path = ROOT) -> list[str]:
    """Bring a clone up to date; return what happened, in sentences. Raises Unable, with nothing changed."""
    address, branch = origin_of(folder)
    theirs = f"origin/{branch}"
    start = git("merge-base", "HEAD", theirs, folder=folder).stdout.strip()
    pull(folder, address, branch)
    came = changed(folder, start, theirs)
    if not came:
        return ["Nothing new: the course is up to date."]
    merged = git("rev-parse", "--verify", "--quiet", "HEAD^2", folder=folder).returncode == 0
    both = came & changed(folder, start, "HEAD^1") if merged else set()
    new = [path for path in sorted(changed(folder, start, theirs, "A")) if path.startswith("notebooks/")]
    told = ["1 file was updated." if len(came) == 1 else f"{len(came)} files were updated."]
    told += [f"New: {path}" for path in new]
    told += [
        f"Changed by you and by the course; where both changed a line, yours stays: {path}"
        for path in sorted(both)
    ]
    told += [
        f"Could not be merged, so it stays as you had it: {path}"
        for path in restore_unreadable(folder, both, "HEAD^1")
    ]
    return told


def main() -> int:
    """Update the course, and say what came."""
    try:
        print("\n".join(update()))  # noqa: T201, this is a command
    except Unable as unable:
        print(unable, file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

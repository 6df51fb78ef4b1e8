"""The course in a pack: a clone, so that it can be updated, or a copy where there is no git."""

import re
import shutil
import subprocess
import urllib.parse
from pathlib import Path

from commands.unpack import COURSE

LEFT_OUT = shutil.ignore_patterns(
    *(".git", ".venv", ".tools", ".kettle", "__pycache__", "*.egg-info", ".ipynb_checkpoints", ".*_cache")
)
NO_GIT = "git could not copy the course. It says:\n    {said}"


def git(start, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run git in the course's folder; a failure is the caller's to see."""
    return subprocess.run(
        ["git", *arguments], cwd=start.ROOT, capture_output=True, text=True, errors="replace", check=False
    )


def of_git(start) -> bool:
    """Return whether this course is a clone, and git is here."""
    return (start.ROOT / ".git").exists() and shutil.which("git") is not None


def size_of_course(start) -> int:
    """Return the bytes that a copy of the course takes, about."""
    names = [path.name for path in start.ROOT.iterdir()]
    kept = {*names} - LEFT_OUT(str(start.ROOT), names) | ({".git"} if of_git(start) else set())
    folders = [start.ROOT / name for name in kept]
    files = (file for each in folders for file in ([each] if each.is_file() else each.rglob("*")))
    return sum(file.stat().st_size for file in files if file.is_file())


def copy_course(start, folder: Path) -> None:
    """Put a clone into the pack, or a copy with its starters where there is no git."""
    start.step("Copying the course.")
    new, place = folder / (COURSE + ".new"), folder / COURSE
    remove(new)
    if of_git(start):
        clone(start, new)
    else:
        shutil.copytree(start.ROOT, new, ignore=LEFT_OUT)
        pristine = start.ROOT / ".kettle" / "pristine"
        if pristine.is_dir():
            shutil.copytree(pristine, new, dirs_exist_ok=True, ignore=shutil.ignore_patterns("revision.txt"))
    remove(place)
    new.rename(place)


def remove(folder: Path) -> None:
    """Remove a folder, read-only files of git's among it."""
    for path in folder.rglob("*") if folder.exists() else ():
        path.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=not folder.exists())


def commit_of(start) -> str:
    """Return the commit to pack: HEAD, or where it left upstream if nothing but notebooks was changed since.

    An update commits a learner's edits (nbgitpuller does), and a teacher's answers are not for the room.
    """
    base = git(start, "merge-base", "@{upstream}", "HEAD")
    changed = git(start, "diff", "--name-only", "@{upstream}...HEAD").stdout.splitlines()
    answers = all(path.startswith(("notebooks/", "exercises/")) for path in changed)
    found = base if answers and not base.returncode else git(start, "rev-parse", "HEAD")
    return found.stdout.strip()


def clone(start, new: Path) -> None:
    """Clone what is committed; its updates will come from where this clone's come from."""
    commit = commit_of(start)
    lines = ("-c", "core.autocrlf=false", "-c", "core.fileMode=false")  # copies go to other systems
    for words in (
        ("clone", "--quiet", "--no-hardlinks", "--no-checkout", *lines, str(start.ROOT), str(new)),
        ("-C", str(new), "reset", "--quiet", "--hard", commit),
    ):
        made = git(start, *words)
        if made.returncode:
            raise start.Stop(NO_GIT, said=made.stderr.strip())
    origin = without_password(git(start, "remote", "get-url", "origin").stdout.strip())
    change = ("set-url", "origin", origin) if origin else ("remove", "origin")
    git(start, "-C", str(new), "remote", *change)
    if origin:  # what a reset of a notebook asks for its starter
        branch = git(start, "-C", str(new), "rev-parse", "--abbrev-ref", "HEAD").stdout.strip()
        git(start, "-C", str(new), "update-ref", f"refs/remotes/origin/{branch}", commit)
    if git(start, "diff", "--quiet", commit).returncode:
        start.step("Your answers in notebooks, and changes that are not committed, are left out.")


def without_password(address: str) -> str:
    """Return an address that others may have: no password in it, and no folder of this machine."""
    parts = urllib.parse.urlsplit(address)
    if parts.scheme in {"http", "https"}:
        return urllib.parse.urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    return address if parts.scheme in {"ssh", "git"} or re.match(r"[\w.-]+@[\w.-]+:", address) else ""

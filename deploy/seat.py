"""Open one learner's seat: bring the course into the home folder, then start the server that the hub expects.

A hub runs this as the learner, in place of jupyterhub-singleuser, which gets the arguments. Environment:
KETTLE_SOURCE names what the course is pulled from; without it, that is the copy that this file belongs to.
KETTLE_BRANCH names the branch; without it, that is the one that is checked out there.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

COURSE = Path(__file__).resolve().parents[1]
FOLDER = "watched-kettle"
PATIENCE = 60  # seconds for the pull; a hub gives up on a server after two minutes

OLD = "The course could not be brought up to date. This seat opens with what it had. git says:\n    {said}"
NONE = (
    "The course could not be copied from {source} to this home folder, so this seat cannot open. git says:\n"
    "    {said}\n"
    "  Is {source} there, is it a clone made with git, and may everybody read it?"
)


class Stop(Exception):
    """The seat cannot open; the message says why, for the log of the hub."""


def trusting(source, file):
    """Write a configuration by which git pulls from a folder that is somebody else's, and return its path.

    Args:
        source: that folder, or an address, for which it changes nothing.
        file: where to write it.
    """
    file.write_text(
        f"[include]\n\tpath = /etc/gitconfig\n[safe]\n\tdirectory = {source}\n\tdirectory = {source}/.git\n"
    )
    return str(file)


def git_says(done):
    """Return the line in which git, or who called it, says what failed."""
    told = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    fatal = [line for line in told if line.startswith(("fatal:", "error:"))]
    return (fatal or told or ["nothing"])[-1]


def pull(source, folder):
    """Copy the course, or merge what is new into the learner's copy, whose edits stay.

    Args:
        source: an address or a folder, as git takes it.
        folder: where the learner's copy is, or will be.

    Returns:
        "" when that went well, else what git said.
    """
    with tempfile.TemporaryDirectory() as name:
        environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0"}
        environment["GIT_CONFIG_SYSTEM"] = trusting(source, Path(name) / "gitconfig")

        def run(*command):
            how = {"capture_output": True, "text": True, "errors": "replace", "env": environment}
            return subprocess.run(command, check=False, timeout=PATIENCE, **how)

        try:
            asked = run("git", "ls-remote", "--symref", "--", source, "HEAD")
            if asked.returncode:
                return git_says(asked)
            head = re.search(r"^ref: refs/heads/(\S+)", asked.stdout, re.MULTILINE)
            branch = os.environ.get("KETTLE_BRANCH") or (head[1] if head else "main")
            pulled = run(sys.executable, "-m", "nbgitpuller.pull", source, branch, str(folder))
            return git_says(pulled) if pulled.returncode else ""
        except subprocess.TimeoutExpired:
            return f"no answer from {source} within {PATIENCE} seconds"


def prepare(home, source):
    """Bring the course into a home folder and return its path there.

    Raises:
        Stop: there is no course in it, and none could be copied.
    """
    folder = home / FOLDER
    said = pull(source, folder)
    if said and not (folder / "notebooks").is_dir():
        raise Stop(NONE.format(source=source, said=said))
    if said:
        print(OLD.format(said=said), file=sys.stderr, flush=True)
    return folder


def main():
    """Prepare the seat, and become the learner's server."""
    home = Path.home()
    try:
        folder = prepare(home, os.environ.get("KETTLE_SOURCE") or str(COURSE))
    except Stop as stop:
        sys.exit(str(stop))
    os.chdir(home)
    os.environ["PYTHONPATH"] = str(folder)  # a kernel imports the course that lies beside its notebook
    os.environ["PATH"] = os.pathsep.join(
        [str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]
    )
    sys.modules["rfc3987_syntax"] = None  # a grammar of addresses that nothing here needs; a second to import
    from jupyterhub.singleuser import main as serve

    # Kernels of many seats on one machine take ports from each other between choosing and opening them, and
    # one that has lost its port never answers. So their sockets are files, whose path has to be short.
    with tempfile.TemporaryDirectory(prefix="seat-", ignore_cleanup_errors=True) as runtime:
        os.environ["JUPYTER_RUNTIME_DIR"] = runtime
        sys.argv.append("--KernelManager.transport=ipc")
        serve()


if __name__ == "__main__":
    main()

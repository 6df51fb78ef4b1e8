"""The sweeper: a very small process that ends what a killed kernel leaves behind.

    python -I -S sweeper.py PARENT TOKEN LEADER [PATH...]

It waits until its parent has ended, however it ended. Then it ends whatever carries the parent's mark, and,
where the parent led a session (every Jupyter kernel does), whatever is in that session: forked workers carry
no mark, since a process shows the environment that it began with. Then it removes the folders that carry
its token in their names.
Until then it imports nothing, so that it stays small.
"""

import os
import signal
import sys
import time

LOOK = 0.5  # seconds between two looks at the parent
CALM = 4  # looks one after another that find nothing, until it believes that nothing is starting any more
PAUSE = 0.2  # seconds between these
MOST = 30.0  # seconds that it looks at most


def main(parent: int, token: str, leader: bool, paths: list[str]) -> None:
    """Wait for the parent's end; then tidy up after it.

    Args:
        parent: its process id.
        token: its mark.
        leader: whether it leads a session.
        paths: where kettle and psutil are imported from.
    """
    for name in ("SIGINT", "SIGHUP"):
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    while os.getppid() == parent:
        time.sleep(LOOK)
    sys.path[:0] = paths
    _tidy_up(parent, token, leader)


def _tidy_up(parent: int, token: str, leader: bool) -> None:
    from kettle.processes import OWNER
    from kettle.processes.folders import remove_folders_of
    from kettle.processes.marks import end, marked, runs

    def left() -> list:
        found = {*marked(OWNER, token), *(_in_session(parent) if leader else ())}
        return [each for each in found if runs(each)]

    calm, give_up = 0, time.monotonic() + MOST
    while calm < CALM and time.monotonic() < give_up:
        calm = 0 if left() else calm + 1
        if not calm:
            end(left)
        remove_folders_of(token)
        time.sleep(PAUSE)


def _in_session(leader: int) -> list:
    """List the processes of a session; its number is not given away as long as one of them lives."""
    import psutil

    found = []
    for process in psutil.process_iter():
        try:
            if os.getsid(process.pid) == leader and process.pid != os.getpid():
                found.append(process)
        except OSError:
            continue
    return found


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3] == "leader", sys.argv[4:])

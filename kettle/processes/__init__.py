"""Processes that the course starts: marked, talked to, and ended with the one that they work for."""

import os
import tempfile

OWNER = "KETTLE_OWNER"  # of what a lesson's kernel started
CHECK = "KETTLE_CHECK"  # of what one check started, also where it has left its family and its session
TIDIES_UP = "KETTLE_TIDIES_UP"  # of what ends by itself, and has something to put away


class ChildTrouble(RuntimeError):
    """A child process is gone, does not answer, or cannot do what it is for; the text is a sentence."""


def owned(prefix: str) -> str:
    """Return what the names of this kernel's folders begin with: its sweeper removes what a kill leaves.

    Args:
        prefix: "kettle-" and what the folder is for.
    """
    token = os.environ.get(OWNER)
    return f"{prefix}{token}-" if token else prefix


def temporary_folder() -> "tempfile.TemporaryDirectory[str]":
    """Make a folder for what a course's cell writes: it goes with the kernel, also where that is killed.

    What a learner writes elsewhere, into temporary files too, stays as long as the system keeps it.
    """
    return tempfile.TemporaryDirectory(prefix=owned("kettle-cell-"), ignore_cleanup_errors=True)

"""Assertions: `python -O` and PYTHONOPTIMIZE switch them off, and then a check would pass whatever it saw."""

from __future__ import annotations

import os

SWITCHES = "PYTHONOPTIMIZE"
OFF = (
    "The kernel that checks your notebook runs Python with assertions switched off. "
    "Remove `-O` from the command in its kernel spec, or check with another kernel."
)
OFF_HERE = (
    "This kernel runs Python with assertions switched off, so no test can fail here. "
    f"Unset {SWITCHES}, start JupyterLab again, then run this cell."
)


def environment_with_assertions() -> dict[str, str]:
    """Return this process's environment, without what would switch assertions off in a child."""
    return {name: value for name, value in os.environ.items() if name != SWITCHES}


def are_on() -> bool:
    """Whether assertions are executed in this process."""
    return __debug__

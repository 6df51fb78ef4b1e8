"""Cores: those that a machine has, and those that this process may use."""

import os

from kettle.lessons.limits import cores, processor_limit


def seen() -> int:
    """Return the cores of the machine, whatever this process may use of them."""
    return os.cpu_count() or 1


def granted() -> float:
    """Return the cores that this process may use: those that it is bound to, and its container's quota."""
    return min(float(cores()), processor_limit() or float("inf"))

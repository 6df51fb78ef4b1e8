"""How worker processes start: for a while by another method than is usual here."""

import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

AFRESH = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
"""A method by which workers know nothing of what this process has defined: the cheapest there is."""


@contextmanager
def start_method(method: str) -> Iterator[SimpleNamespace]:
    """Let workers start by a method of multiprocessing's while the block runs; a world for situations."""
    usual = multiprocessing.get_start_method(allow_none=True)
    multiprocessing.set_start_method(method, force=True)
    try:
        yield SimpleNamespace()
    finally:
        multiprocessing.set_start_method(usual, force=True)

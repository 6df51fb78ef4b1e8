"""What defines a function of a notebook: the statements of its cells that another process has to run, too."""

from __future__ import annotations

import linecache
from collections.abc import Mapping
from typing import Any

from kettle.files.names import source_of
from kettle.probes.engines.where import is_cell


def definitions(namespace: Mapping[str, Any], *things: Any) -> tuple[str, list[str]]:
    """Return the source of what a kernel has run to define some things, and how they are called in it.

    Args:
        namespace: the kernel's names, among them `In`, its history.
        *things: functions, each one the value of a name.
    """
    names = [next(name for name, value in namespace.items() if value is each) for each in things]
    # A check keeps no history, but each of its cells is a file of linecache, and has run once.
    files = ["".join(entry[2]) for name, entry in linecache.cache.items() if is_cell(name) and len(entry) > 1]
    return source_of([*files, *namespace["In"]], *names), names

"""The libraries that a notebook's cells import, which a kernel imports before anybody waits for it."""

from __future__ import annotations

import ast
import sysconfig
from collections.abc import Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from kettle.files.notebook import read, source

# What these import at their first use, which takes as long as a few situations.
ALONG = {
    "sqlalchemy.ext.asyncio": ("asyncpg",),
    "django.db": ("django.db.backends.postgresql.base", "django.core.management"),
}


def libraries_of(notebook: Path) -> tuple[str, ...]:
    """List the installed libraries that the cells of a notebook import which a check runs.

    What lies beside the notebook is left out: it may be the learner's own, and do things when it is imported.

    Args:
        notebook: its path.

    Raises:
        NotebookTrouble: it cannot be read.
    """
    cells = [
        cell
        for cell in read(notebook)["cells"]
        if cell.get("cell_type") == "code" and "demo" not in cell.get("metadata", {}).get("tags", ())
    ]
    names = dict.fromkeys(name for cell in cells for name in _imported(source(cell)))
    along = (more for name in names for more in ALONG.get(name, ()))
    return tuple(name for name in (*names, *along) if _is_installed(name))


def _imported(code: str) -> Iterator[str]:
    with suppress(SyntaxError, ValueError):  # magics are no Python, and what is wrong will be said later
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield node.module


def _is_installed(name: str) -> bool:
    with suppress(ImportError, ValueError, AttributeError):
        origin = getattr(find_spec(name.partition(".")[0]), "origin", None)
        installed = {Path(sysconfig.get_path(kind)).resolve() for kind in ("purelib", "platlib")}
        return isinstance(origin, str) and not installed.isdisjoint(Path(origin).resolve().parents)
    return False

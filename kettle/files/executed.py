"""What this kernel has run: the source of each cell as it ran last, also if it was never saved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kettle.files.notebook import NotebookTrouble, read, source, tagged

_ran: dict[str, str] = {}  # by the cell's id; it outlives a Lesson, since a learner may make another
_watched: list[object] = []


def remember_cells() -> None:
    """Begin to remember the cells that run; harmless where it was begun already, or outside of IPython."""
    from IPython import get_ipython

    shell = get_ipython()
    if shell is not None and shell not in _watched:
        _watched.append(shell)
        shell.events.register("pre_run_cell", _remember)


def _remember(info: Any) -> None:
    cell = getattr(info, "cell_id", None)
    if cell:
        _ran[cell] = info.raw_cell


def differs(path: Path) -> bool:
    """Tell whether a `fix` cell ran here that reads otherwise in the file.

    Args:
        path: of the learner's notebook.
    """
    try:
        cells = tagged(read(path), "fix")
    except NotebookTrouble:
        return False
    ran = [(source(cell), _ran[cell["id"]]) for cell in cells if cell.get("id") in _ran]
    return any(saved.strip() != here.strip() for saved, here in ran)

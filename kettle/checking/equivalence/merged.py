"""The merged code: what the learner was given, kept where the learner does not edit it."""

from __future__ import annotations

import json
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

TAG = "merged"  # of the cells in solutions/ that hold it


class MergedMissing(LookupError):
    """The answer key holds no merged code for this notebook."""


def merged_names(folder: Path, kind: str) -> dict[str, Any]:
    """Run the merged code in names of its own, and return these.

    Args:
        folder: of the lesson's checks; the answer key has its name, in solutions/.
        kind: "lesson" or "exercise".

    Raises:
        MergedMissing: there is none.
    """
    solution = folder.parent.parent / "solutions" / f"{folder.name}.ipynb"
    module = ModuleType(f"merged_{kind}_{folder.name}")
    sys.modules[module.__name__] = module  # dataclasses look for the module of their class
    for code in _cells(solution, kind, _stamp(solution)):
        exec(code, vars(module))
    return vars(module)


@cache
def _cells(solution: Path, kind: str, stamp: int) -> tuple:
    cells = json.loads(solution.read_text(encoding="utf-8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells if _is_merged(cell, kind)]
    if not sources:
        raise MergedMissing(f"solutions/{solution.name} has no cell tagged `{TAG}` for the {kind}.")
    return tuple(compile(source, f"<merged {kind}>", "exec", dont_inherit=True) for source in sources)


def _is_merged(cell: dict, kind: str) -> bool:
    metadata = cell["metadata"]
    return TAG in metadata.get("tags", ()) and metadata["kettle"]["of"] == kind


def _stamp(solution: Path) -> int:
    try:
        return solution.stat().st_mtime_ns
    except FileNotFoundError:
        raise MergedMissing(f"There is no solutions/{solution.name}.") from None

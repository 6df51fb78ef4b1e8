"""Cells that only show something: a check leaves them out, but for what other cells use of them."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from typing import Any, cast

from kettle.files.names import DEFINES, bound, statements_of

LEFT_OUT = {"demo", "curious"}  # tags of cells that a certifying run leaves out


def sources_run(cells: Sequence[Any]) -> list[str]:
    """Return the source that a check runs of each code cell; empty where it runs none.

    Of a cell that only shows something, these are the imports and definitions that another cell uses: whoever
    has run the notebook has these names, and may write them in the fix.

    Args:
        cells: the code cells of a notebook, in order.
    """
    shown = [bool(LEFT_OUT.intersection(cell.metadata.get("tags", ()))) for cell in cells]
    used = {
        name
        for cell, left_out in zip(cells, shown, strict=True)
        if not left_out
        for name in _used(cell.source)
    }
    last = max((place for place, left_out in enumerate(shown) if not left_out), default=0)
    defined = [
        (place, each)
        for place in range(last)
        if shown[place]
        for each in statements_of(cells[place].source)
        if isinstance(each, DEFINES)
    ]
    taken: list[tuple[int, ast.stmt]] = []
    while found := [pair for pair in defined if pair not in taken and used & bound(pair[1])]:
        taken += found
        used |= {node.id for _, each in found for node in ast.walk(each) if isinstance(node, ast.Name)}
    pieces = [
        [_tried(each) for at, each in defined if (at, each) in taken and at == place]
        for place in range(len(cells))
    ]
    return ["\n\n".join(pieces[n]) if left_out else cells[n].source for n, left_out in enumerate(shown)]


def _used(code: str) -> set[str]:
    try:
        return {node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)}
    except (SyntaxError, ValueError):  # such as a cell with a magic
        return set(re.findall(r"\w+", code))


def _tried(statement: ast.stmt) -> str:
    """Return the source of a definition; one that needs what only the shown cell has made does nothing."""
    tried = ast.parse("try: pass\nexcept Exception: pass")
    cast(ast.Try, tried.body[0]).body = [statement]
    return ast.unparse(tried)

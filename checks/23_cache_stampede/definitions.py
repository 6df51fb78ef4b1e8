"""What defines a name in a notebook: the statements of its cells that another process has to run, too."""

from __future__ import annotations

import ast
import builtins
import linecache
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from kettle.probes.engines.where import is_cell

DEFINES = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


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


def source_of(cells: Sequence[str], *names: str) -> str:
    """Return the statements that define these names, and those that they use, in the order they were run.

    Args:
        cells: what was run, oldest first; what is no Python is left out.
    """
    statements = [each for cell in cells for each in _statements(cell)]
    taken: set[int] = set()
    wanted = [(name, len(statements)) for name in names]
    while wanted:
        name, before = wanted.pop()
        places = [place for place, each in enumerate(statements) if name in _bound(each)]
        # A function may use what is defined after it; `f = decorated(f)` needs the f before it, too.
        found = {max(places, default=-1), max((place for place in places if place < before), default=-1)}
        for place in found - taken - {-1}:
            taken.add(place)
            wanted += [(used, place) for used in _used(statements[place])]
    return "\n".join(ast.unparse(statements[place]) for place in sorted(taken))


def _statements(cell: str) -> Iterator[ast.stmt]:
    with suppress(SyntaxError, ValueError):
        yield from ast.parse(cell).body


def _used(statement: ast.stmt) -> set[str]:
    nodes = [node for node in ast.walk(statement) if isinstance(node, ast.Name)]
    changed = isinstance(statement, ast.AugAssign)  # which reads what it writes
    names = {node.id for node in nodes if changed or isinstance(node.ctx, ast.Load)}
    return {name for name in names if not hasattr(builtins, name)}


def _bound(statement: ast.stmt) -> set[str]:
    if isinstance(statement, DEFINES):
        return {statement.name}
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return {alias.asname or alias.name.partition(".")[0] for alias in statement.names}
    nodes = ast.walk(statement)
    return {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}

"""The names that a notebook's code uses and binds, and which statements define them."""

from __future__ import annotations

import ast
import builtins
import symtable
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress

DEFINES = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
CHANGES = {"add", "append", "extend", "insert", "setdefault", "update"}  # methods that put something in


def source_of(cells: Sequence[str], *names: str, whole: Collection[int] = ()) -> str:
    """Return the statements that define these names, and those that they use, in the order they were run.

    Args:
        cells: what was run, oldest first; what is no Python is left out.
        *names: of functions and other things.
        whole: numbers of cells, from 0, of which all statements are taken.
    """
    homes = [(number, each) for number, cell in enumerate(cells) for each in statements_of(cell)]
    statements = [each for _, each in homes]
    makes, changed = ([of(each) for each in statements] for of in (bound, _changed))
    taken = {place for place, (number, _) in enumerate(homes) if number in whole}
    wanted = [(name, len(statements)) for name in names]
    wanted += [(name, place) for place in taken for name in used(statements[place])]
    while wanted:
        name, before = wanted.pop()
        places = [place for place, each in enumerate(makes) if name in each]
        # A function may use what is defined after it; `f = decorated(f)` needs the f before it, too.
        found = {max(places, default=-1), max((place for place in places if place < before), default=-1)} - {
            -1
        }
        if found:
            found |= {place for place, each in enumerate(changed) if name in each and place > min(found)}
        for place in found - taken:
            taken.add(place)
            wanted += [(each, place) for each in used(statements[place])]
    return "\n".join(ast.unparse(statements[place]) for place in sorted(taken))


def statements_of(cell: str) -> Iterator[ast.stmt]:
    """Yield the statements of a cell; none of one that is no Python, such as one with a magic."""
    with suppress(SyntaxError, ValueError):
        yield from ast.parse(cell).body


def used(statement: ast.stmt) -> set[str]:
    """Return the names that a statement takes from around it, but those that are built in."""
    names = _used(_table(statement), outermost=True)
    if isinstance(statement, ast.AugAssign):  # which reads what it writes
        names |= bound(statement)
    return {name for name in names if not hasattr(builtins, name)}


def _used(table: symtable.SymbolTable, *, outermost: bool = False) -> set[str]:
    symbols = (each for each in table.get_symbols() if each.is_referenced())
    names = {each.get_name() for each in symbols if outermost or each.is_global()}
    return names.union(*(_used(each) for each in table.get_children()))


def bound(statement: ast.stmt) -> set[str]:
    """Return the names that a statement gives a value to, by assignment, import or definition."""
    symbols = _table(statement).get_symbols()
    return {each.get_name() for each in symbols if each.is_assigned() or each.is_imported()}


def _changed(statement: ast.stmt) -> set[str]:
    """Return the names whose things a statement changes, such as `kept` in `kept["a"] = 1`."""
    if isinstance(statement, DEFINES):
        return set()
    nodes = list(ast.walk(statement))
    parts = [each for each in nodes if isinstance(each, ast.Attribute | ast.Subscript)]
    called = {each.func for each in nodes if isinstance(each, ast.Call)}
    changes = [p for p in parts if isinstance(p.ctx, ast.Store) or (p in called and _attribute(p) in CHANGES)]
    return {part.value.id for part in changes if isinstance(part.value, ast.Name)}


def _attribute(part: ast.expr) -> str:
    return part.attr if isinstance(part, ast.Attribute) else ""


def _table(statement: ast.stmt) -> symtable.SymbolTable:
    return symtable.symtable(ast.unparse(statement), "<a cell>", "exec")

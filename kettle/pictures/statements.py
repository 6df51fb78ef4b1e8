"""What is said about SQL statements: named, counted by their shape, with the line that sends them."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kettle.pictures.model import in_order, length
from kettle.pictures.points import sentence
from kettle.pictures.units import plural, seconds

OFTEN = 4  # a shape sent so often is marked

_NUMBER = re.compile(r"'(?:[^']|'')*'|\b\d+(?:\.\d+)?\b|\$\d+|%\(?\w*\)?s|:\w+|\?")
_LIST = re.compile(r"\(\s*\?(?:\s*,\s*\?)*\s*\)")
_TABLE = re.compile(r'\b(?:FROM|INTO|UPDATE|JOIN|TABLE)\s+["`]?([\w.]+)', re.IGNORECASE)

Statements = Sequence[Any]


def shape(sql: str) -> str:
    """Return a statement without its values, so that those that differ only in them are the same."""
    return _LIST.sub("(?)", " ".join(_NUMBER.sub("?", sql).split()))


def shapes(statements: Iterable[Any]) -> dict[str, list[Any]]:
    """Return statements by their shape, in the order in which each shape was first sent."""
    found: dict[str, list[Any]] = {}
    for each in statements:
        found.setdefault(shape(each.sql), []).append(each)
    return found


def name_of(statement: Any) -> str:
    """Name a statement by its verb and its table."""
    found = _TABLE.search(statement.sql)
    verb = (statement.sql.split() or ["?"])[0].upper()
    return f"{verb} {found[1]}" if found and verb != found[1].upper() else verb


def in_short(statements: Statements) -> str:
    """Say how many there are, how long they took, and how many rows came back, where that is known."""
    if not statements:
        return "no statement was sent"
    known = [s.rows for s in statements if s.rows is not None]
    rows = f", {plural(sum(known), 'row')} fetched" if known else ""
    return f"{plural(len(statements), 'statement')} in {seconds(length(statements))}{rows}"


def alike(statements: Statements) -> str:
    """Say how many statements are of the shape that is sent most often."""
    group = max(shapes(statements).values(), key=len, default=[])
    if len(group) < OFTEN:
        return "None is sent more than three times." if group else ""
    how = "are the same statement" if len({s.sql for s in group}) == 1 else "differ only in their values"
    return f"{len(group):,} of them {how}: {name_of(group[0])}."


def point_of(panels: Mapping[str, Statements]) -> str:
    """Say which statement is sent again and again, how often, and by which line."""
    if "" in panels:
        return sentence(_again(panels[""]))
    told = {name: (plural(len(p), "statement"), _again(p)) for name, p in panels.items()}
    return sentence(
        "; ".join(
            f"{name}: {count}" + (f" ({again})" if again else "") for name, (count, again) in told.items()
        )
    )


def _again(statements: Statements) -> str:
    """Tell of the shape sent most often; once a row, where a statement before brought so many rows."""
    found = shapes(statements)
    group = max(found.values(), key=len, default=[])
    count = len(group)
    if count < OFTEN:
        return "each statement is sent once" if len(statements) == len(found) > 1 else ""
    first = group[0]
    earlier = next((s for s in in_order(statements) if s.started < first.started and s.rows == count), None)
    if earlier:
        how = f", once for each of the {count:,} rows of {name_of(earlier)}"
    else:
        how = ", with different values each time" if len({s.sql for s in group}) == count else ""
    return f"{name_of(first)} is sent {count:,} times{how}{sent_by(group, '; ')}"


def sent_by(statements: Statements, before: str = "\n") -> str:
    """Return "sent by …" after `before`, with the line of Python that sends most of them, where known."""
    lines = Counter(s.where for s in statements if s.where)
    if not lines:
        return ""
    (line, _), *others = lines.most_common()
    return f"{before}sent by {line}" + (f" and {plural(len(others), 'other line')}" if others else "")

"""What is drawn and said about SQL statements: put in order, named, counted by their shape."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from kettle.pictures.figure import Table
from kettle.pictures.model import Statement
from kettle.pictures.points import sentence
from kettle.pictures.units import plural, seconds, spelled

OFTEN = 4  # a shape sent so often is marked

_NUMBER = re.compile(r"'(?:[^']|'')*'|\b\d+(?:\.\d+)?\b|\$\d+|%\(?\w*\)?s|:\w+|\?")
_LIST = re.compile(r"\(\s*\?(?:\s*,\s*\?)*\s*\)")


def shape(sql: str) -> str:
    """Return a statement without its values, so that those that differ only in them are the same."""
    return _LIST.sub("(?)", " ".join(_NUMBER.sub("?", sql).split()))


def closed(statements: Iterable[Any]) -> list[Statement]:
    """Return statements in order of their start, each with an end and a label."""
    done = []
    for s in statements:
        ended = s.started if s.ended is None else max(s.started, s.ended)
        sql = str(s.sql)
        where = str(getattr(s, "where", "") or "")
        done.append(Statement(_label(s, sql), sql, s.started, ended, getattr(s, "rows", None), where))
    return sorted(done, key=lambda s: s.started)


def _label(statement: Any, sql: str) -> str:
    """Name a statement by its verb and its table, if nobody has named it."""
    given = getattr(statement, "label", "")
    if given:
        return str(given)
    found = re.search(r'\b(?:FROM|INTO|UPDATE|JOIN|TABLE)\s+["`]?([\w.]+)', sql, re.IGNORECASE)
    verb = (sql.split() or ["?"])[0].upper()
    return f"{verb} {found[1]}" if found and verb != found[1].upper() else verb


def length(statements: Sequence[Statement]) -> float:
    """Return the seconds from the first start to the last end."""
    if not statements:
        return 0.0
    return max(s.ended for s in statements) - statements[0].started


def repeated(statements: Sequence[Statement]) -> set[str]:
    """Return the shapes that are sent again and again."""
    return {key for key, count in Counter(shape(s.sql) for s in statements).items() if count >= OFTEN}


def says(panels: dict[str, list[Statement]]) -> str:
    """Return the picture in a sentence or two."""
    if len(panels) == 1:
        (only,) = panels.values()
        return f"{_count(only)} {_most(only)}"
    return " ".join(
        f"{name.capitalize()}: {_count(p)[:1].lower()}{_count(p)[1:]}" for name, p in panels.items()
    )


def _count(statements: Sequence[Statement]) -> str:
    if not statements:
        return "No statement was sent."
    known = [s.rows for s in statements if s.rows is not None]
    rows = f", {plural(sum(known), 'row')} fetched" if known else ""
    shapes = len({shape(s.sql) for s in statements})
    different = f" of {plural(shapes, 'shape')}" if len(statements) > 1 else ""
    return f"{spelled(len(statements), 'statement')}{different} in {seconds(length(statements))}{rows}."


def sent_by(statements: Sequence[Statement]) -> str:
    """Return ", sent by …" with the line of Python that sends most of them, where lines are known."""
    lines = Counter(s.where for s in statements if s.where)
    if not lines:
        return ""
    (line, _), *others = lines.most_common()
    return f", sent by {line}" + (f" and {plural(len(others), 'other line')}" if others else "")


def point_of(panels: dict[str, list[Statement]]) -> str:
    """Say which statement is sent again and again, how often, and by which line."""
    if len(panels) == 1:
        (only,) = panels.values()
        return sentence(_again(only))
    told = (
        f"{name}: {plural(len(p), 'statement')}" + (f", {_again(p)}" if _again(p) else "")
        for name, p in panels.items()
    )
    return sentence("; ".join(told))


def _again(statements: Sequence[Statement]) -> str:
    """Tell of the shape sent most often; once a row, where a statement before brought so many rows."""
    counted = Counter(shape(s.sql) for s in statements).most_common(1)
    if not counted or counted[0][1] < OFTEN:
        return "each statement is sent once" if len(statements) == len(_all_shapes(statements)) > 1 else ""
    ((key, count),) = counted
    group = [s for s in statements if shape(s.sql) == key]
    first = group[0]
    earlier = next((s for s in statements if s.started < first.started and s.rows == count), None)
    if earlier:
        how = f", once for each of the {count:,} rows of {earlier.label}"
    else:
        how = ", with other values each time" if len({s.sql for s in group}) == count else ""
    return f"the statement {first.label} is sent {count:,} times{how}{sent_by(group)}"


def _all_shapes(statements: Sequence[Statement]) -> set[str]:
    return {shape(s.sql) for s in statements}


def _most(statements: Sequence[Statement]) -> str:
    if not statements:
        return "There is nothing to see."
    (key, count), *_ = Counter(shape(s.sql) for s in statements).most_common(1)
    group = [s for s in statements if shape(s.sql) == key]
    if count >= OFTEN:
        alike = "are the same" if len({s.sql for s in group}) == 1 else "differ only in their values"
        return f"{count:,} of them {alike}: {group[0].label}."
    return "No shape is sent more than three times."


def table_of(panels: dict[str, list[Statement]]) -> Table:
    """Return every statement as a row."""
    rows, known = [], any(s.where for statements in panels.values() for s in statements)
    for name, statements in panels.items():
        for s in statements:
            times = (s.started - statements[0].started, s.ended - s.started)
            count = "–" if s.rows is None else f"{s.rows:,}"
            line = [s.where] if known else []
            rows.append([*([name] if name else []), s.label, *map(seconds, times), count, *line, s.sql])
    version = ["Version"] if len(panels) > 1 else []
    line = ["Sent by"] if known else []
    return Table([*version, "Statement", "Starts", "Takes", "Rows", *line, "SQL"], rows)

"""Looks: how often a search compares what it looks for, and reads the rows it goes through, even in C code.

A search has to compare. So it is given a number or a text that counts its own comparisons, and rows of a
class that count how often their fields are read.

    with count_looks(TaxBand, ("first", "last")) as looks:
        build_receipt(1, [(replace(tea, code=looked_for(tea.code)), 1)])
    looks.count
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any


class _Number(int):
    """A number that counts comparisons by size; not by equality, which `in range(…)` asks of each number."""


class _Text(str):
    """A text that counts comparisons."""

    __slots__ = ()


_ORDERS, _EQUALS = ("__lt__", "__le__", "__gt__", "__ge__"), ("__eq__", "__ne__")


class Looks:
    """How often was looked; it fills while the `with` block runs."""

    def __init__(self) -> None:
        self.count = 0

    def __repr__(self) -> str:
        return f"{self.count:,} look{'s' * (self.count != 1)}"


def looked_for(value: int | str) -> Any:
    """Return an equal number or text whose comparisons count, while they are counted."""
    return _Text(value) if isinstance(value, str) else _Number(value)


@contextmanager
def count_looks(row: type | None = None, fields: Iterable[str] = ()) -> Iterator[Looks]:
    """Count while the block runs: comparisons of what `looked_for` gave, and reads of the rows' fields.

    Not counted is what was copied into a plain number or text before.

    Arguments:
        row: the class of the rows, one that keeps its fields in a dictionary, as most dataclasses do.
        fields: of it, to be watched; those that the class itself defines are left alone.

    Yields `Looks`. One block at a time.
    """
    looks = Looks()

    def counted(base: type, name: str) -> Any:
        plain = getattr(base, name)

        def compare(self: Any, other: Any) -> Any:
            looks.count += 1
            return plain(self, other)

        return compare

    def reader(name: str) -> property:
        def read(self: Any) -> Any:
            looks.count += 1
            return vars(self)[name]

        return property(read)

    undo: list[tuple[type, str]] = [(_Text, "__hash__")]
    _Text.__hash__ = str.__hash__  # type: ignore[method-assign]  # it may not go with the __eq__ that comes
    kind: type
    for kind, base, names in ((_Number, int, _ORDERS), (_Text, str, _EQUALS)):
        for name in names:
            setattr(kind, name, counted(base, name))
            undo.append((kind, name))
    for name in fields:
        if row is not None and not hasattr(row, name):
            setattr(row, name, reader(name))
            undo.append((row, name))
    try:
        yield looks
    finally:
        for kind, name in undo:
            delattr(kind, name)

"""Where two answers part: the first place at which what is given differs from what is expected."""

from __future__ import annotations

import inspect
import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from numbers import Number, Real
from typing import Any

NEAR = 1e-9  # of a float's size: sums that are added up in another order differ by less
SEARCHED = 400  # entries that are compared each with each; a longer list is looked at by its texts

AWAITABLE, EXCEPTION, TYPE, MISSING, EXTRA = "awaitable", "exception", "type", "missing", "extra"
COUNT, ORDER, SWAPPED, SHARED, VALUE = "count", "order", "swapped", "shared", "value"
INDEX = "index"


@dataclass(frozen=True)
class Difference:
    """The first place at which two answers part.

    Args:
        kind: "awaitable", "exception", "type", "missing", "extra", "count", "order", "swapped", "shared" (two
            parts are one object), "index" (of a table) or "value".
        path: the keys and indexes that lead to it from the whole answer.
        expected: what belongs there.
        given: what is there.
        owner: of a swapped or shared part, the key or the index under which it belongs, or stands too.
        whole: of an element of an array or a column, the two of them: what is expected and what is given.
    """

    kind: str
    path: tuple[Any, ...]
    expected: Any = None
    given: Any = None
    owner: Any = None
    whole: tuple[Any, Any] | None = field(default=None, compare=False, repr=False)


def difference(expected: Any, given: Any, *, ordered_keys: bool = False) -> Difference | None:
    """Find where two answers part; None where they are alike.

    Floats are alike when they differ in the last digits only, NaN is like NaN, objects of two classes of one
    name are compared by their fields: a class of a notebook exists once for each run of its cell.

    Args:
        expected: the answer to be like.
        given: the other one.
        ordered_keys: whether the order of a dictionary's keys counts.
    """
    return next(_parts(expected, given, (), ordered_keys), None)


def alike(expected: Any, given: Any) -> bool:
    """Tell whether two answers are alike, as `difference` sees it."""
    return difference(expected, given) is None


def _parts(expected: Any, given: Any, path: tuple, ordered: bool) -> Iterator[Difference]:
    if inspect.isawaitable(given) and not inspect.isawaitable(expected):
        yield Difference(AWAITABLE, path, expected, given)
    elif isinstance(given, BaseException) and not isinstance(expected, BaseException):
        yield Difference(EXCEPTION, path, expected, given)
    elif compare := _comparison(expected):
        yield from compare(expected, given, path, ordered)
    elif not _equal(expected, given):
        yield from _fields(expected, given, path, ordered)


def _comparison(expected: Any) -> Callable | None:
    numpy, pandas = sys.modules.get("numpy"), sys.modules.get("pandas")
    if pandas is not None and isinstance(expected, pandas.DataFrame | pandas.Series | pandas.Index):
        return _tables
    if numpy is not None and isinstance(expected, numpy.ndarray):
        return _arrays
    if isinstance(expected, Mapping):
        return _mappings
    if isinstance(expected, list | tuple):
        return _sequences
    return _sets if isinstance(expected, set | frozenset) else None


def _mappings(expected: Mapping, given: Any, path: tuple, ordered: bool) -> Iterator[Difference]:
    if not isinstance(given, Mapping):
        yield Difference(TYPE, path, expected, given)
        return
    yield from _shared(expected, given, path)
    for key, value in expected.items():
        if key not in given:
            yield Difference(MISSING, (*path, key), value)
        else:
            yield from _swapped_or(expected.items(), key, value, given[key], path, ordered)
    for key in given:
        if key not in expected:
            yield Difference(EXTRA, (*path, key), given=given[key])
    if ordered and list(expected) != list(given):
        yield Difference(ORDER, path, expected, given)


def _sequences(expected: Sequence, given: Any, path: tuple, ordered: bool) -> Iterator[Difference]:
    if not isinstance(given, list | tuple) or isinstance(expected, list) != isinstance(given, list):
        yield Difference(TYPE, path, expected, given)
        return
    yield from _shared(dict(enumerate(expected)), dict(enumerate(given)), path)
    pairs = list(zip(expected, given, strict=False))
    bad = [(at, found) for at, pair in enumerate(pairs) if (found := _first(*pair, (*path, at), ordered))]
    odd = next((found for _, found in bad if found.kind in (AWAITABLE, EXCEPTION)), None)
    if odd:
        yield odd
    elif len(expected) != len(given):
        yield Difference(COUNT, path, expected, given)
    elif bad and len(bad) > 1 and _permuted(expected, given):
        yield Difference(ORDER, (*path, bad[0][0]), expected[bad[0][0]], given[bad[0][0]])
    elif bad:
        at, _ = bad[0]
        yield from _swapped_or(enumerate(expected), at, *pairs[at], path, ordered)


def _shared(expected: Mapping, given: Mapping, path: tuple) -> Iterator[Difference]:
    """Yield where two parts of an answer are one object, though they ought to differ."""
    first: dict[int, Any] = {}
    for key, value in given.items():
        other = first.setdefault(id(value), key) if isinstance(value, list | dict | set) else key
        if other != key and {key, other} <= expected.keys() and not alike(expected[key], expected[other]):
            yield Difference(SHARED, (*path, other), expected[other], value, key)


def _first(expected: Any, given: Any, path: tuple, ordered: bool) -> Difference | None:
    return next(_parts(expected, given, path, ordered), None)


def _swapped_or(
    others: Any, key: Any, expected: Any, given: Any, path: tuple, ordered: bool
) -> Iterator[Difference]:
    """Yield where a part differs; it is called swapped where it is what belongs to another key."""
    found = _first(expected, given, (*path, key), ordered)
    if found is None:
        return
    if found.kind in (AWAITABLE, EXCEPTION) or not _telling(given):
        yield found
        return
    owner = next((k for k, other in others if k != key and alike(other, given)), None)
    yield found if owner is None else Difference(SWAPPED, (*path, key), expected, given, owner)


def _telling(value: Any) -> bool:
    """Whether a value is rich enough that being another's is no coincidence."""
    return isinstance(value, Mapping | list | tuple | str | bytes) and len(value) > 0


def _permuted(expected: Sequence, given: Sequence) -> bool:
    if len(expected) > SEARCHED:
        return sorted(map(repr, expected)) == sorted(map(repr, given))
    left = list(given)
    for each in expected:
        at = next((at for at, other in enumerate(left) if alike(each, other)), None)
        if at is None:
            return False
        del left[at]
    return True


def _sets(expected: Any, given: Any, path: tuple, ordered: bool) -> Iterator[Difference]:
    if not isinstance(given, set | frozenset):
        yield Difference(TYPE, path, expected, given)
    elif expected != given:
        missing = expected - given
        kind, part = (MISSING, missing) if missing else (EXTRA, given - expected)
        yield Difference(kind, (*path, min(part, key=repr)))


def _arrays(expected: Any, given: Any, path: tuple, ordered: bool) -> Iterator[Difference]:
    import numpy as np

    if not isinstance(given, np.ndarray) or expected.dtype != given.dtype:
        yield Difference(TYPE, path, expected, given)
    elif expected.shape != given.shape:
        yield Difference(COUNT, path, expected, given)
    elif (off := _far(expected, given)) is not None:
        at = tuple(int(place) for place in np.unravel_index(int(np.argmax(off)), off.shape))
        kind = ORDER if off.ndim == 1 and off.sum() > 1 and _sorted_alike(expected, given) else VALUE
        yield Difference(kind, (*path, *at), expected[at], given[at], whole=(expected, given))


def _sorted_alike(expected: Any, given: Any) -> bool:
    import numpy as np

    try:
        return _far(np.sort(expected), np.sort(given)) is None
    except TypeError:  # objects without an order
        return False


def _far(expected: Any, given: Any) -> Any:
    """Return where two arrays of one shape differ by more than the last digits; None if nowhere."""
    import numpy as np

    kinds = expected.dtype.kind + given.dtype.kind
    if set(kinds) <= set("fciu") and set(kinds) & set("fc"):
        off = ~np.isclose(given, expected, rtol=NEAR, atol=NEAR, equal_nan=True)
    else:
        off = np.asarray(expected != given)
    return off if off.any() else None


def _tables(expected: Any, given: Any, path: tuple, ordered: bool) -> Iterator[Difference]:
    import pandas as pd

    if not isinstance(given, type(expected)):
        yield Difference(TYPE, path, expected, given)
    elif len(expected) != len(given):
        yield Difference(COUNT, path, expected, given)
    elif isinstance(expected, pd.DataFrame):
        for name in expected.columns:
            if name not in given.columns:
                yield Difference(MISSING, (*path, name), expected[name])
            else:
                yield from _tables(expected[name], given[name], (*path, name), ordered)
        yield from (
            Difference(EXTRA, (*path, name)) for name in given.columns if name not in expected.columns
        )
    else:
        if isinstance(expected, pd.Series) and not expected.index.equals(given.index):
            moved = _permuted(list(expected.index), list(given.index))
            kind, at = (ORDER, (*path, "index")) if moved else (INDEX, path)
            yield Difference(kind, at, expected.index, given.index)
        yield from _arrays(expected.to_numpy(), given.to_numpy(), path, ordered)


def _equal(expected: Any, given: Any) -> bool:
    if getattr(given, "ndim", 0) and not getattr(expected, "ndim", 0):
        return False  # an array of one element equals a number, and is none
    if isinstance(expected, float) and isinstance(given, Real | Decimal):
        both_nan = expected != expected and given != given
        return both_nan or math.isclose(expected, given, rel_tol=NEAR, abs_tol=NEAR)
    try:
        return bool(expected == given)
    except Exception:  # noqa: BLE001 - what cannot be compared is not alike
        return False


def _fields(expected: Any, given: Any, path: tuple, ordered: bool) -> Iterator[Difference]:
    """Yield where two things that are not equal differ, by their fields where both have the same ones."""
    of_one_name = type(expected).__name__ == type(given).__name__
    if of_one_name and type(expected) is not type(given) and hasattr(expected, "__dict__"):
        yield from _parts(vars(expected), vars(given), path, ordered)
    elif type(expected) is type(given) or (isinstance(expected, Number) and isinstance(given, Number)):
        yield Difference(VALUE, path, expected, given)
    else:
        yield Difference(TYPE, path, expected, given)

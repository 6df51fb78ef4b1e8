"""Who goes through the elements of arrays: which function of a library calls back, what is taken out.

The instruments explain: they name what a count of instructions found. Objects for each element are counted.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from inspect import CO_GENERATOR, getclosurevars, isfunction, ismethod, unwrap
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from kettle.probes.calls import count_calls

LOOPS = (
    *("DataFrame.iterrows", "DataFrame.itertuples", "DataFrame.apply", "Series.apply", "Series.map"),
    *("rolling().apply", "np.apply_along_axis", "np.vectorize"),
)  # these go through all elements, even where the function that they call is not the caller's own
MOST = 0.65  # of the elements: an early end, or a mask, may spare some
LOOKS = 20_000  # at the heap, each of which goes through all of it; so much Python code is found by counting


def taken_one_by_one(function: Callable, arguments: tuple, least: int = 100) -> set[str]:
    """Tell how elements of NumPy arrays are taken out: "iterated", "indexed", "tolist", "map", "object".

    Seen are arrays that are arguments, what NumPy makes of them, and what `memoryview` makes of bytes.

    Args:
        function: is called once; what it raises is of no interest here.
        arguments: that it is called with.
        least: elements that have to be taken out in one way, so that it is told.
    """
    notes = _Watched.notes = Counter()
    names = plain_function(function).__globals__

    def noted_map(*args: Any) -> Iterator:
        for value in map(*args):
            notes["map"] += 1
            yield value

    noted = {"map": noted_map, "memoryview": _view}
    for name, stand_in in noted.items():
        names.setdefault(name, stand_in)
    try:
        with suppress(Exception):
            function(*(a.view(_Watched) if isinstance(a, np.ndarray) else a for a in arguments))
    finally:
        for name, stand_in in noted.items():
            if names[name] is stand_in:
                del names[name]
    return {what for what, count in notes.items() if count >= least}


class _Watched(np.ndarray):
    """An array that notes how its elements are taken out."""

    notes: ClassVar[Counter] = Counter()

    def __array_finalize__(self, parent: Any) -> None:
        if self.dtype == object:
            self.notes["object"] += self.size

    def __iter__(self) -> Iterator:
        self.notes["iterated"] += len(self)
        return iter(self.view(np.ndarray))

    def __getitem__(self, key: Any) -> Any:
        value = super().__getitem__(key)
        self.notes["indexed"] += not isinstance(value, np.ndarray)
        return value

    def tolist(self) -> list:
        self.notes["tolist"] += self.size
        return super().tolist()

    def cast(self, code: str) -> np.ndarray:
        """Do what a memoryview does."""
        return self.view(np.dtype(code.lstrip("@")))


def _view(of: Any) -> _Watched:
    return np.frombuffer(of, dtype=np.uint8).view(_Watched)


def loop_of_library(function: Callable, arguments: tuple, n: int, calls: float = 1.0) -> str | None:
    """Name the function of NumPy or pandas that calls another one for each of n elements; None if none does.

    Args:
        function: is called once.
        arguments: of n elements.
        n: their number.
        calls: of Python functions for each element, as counted before.
    """
    own = plain_function(function).__globals__
    back: Counter[Any] = Counter()
    given = set()

    def note(frame: Any, event: str, arg: Any) -> None:
        if event != "call":
            return
        if frame.f_globals is not own:
            if frame.f_back.f_globals is own and _goes_through(frame, n):
                given.add(_written(frame))
        elif not frame.f_code.co_flags & CO_GENERATOR and (by := _called_by(frame, own)):
            back[by] += 1

    with count_calls(np, "frompyfunc") as ufuncs, _profiled(note):
        function(*arguments)
    for by, count in back.most_common(1):
        of_arrays = by.f_globals["__name__"].startswith(("numpy.", "pandas.")) and "__" not in _written(by)
        if of_arrays and count > MOST * n:
            return _written(by)
    used = [name for name in LOOPS if name in given]
    if used and (calls > 0.9 or used[0].startswith("DataFrame.iter")):
        return used[0]
    known = getclosurevars(plain_function(function))
    made = [v for v in (*known.globals.values(), *known.nonlocals.values()) if isinstance(v, np.ufunc)]
    from_python = ufuncs.count or any(ufunc.__name__.endswith("(vectorized)") for ufunc in made)
    return "np.frompyfunc" if from_python and calls > 0.9 else None


def _called_by(frame: Any, own: dict) -> Any:
    """Return the frame of the method that the caller called, and that called it back, if one did."""
    by = None
    while (frame := frame.f_back) and frame.f_globals is not own:
        if "<" not in frame.f_code.co_qualname:  # a decorator's wrapper
            by = frame
    return by if frame else None


def _written(frame: Any) -> str:
    """Write the name of a library's function as its caller does."""
    name = frame.f_code.co_qualname.replace("vectorize.__call__", "vectorize").replace(".aggregate", ".agg")
    if frame.f_globals["__name__"].startswith("numpy"):
        return f"np.{name}"
    return re.sub(r"^\w*(Rolling|Expanding|GroupBy)\.", lambda found: f"{found[1].lower()}().", name)


def _goes_through(frame: Any, n: int) -> bool:
    """Tell whether a call of one of LOOPS is for most of n elements; a dict is only looked up."""
    name = _written(frame)
    if name not in LOOPS or (name == "DataFrame.apply" and frame.f_locals["axis"] in (0, "index")):
        return False
    values = [*frame.f_locals.values(), *(frame.f_locals.get("args") or ())]
    tables = [getattr(value, "obj", value) for value in values]
    long = any(
        isinstance(table, np.ndarray | pd.Series | pd.DataFrame) and len(table) > MOST * n for table in tables
    )
    return long and (name.startswith("DataFrame.iter") or any(map(callable, values)))


def plain_function(function: Callable) -> Any:
    """Return the Python function in a callable: of a partial, under decorators, of an object."""
    if isinstance(function, partial):
        return plain_function(function.func)
    function = unwrap(function)
    return function if isfunction(function) or ismethod(function) else type(function).__call__


def objects_for_each(
    function: Callable, make: Callable[[int], tuple], sizes: tuple[int, int] = (300, 1200)
) -> float:
    """Count the Python objects that are alive together during a run, and how they grow with each element.

    The blocks of Python's own allocator are counted whenever a function is entered or left: the data of
    arrays is not among them.

    Args:
        function: is called three times.
        make: arguments of a size.
        sizes: two of them.
    """
    few, many = sizes
    function(*make(few))
    counts = [_most_blocks(function, make(n)) for n in sizes]
    return (counts[1] - counts[0]) / (many - few)


def _most_blocks(function: Callable, arguments: tuple) -> int:
    blocks, most, left = sys.getallocatedblocks, 0, LOOKS

    def look(frame: Any, event: str, arg: Any) -> None:
        nonlocal most, left
        most, left = max(most, blocks()), left - 1
        if left == 0:
            sys.setprofile(None)

    before = blocks()
    with _profiled(look):
        kept = function(*arguments)
    most = max(most, blocks())
    del kept
    return most - before


@contextmanager
def _profiled(note: Callable) -> Iterator[None]:
    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield
    finally:
        sys.setprofile(before)

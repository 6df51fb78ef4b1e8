"""A Python loop over arrays: the interpreter works for each element."""

import re
import sys
import time
from collections import Counter
from contextlib import ExitStack, suppress
from functools import partial
from inspect import CO_GENERATOR, getclosurevars, isfunction, ismethod, unwrap
from typing import ClassVar

import numpy as np
import pandas as pd

from kettle.checking import Question, Undecided
from kettle.probes.calls import count_calls
from kettle.probes.memory import peak_bytes
from kettle.probes.ratio import FASTER, NOT_FASTER, compare
from kettle.probes.work import growth

MISTAKE = "each element is taken out of its array by an index"
EXERCISE_MISTAKE = "`DataFrame.apply` calls your function for each row"

HINTS = (
    "Look at the bars of instructions: what does the interpreter do for each line that it could do once for all?",
    "An operator between two arrays is one call for all elements. What has to be an array, so that no loop is left?",
    "A choice for each element is `np.where(condition, a, b)`, or `np.select`, or a mask: `share[quantity >= 12] = 0.75`. "
    "`np.rint` rounds as `round` does, and `.astype(np.int64)` makes whole numbers of it.",
    "`full = price * quantity`; `share = np.where(quantity >= 144, 0.5, np.where(quantity >= 12, 0.75, 1.0))`; "
    "`totals = np.rint(full * share).astype(np.int64)`; and the rest is two sums.",
)

EXERCISE_HINTS = (
    "Look at the number of calls for each reading: who makes them, and what for?",
    "`apply` with `axis=1` is a Python loop that also builds a Series for each row. "
    "Which method of a *column* does the whole job?",
    "`.rolling(hours)` makes the windows of a column, and its methods, such as `.mean()`, run in C. "
    "What does it do, by default, with a window that is not full?",
    '`readings["stock"].rolling(hours, min_periods=1).mean()`',
)

RECALL = (
    Question(
        "`np.vectorize(f)` is applied to a million elements. How often is the Python function `f` called?",
        ("Once, with an array", "About a million times", "Once for each core"),
        1,
        "np.vectorize is a convenience, in its own documentation's words: essentially a for loop.",
    ),
    Question(
        "A list of a thousand numbers is made into an array, doubled, and made into a list again. What is gained?",
        ("Little or nothing", "The factor that arrays always bring", "Only memory"),
        0,
        "Making each Python object from an element, and each element from an object, costs about what the loop did.",
    ),
)

SIZES = (100, 400)
ROWS = (40, 120)  # rows of pandas take thousands of instructions each, and counting makes those slow
BOUNDS = (12, 144)


# --- the lesson


def check_same_totals(reprice, rng):
    """The totals are the same to the penny."""
    price, quantity = _lines(
        rng.choice((487, 491, 499)), rng
    )  # prime: no part of them is as long as the others
    kept = price.copy(), quantity.copy()
    totals, given_away = _two(reprice(price, quantity))
    for name, now, before in zip(("price", "quantity"), (price, quantity), kept, strict=True):
        assert np.array_equal(now, before), (
            f"Your code changed `{name}`, which belongs to whoever called: `*=`, `out=` or a mask writes "
            "into the very array that it is given. Where could it write instead?"
        )
    full, expected = _expected(price, quantity)
    _right_kind(totals)
    assert totals.shape == expected.shape, (
        f"The totals have the shape {totals.shape}: there are {len(expected)} lines, and one total for each."
    )
    off = totals != expected
    assert not off.any(), _why_off(price, quantity, full, expected, totals)
    away = int(full.sum() - expected.sum())
    assert np.ndim(given_away) == 0 and given_away == away, (
        f"The totals are right, but `given_away` is {str(given_away)[:40]} and not {away}."
    )
    reprice(*_lines(len(price), rng))
    assert np.array_equal(totals, expected), (
        "A second call changed the totals that the first had returned: both are written into one array. "
        "Who still holds the first?"
    )


def check_no_work_for_each_line(reprice, rng):
    """The interpreter does nothing for each line."""
    return _no_work_for_each(reprice, lambda n: _lines(n, rng, orders=8), "line")


def check_no_object_for_each_line(reprice, rng):
    """No Python object is made for each line, and memory grows no faster than the lines."""
    made = _objects_for_each(reprice, lambda n: _lines(n, rng))
    assert made < 0.5, _why_objects(reprice, lambda n: _lines(n, rng), made, "line")
    _memory_in_proportion(reprice, lambda n: _lines(n, rng), "line")


def check_each_line_is_cheap(reprice, rng):
    """One more line costs about what it costs in arithmetic on whole arrays."""
    _cheap(reprice, _whole, lambda n: _lines(n, rng), 25, "line")


def check_same_for_any_number(reprice, rng):
    """One line, and very many, come to the same totals."""
    for n in (1, 15_013):
        totals, given_away = _two(reprice(*(lines := _lines(n, rng))))
        expected, away = _whole(*lines)
        assert np.array_equal(totals, expected) and given_away == away, (
            f"Right for 500 lines or so, and not for {n:,}. Where does a part of them begin or end, and what adds up?"
        )


def interest_how_much_faster(as_merged, reprice, rng):
    """How much faster here."""
    lines = _lines(10_000, rng)
    ratio = compare(as_merged, reprice, *lines, repeat=5, most=5, patience=0.6)
    return f"Here, with 10,000 lines, your version is {ratio}."


# --- the exercise


def check_exercise_same_averages(smoothed, rng):
    """The averages are the same, at the edges and in the gaps too."""
    for hours in (rng.randrange(4, 9), rng.randrange(10, 25), 1, 130):
        readings = _readings(113, rng)
        kept = readings.copy()
        averages = smoothed(readings, hours)
        assert readings.equals(kept), (
            "Your code changed `readings`, which belongs to whoever called. What could it change instead?"
        )
        assert isinstance(averages, pd.Series) and averages.index.equals(readings.index), (
            f"What comes back is {_kind(averages)}, not a Series with the readings' index."
        )
        assert averages.dtype == np.float64, (
            f"The averages come back as {averages.dtype}, and they were float64."
        )
        _same_averages(averages.to_numpy(), readings["stock"].to_numpy(), hours)
        first = averages.copy()
        smoothed(_readings(113, rng), hours)
        assert averages.equals(first), (
            "A second call changed the averages that the first had returned: both are written into one array. "
            "Who still holds the first?"
        )


def check_exercise_no_work_for_each_reading(smoothed, rng):
    """The interpreter does nothing for each reading."""
    hours = rng.randrange(3, 9)
    return _no_work_for_each(smoothed, lambda n: (_readings(n, rng), hours), "reading", ROWS)


def check_exercise_no_object_for_each_reading(smoothed, rng):
    """No Python object is made for each reading, and memory grows no faster than the readings."""
    hours = rng.randrange(3, 9)
    made = _objects_for_each(smoothed, lambda n: (_readings(n, rng), hours))
    assert made < 0.5, _why_objects(smoothed, lambda n: (_readings(n, rng), hours), made, "reading")
    _memory_in_proportion(smoothed, lambda n: (_readings(n, rng), hours), "reading")


def check_exercise_each_reading_is_cheap(smoothed, rng, notes):
    """One more reading costs about what it costs in C."""
    _cheap(smoothed, _windows, lambda n: (_readings(n, rng), 3), 20, "reading")
    readings = _readings(15_000, rng)
    ratio = compare(_rolling, smoothed, readings, 3, clock="cpu", repeat=5, most=5)
    if 1 / ratio.best_ratio > 5:
        notes.append(f"Right, and `rolling` does it in {ratio.best_ratio:.2g} of the time.")


def check_exercise_same_for_many(smoothed, rng):
    """Very many readings come to the same averages."""
    readings = _readings(20_011, rng)
    off = ~np.isclose(smoothed(readings, 24), _rolling(readings, 24), rtol=1e-6, atol=1e-6, equal_nan=True)
    assert not off.any(), (
        f"Right for 113 readings, and {off.sum():,} of {len(off):,} averages are not: "
        "where does a part of them begin or end, and what adds up?"
    )


def check_exercise_same_index(smoothed, rng):
    """A part of the readings has averages with the index of that part."""
    part = _readings(113, rng).iloc[40:]
    averages, expected = smoothed(part.copy(), 5), _rolling(part, 5)
    told = "Right for readings whose index begins at 0, and not for a part of them whose index begins at 40"
    assert averages.index.equals(part.index), f"{told}: the averages have another index than their readings."
    assert np.allclose(averages, expected, rtol=1e-6, atol=1e-6, equal_nan=True), (
        f"{told}: which places in your code are labels of the index, and which are counted from 0?"
    )


def interest_exercise_how_much_faster(smoothed, rng):
    """How much faster here."""

    def row_by_row(readings, hours):
        def average(row):
            return readings.loc[max(row.name - hours + 1, 0) : row.name, "stock"].mean()

        return readings.apply(average, axis=1)

    ratio = compare(row_by_row, smoothed, _readings(500, rng), 24, repeat=3, most=3, patience=0.5)
    return f"Here, with 500 readings, your version is {ratio}."


# --- data, and what is right


def _lines(n, rng, orders=None):
    """Basket lines as in the notebook: prices in pence and quantities, all bands and their bounds among them.

    With `orders`, hotels order so many quantities and no others: work for each different quantity is not
    work for each line.
    """
    chance = np.random.default_rng(rng.randrange(1 << 30))
    price = chance.integers(95, 2500, n)
    quantity = chance.choice([1, 2, 3, 5, 11, 12, 13, 30, 143, 144, 145, 600], n)
    whole = chance.random(n) < 0.08  # what hotels order
    price[whole] = chance.integers(3000, 9999, whole.sum())
    quantity[whole] = chance.choice(chance.integers(3000, 20_002, orders or n), whole.sum())
    quantity[-1] = 20_001  # the largest order in the notebook
    return price, quantity


def _whole(price, quantity):
    full = price * quantity
    share = np.where(quantity >= 144, 0.5, np.where(quantity >= 12, 0.75, 1.0))
    totals = np.rint(full * share).astype(np.int64)
    return totals, full.sum() - totals.sum()


def _expected(price, quantity):
    full = [int(p) * int(q) for p, q in zip(price, quantity, strict=True)]
    shares = [0.5 if q >= 144 else 0.75 if q >= 12 else 1.0 for q in quantity.tolist()]
    return np.array(full), np.array([round(f * s) for f, s in zip(full, shares, strict=True)])


def _readings(n, rng):
    chance = np.random.default_rng(rng.randrange(1 << 30))
    stock = chance.integers(0, 4000, n).astype(float)
    stock[chance.random(n) < 0.05] = 0  # an empty silo is no gap
    stock[chance.random(n) < 0.1] = np.nan
    stock[0] = np.nan
    stock[n // 2 : n // 2 + 30] = np.nan  # a gap longer than any window
    return pd.DataFrame({"at": pd.date_range("2026-01-01", periods=n, freq="h"), "stock": stock})


def _rolling(readings, hours):
    return readings["stock"].rolling(hours, min_periods=1).mean()


def _windows(readings, hours):
    padded = np.concatenate([np.full(hours - 1, np.nan), readings["stock"].to_numpy()])
    windows = np.lib.stride_tricks.sliding_window_view(padded, hours)
    known = ~np.isnan(windows)
    with np.errstate(invalid="ignore"):
        return np.where(known, windows, 0).sum(axis=1) / known.sum(axis=1)


# --- what is told about wrong answers


def _kind(thing):
    name = type(thing).__name__
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"


def _two(answer):
    assert isinstance(answer, tuple) and len(answer) == 2, (
        f"What comes back is {_kind(answer)}, not the two things that came back before: totals, given_away."
    )
    return answer


def _right_kind(totals):
    assert isinstance(totals, np.ndarray), f"The totals come back as {_kind(totals)}, and they were an array."
    assert totals.dtype != object, (
        "The totals come back as an array of dtype object: it holds Python objects, and each operation "
        "on it goes through them one by one. They were int64."
    )
    assert totals.dtype == np.int64, (
        f"The totals come back as {totals.dtype}, and they were int64: whole pence."
    )


def _why_off(price, quantity, full, expected, totals):
    off = totals != expected
    exact = full * np.where(quantity >= 144, 0.5, np.where(quantity >= 12, 0.75, 1.0))
    halves = 4 * exact % 4
    first = int(np.flatnonzero(off)[0])
    told = f"{off.sum()} of {len(off)} totals are not what they were"
    if np.isin(quantity[off], BOUNDS).all():
        bounds = " and ".join(str(bound) for bound in np.unique(quantity[off]))
        return f"{told}, all of lines of exactly {bounds}: on which side of the bound do they belong?"
    if not totals[off].any():
        return (
            f"{told}, and come to nothing, from line {first + 1} on. Is each line in a part, and filled in?"
        )
    near = (np.abs(totals - expected)[off] <= expected[off] / 2**22).all()
    if near and (full[off] >= 2**22).all():
        return (
            f"{told}, all of lines above £{2**22 / 100:,.2f}: a float32 holds 24 bits, about seven digits, "
            "and these need more. Is there one on the way?"
        )
    largest = any(
        values[off].min() > values[~off].max(initial=0)
        for values in (full, expected, quantity)
        if not off.all()
    )
    if largest and (totals < 0).any():
        worst = int(totals.argmin())
        return (
            f"{told}, all of the largest lines, and {quantity[worst]} at {price[worst]} pence come to "
            f"{totals[worst]}: a number that its dtype cannot hold wraps around, and an int32 ends at 2,147,483,647. "
            "Which step makes a number too large?"
        )
    if (np.abs(totals - expected)[off] == 1).all() and (halves[off] == 2).all():
        return (
            f"{told}, each by a penny, and each where the value lies halfway between two: "
            f"`round` takes a half to the even penny, here {exact[first]} to {expected[first]}, "
            f"and yours comes to {totals[first]}."
        )
    if (np.abs(totals - expected)[off] == 1).all() and (halves[off] != 0).all():
        below = (totals < expected)[off]
        way = (
            "cut off" if below.all() else "cut off here and rounded up there" if below.any() else "rounded up"
        )
        return f"{told}, each by a penny, all where there was a fraction: is it {way} and not rounded to the nearest?"
    return (
        f"{told}: {quantity[first]} at {price[first]} pence come to {totals[first]}, not {expected[first]}."
    )


def _same_averages(given, stock, hours):
    windows = [stock[max(i - hours + 1, 0) : i + 1] for i in range(len(stock))]
    known = [window[~np.isnan(window)] for window in windows]
    expected = np.array([window.mean() if len(window) else np.nan for window in known])
    off = ~np.isclose(given, expected, rtol=1e-6, atol=1e-6, equal_nan=True)
    if not off.any():
        return
    at = int(np.flatnonzero(off)[0])
    told = f"With windows of {hours}, {off.sum()} of {len(off)} averages are not what they were"
    empty = np.isnan(expected)
    full = np.array([len(some) == hours for some in known])
    assert not (np.isnan(given[off]).all() and (np.flatnonzero(off) < hours).all()), (
        f"{told}, all among the first {hours}: they have no average now, though there are readings. "
        "What is a window that is not full yet?"
    )
    assert (np.flatnonzero(off) >= hours - 1).any(), (
        f"{told}, all among the first {hours - 1}: their windows begin with the first reading. What do yours hold "
        "before it? `np.roll`, for one, brings the last readings there."
    )
    assert full[off].any() or not np.isnan(given[off]).all(), (
        f"{told}: where a window holds a gap there is no average now, and it was that of the other readings."
    )
    assert not empty[off].all(), (
        f"{told}: there, the window holds no reading at all, and no average is known."
    )
    slight = np.abs(given - expected)[off] < np.maximum(1, 1e-3 * np.abs(expected[off]))
    assert not slight.all(), (
        f"{told}, each by less than {max(1, 1e-3 * np.nanmax(expected)):,.0f}: "
        "is something rounded, or of a smaller dtype on the way?"
    )
    zero = np.array([(some == 0).any() for some in known])
    assert not zero[off].all(), f"{told}, all where a window holds a reading of 0: is that a gap?"
    assert full[off].any(), (
        f"{told}, all where a window holds fewer than {hours} readings: by how many is its sum divided, "
        "and what stands in for a gap?"
    )
    raise AssertionError(
        f"{told}: number {at} is {given[at]:,.2f} and was {expected[at]:,.2f}. Which readings are in its window?"
    )


def _no_work_for_each(answer, make, item, sizes=SIZES):
    with np.printoptions(threshold=8):  # a long array is written out in full below 1,000 elements, by Python
        grown = growth(lambda arguments: answer(*arguments), sizes, make)
    run = grown.runs[-1]
    away = run.sent_away or run.processes
    assert not away, (
        f"Work was sent to other processes ({away} {'job' if away == 1 else 'jobs'}): it is moved there, not removed, "
        "and the arrays are copied there and back. What could this process do with whole arrays?"
    )
    if grown.per_item >= 1:
        raise AssertionError(_why_work(answer, make, grown, item))
    few = grown.runs[0].instructions
    also = "as many" if few == run.instructions else f"{few:,}"
    return f"{run.instructions:,} instructions for {sizes[1]} {item}s, and {also} for {sizes[0]}."


LOOPS = (
    "DataFrame.iterrows",
    "DataFrame.itertuples",
    "DataFrame.apply",
    "Series.apply",
    "Series.map",
    "rolling().apply",
    "np.apply_along_axis",
    "np.vectorize",
)  # these go through all elements, even where the function that they call is not the notebook's own
TOO_FEW = "too few for a loop over all of them: is there one over parts, or over each different value?"
MAKERS = ("array", "asarray", "append", "concatenate", "hstack", "insert")


def _why_work(answer, make, grown, item):
    """Say who executes instructions for each item."""
    (few, many), (first, last) = grown.runs, grown.sizes
    calls = (many.calls - few.calls) / (last - first)
    name = _caller(answer, make, last, calls)
    told = f"{_instructions(grown.per_item)} for each {item}"
    if name in ("DataFrame.iterrows", "DataFrame.itertuples"):
        return f"`{name}` hands out each row as a Python object: {told}. Which operation on columns does it for all?"
    if name == "np.vectorize":
        return f"`np.vectorize` looks like an array operation and calls your function for each {item}, with {told}: it is a loop."
    if name == "np.frompyfunc":
        return f"A ufunc of `np.frompyfunc` calls your Python function for each {item}: {told}."
    if name:
        each = "row" if name in ("DataFrame.apply", "DataFrame.agg", "DataFrame.transform") else item
        return f"`{name}` calls your function for each {each}: {told}. It is a loop, out of sight."
    arrays = [_arrays_made(answer, make(n)) for n in grown.sizes]
    if arrays[1] - arrays[0] >= (last - first) / 2:
        return (
            f"NumPy made {arrays[1]} arrays for {last} {item}s, which costs far more than the arithmetic, and {told}. "
            "What could be one array for all?"
        )
    if many.threads:
        return (
            f"{many.threads} other threads worked on it, and together they still execute {told}: "
            "one interpreter runs them in turn."
        )
    noted, told = _notes(answer, make(100)), f"The interpreter executes {told}"
    return _how_taken(noted, told) if noted or grown.per_item >= 2 else f"{told}, {TOO_FEW}"


def _instructions(each):
    text = f"{each:,.0f}" if each >= 10 else f"{each:.2g}"
    return f"{text} instruction{'s' * (text != '1')}"


def _how_taken(noted, told):
    if "map" in noted:
        return f"{told}: `map` hides the loop, and does not remove it."
    if "tolist" in noted:
        return f"{told}: an array is made into a list, and a Python loop goes through that. What would need no list?"
    ask = "as a Python object of its own. What could be one operation on all?"
    if "iterated" in noted:
        return f"{told}: a loop or a comprehension takes each element out of its array, {ask}"
    if "indexed" in noted:
        return f"{told}: each element is taken out of its array by an index, {ask}"
    return f"{told}: somewhere a loop in Python goes through them. What could be one operation on all?"


def _caller(answer, make, n, calls=1.0):
    """Tell which function of NumPy or pandas, called in the notebook, calls a function for each element."""
    own = _function(answer).__globals__
    back, given = Counter(), set()

    def note(frame, event, arg):
        if event != "call":
            return
        if frame.f_globals is not own:
            if frame.f_back.f_globals is own and _goes_through(frame, n):
                given.add(_written(frame))
        elif not frame.f_code.co_flags & CO_GENERATOR and (by := _called_by(frame, own)):
            back[by] += 1

    arguments = make(n)
    with count_calls(np, "frompyfunc") as ufuncs:
        sys.setprofile(note)
        try:
            answer(*arguments)
        finally:
            sys.setprofile(None)
    for by, count in back.most_common(1):
        array_method = by.f_globals["__name__"].startswith(("numpy.", "pandas.")) and "__" not in _written(by)
        if array_method and count > 0.65 * n:
            return _written(by)
    used = [name for name in LOOPS if name in given]
    if used and (calls > 0.9 or used[0].startswith("DataFrame.iter")):
        return used[0]
    known = getclosurevars(_function(answer))
    made = [v for v in (*known.globals.values(), *known.nonlocals.values()) if isinstance(v, np.ufunc)]
    from_python = ufuncs.count or any(ufunc.__name__.endswith("(vectorized)") for ufunc in made)
    return "np.frompyfunc" if from_python and calls > 0.9 else None


def _called_by(frame, own):
    """Return the frame of the method that the notebook called, and that called the notebook back, if one did."""
    by = None
    while (frame := frame.f_back) and frame.f_globals is not own:
        if "<" not in frame.f_code.co_qualname:  # a decorator's wrapper
            by = frame
    return by if frame else None


def _written(frame):
    """Write the name of a library's function as a notebook does."""
    name = frame.f_code.co_qualname.replace("vectorize.__call__", "vectorize").replace(".aggregate", ".agg")
    if frame.f_globals["__name__"].startswith("numpy"):
        return f"np.{name}"
    return re.sub(r"^\w*(Rolling|Expanding|GroupBy)\.", lambda found: f"{found[1].lower()}().", name)


def _goes_through(frame, n):
    """Tell whether a call of one of LOOPS is for most of n elements; a dict is looked up, and no function called."""
    name = _written(frame)
    if name not in LOOPS or (name == "DataFrame.apply" and frame.f_locals["axis"] in (0, "index")):
        return False
    values = [*frame.f_locals.values(), *(frame.f_locals.get("args") or ())]
    things = [getattr(value, "obj", value) for value in values]
    long = any(
        len(thing) > 0.65 * n for thing in things if isinstance(thing, np.ndarray | pd.Series | pd.DataFrame)
    )
    return long and (name.startswith("DataFrame.iter") or any(map(callable, values)))


def _function(answer):
    """Return the Python function in a callable."""
    if isinstance(answer, partial):
        return _function(answer.func)
    answer = unwrap(answer)
    return answer if isfunction(answer) or ismethod(answer) else type(answer).__call__


def _arrays_made(answer, arguments):
    with ExitStack() as stack:
        seen = [stack.enter_context(count_calls(np, name)) for name in MAKERS]
        answer(*arguments)
    return max(found.count for found in seen)


class _Watched(np.ndarray):
    """An array that notes how its elements are taken out, one by one; it explains, and decides nothing."""

    notes: ClassVar[Counter] = Counter()

    def __array_finalize__(self, parent):
        if self.dtype == object:
            self.notes["object"] += self.size

    def __iter__(self):
        self.notes["iterated"] += len(self)
        return iter(self.view(np.ndarray))

    def __getitem__(self, key):
        value = super().__getitem__(key)
        self.notes["indexed"] += not isinstance(value, np.ndarray)
        return value

    def tolist(self):
        self.notes["tolist"] += self.size
        return super().tolist()


def _notes(answer, arguments):
    """Note what is done with each of at least 100 elements of the arrays that a run is given."""
    notes = _Watched.notes = Counter()
    names = _function(answer).__globals__

    def noted_map(*args):
        for value in map(*args):
            notes["map"] += 1
            yield value

    names.setdefault("map", noted_map)
    try:
        with suppress(Exception):
            answer(*(a.view(_Watched) if isinstance(a, np.ndarray) else a for a in arguments))
    finally:
        if names["map"] is noted_map:
            del names["map"]
    return {what for what, count in notes.items() if count >= 100}


def _objects_for_each(answer, make):
    """Count the Python objects that are alive together during a run, and how they grow with each element.

    The blocks of Python's own allocator are counted whenever a function is entered or left: the data of
    arrays is not among them.
    """
    few, many = 300, 1200
    answer(*make(few))
    counts = [_most_blocks(answer, make(n)) for n in (few, many)]
    return (counts[1] - counts[0]) / (many - few)


def _most_blocks(answer, arguments):
    blocks, most, left = sys.getallocatedblocks, 0, 20_000

    def sample(frame, event, arg):
        nonlocal most, left
        most, left = max(most, blocks()), left - 1
        if left == 0:  # each look goes through the whole heap; so much Python code is found by other means
            sys.setprofile(None)

    before = blocks()
    sys.setprofile(sample)
    try:
        kept = answer(*arguments)
    finally:
        sys.setprofile(None)
    most = max(most, blocks())
    del kept
    return most - before


def _why_objects(answer, make, made, item):
    noted, name = _notes(answer, make(100)), _caller(answer, make, 100)
    told = f"{made:.1f} Python objects for each {item} are alive at once"
    if name:
        return f"{told}: `{name}` calls a function for each {item}, even where that is written in C."
    if "object" in noted:
        return f"{told}, in an array of dtype object: its arithmetic is that of Python, object by object."
    if noted & {"tolist", "iterated", "map"}:
        return f"{told}: an array is made into Python objects, even if no line of yours loops. What would need none?"
    return f"{told}: is there a list, or an array of dtype object, on the way?"


def _memory_in_proportion(answer, make, item):
    for n in (250, 500):
        answer(*make(n))
    low, middle, high = (peak_bytes(answer, *make(n)) for n in (250, 500, 1000))
    first, second = (middle - low) / 250, (high - middle) / 500
    assert second < 1.6 * max(first, 300), (
        f"One more {item} takes {first:,.0f} bytes at first and {second:,.0f} among twice as many: "
        f"somewhere every {item} meets every other. What needs a table of all with all?"
    )


def _cheap(answer, reference, make, times, item):
    """Compare what further elements cost with what they cost a reference, by CPU time.

    The allowance is the answer itself on few elements, so that what a library does once does not count.
    """
    if _notes(answer, make(100)) & {"tolist", "iterated", "map"}:
        raise AssertionError(_why_dear(answer, make, item))
    few, many = make(1000), make(15_000)  # 120 kB an array: small enough for every allocator's quick path

    def allowed():
        answer(*few)
        for _ in range(times):
            reference(*many)

    def taken():
        answer(*many)

    allowed()
    share = _seconds(allowed) / max(_seconds(taken), 1e-6)
    if share > 0.05:  # otherwise one look is enough, and more of them would take long
        ratio = compare(allowed, taken, clock="cpu", at_least=1.0, repeat=9, most=45, patience=4.0)
        share = ratio.best_ratio
        if ratio.answer == FASTER or share > 1.2:
            return
        if ratio.answer != NOT_FASTER and share > 0.8:
            raise Undecided(
                f"Too near the limit to tell whether one more {item} costs over {times} times what it could: {ratio}."
            )
    raise AssertionError(_why_dear(answer, make, item, times))


def _seconds(function):
    start = time.thread_time()
    function()
    return time.thread_time() - start


def _why_dear(answer, make, item, times=None):
    grown = growth(lambda arguments: answer(*arguments), (1000, 2000), make)
    told = f"Among many, one more {item} costs far more than it does in operations on whole arrays"
    if times:
        told = f"Among many, one more {item} costs over {times} times what it costs in operations on whole arrays"
    if grown.per_item >= 2:
        return f"{told}, and the interpreter executes {_instructions(grown.per_item)} for it: is there a loop that only few {item}s are spared?"
    if grown.per_item > 0.3:
        return f"{told}. The interpreter executes {_instructions(grown.per_item)} for it, {TOO_FEW}"
    name = _caller(answer, make, 100)
    if name:
        return f"{told}: `{name}` calls a function for each {item}."
    if _notes(answer, make(100)):
        return f"{told}: C code goes through the elements as Python objects, one by one, as `sum` and `map` do. What does NumPy have for it?"
    return f"{told}. What is done with each of them?"

"""Work for each element: what is judged by counting, and who is named for it."""

import functools
import random
import sys

import numpy as np
import pandas as pd
import pytest

from kettle.checking.causes.elementwise import Elements
from kettle.probes.engines.elements import (
    loop_of_library,
    objects_for_each,
    plain_function,
    taken_one_by_one,
)


def make(n):
    return (np.random.default_rng(n).integers(1, 2**40, n),)


def double(x):
    return x * 2


def court(answer):
    return Elements(answer, make, "line")


def judged(answer, few=100, many=400):
    """Return what is told of instructions and of objects; the counts, where there is nothing to tell."""
    try:
        return court(answer).untouched(few, many)
    except AssertionError as error:
        return str(error)


@pytest.mark.parametrize(
    "answer",
    [
        lambda x: x * 2,
        lambda x: pd.Series(x).mul(2).to_numpy(),
        lambda x: np.concatenate([x[at : at + 500] * 2 for at in range(0, len(x), 500)]),
        lambda x: pd.concat([pd.Series(x[at : at + 2000]) * 2 for at in range(0, len(x), 2000)]),
    ],
)
def test_operations_on_whole_arrays_do_nothing_for_each_line(answer):
    assert "instructions for 400 lines" in judged(answer)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (lambda x: np.array([v * 2 for v in x]), "a loop or a comprehension takes each element"),
        (lambda x: np.array([x[i] * 2 for i in range(len(x))]), "is taken out of its array by an index"),
        (lambda x: np.array([v * 2 for v in x.tolist()]), "an array is made into a list"),
        (lambda x: np.vectorize(double)(x) + 1, "`np.vectorize` looks like an array operation"),
        (lambda x: np.frompyfunc(double, 1, 1)(x).astype(int), "A ufunc of `np.frompyfunc`"),
        (lambda x: pd.Series(x).map(double).to_numpy(), "`Series.map` calls your function for each line"),
        (lambda x: pd.Series(x).rolling(3).apply(np.sum, raw=True), "`rolling().apply` calls your function"),
        (lambda x: np.array([np.array([v]) * 2 for v in x]), "arrays for 400 lines, which costs far more"),
        (lambda x: (x.astype(object) * 2).astype(int), "in an array of dtype object"),
        (lambda x: sum(x * 2), "as `sum` and `map` do"),
    ],
)
def test_the_loop_is_found_and_named(answer, says):
    assert says in judged(answer)


def test_how_elements_are_taken_out_is_told():
    assert taken_one_by_one(lambda x: [v for v in x], make(100)) == {"iterated"}  # noqa: C416 - it is the subject
    assert taken_one_by_one(lambda x: x[:50].tolist() + x[50:].tolist(), make(100)) == {"tolist"}
    assert taken_one_by_one(lambda x: x[3] + x.sum(), make(100)) == set()
    tape = (bytes(400),)
    assert taken_one_by_one(lambda x: sum(memoryview(x).cast("I")), tape) == {"iterated"}
    assert taken_one_by_one(lambda x: np.frombuffer(memoryview(x).cast("I"), "<u4"), tape) == set()


def test_a_library_that_looks_up_is_no_loop():
    sizes = {number: 2 * number for number in range(5)}
    few = (np.arange(100) % 5,)
    assert loop_of_library(lambda x: pd.Series(x).map(sizes), few, 100) is None
    assert loop_of_library(lambda x: pd.Series(x).map(lambda v: sizes[v]), few, 100) == "Series.map"


def test_objects_are_counted_and_the_data_of_arrays_is_not():
    assert objects_for_each(lambda x: x * 2, make) < 0.1
    assert objects_for_each(lambda x: x.tolist(), make) == pytest.approx(1, abs=0.3)


def test_instruments_give_back_the_profiler_and_the_debugger_that_they_found():
    def profiler(*_):
        pass

    def debugger(*_):
        pass

    before = sys.gettrace(), sys.getprofile()
    sys.setprofile(profiler)
    sys.settrace(debugger)
    try:
        objects_for_each(lambda x: x * 2, make)
        loop_of_library(lambda x: x * 2, make(100), 100)
        found = sys.gettrace(), sys.getprofile()
    finally:
        sys.settrace(before[0])
        sys.setprofile(before[1])
    assert found == (debugger, profiler)


def test_the_plain_function_is_found():
    class Doubler:
        def __call__(self, x):
            return x * 2

    assert plain_function(functools.partial(functools.cache(double))) is double
    assert plain_function(Doubler()) is Doubler.__call__
    assert plain_function(random.Random().random.__self__.randrange).__name__ == "randrange"

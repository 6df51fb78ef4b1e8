"""Whether two versions are one program: what must be noticed, and what must not be taken for it."""

import functools
import textwrap

import pytest

from kettle.panels.twins import one_function

MERGED = """
def rings_out(square):
    ring = 0
    while ring * ring < square:
        ring += 1
    return ring


def label(square):
    return {"rings": rings_out(square)}
"""
CACHED = "import functools\n" + MERGED.replace("def rings_out", "@functools.cache\ndef rings_out")
KEEP = "as_merged = FunctionType(label.__code__, {**globals()})"  # it goes on calling what there is now
KEEP_NAME = "as_merged = label"
SIDES = """
def print_labels(squares, make=None):
    return [(make or label)(square) for square in squares]


def before():
    return print_labels([1, 2], make=as_merged)


def after():
    return print_labels([1, 2])
"""
PLAIN = "def before():\n    return as_merged(3)\n\n\ndef after():\n    return label(3)"
THROUGH_LAMBDA = "before, after = (lambda: (lambda: as_merged(3))()), (lambda: (lambda: label(3))())"


def notebook(*cells):
    """Run cells in names of their own; return the sentence about their `before` and `after`."""
    names = {"__name__": "__main__"}
    exec("from types import FunctionType", names)
    for cell in cells:
        exec(textwrap.dedent(cell), names)
    return one_function(names["before"], names["after"])


@pytest.mark.parametrize("sides", [SIDES, PLAIN, THROUGH_LAMBDA])
@pytest.mark.parametrize("keep", [KEEP, KEEP_NAME])
def test_a_fix_that_was_kept_as_the_merged_version_is_noticed(keep, sides):
    assert "Run the merged code, then the cell that keeps it, then your fix." in notebook(
        MERGED, CACHED, keep, CACHED, sides
    )
    assert notebook(MERGED, CACHED, keep, sides)


@pytest.mark.parametrize("sides", [SIDES, PLAIN])
@pytest.mark.parametrize("keep", [KEEP, KEEP_NAME])
def test_a_fix_that_was_not_made_is_noticed(keep, sides):
    assert notebook(MERGED, keep, MERGED, sides)


def test_a_fix_that_was_not_made_is_noticed_although_the_merged_version_was_profiled():
    watch = "from line_profiler import LineProfiler\nLineProfiler(label).runcall(label, 3)"
    assert notebook(MERGED, watch, KEEP_NAME, MERGED, PLAIN)
    assert notebook(MERGED, watch, KEEP_NAME, MERGED.replace('"rings"', '"ring"'), PLAIN) == ""


def test_a_fix_is_no_twin():
    assert notebook(MERGED, KEEP, CACHED, SIDES) == ""
    assert notebook(MERGED, KEEP, CACHED, PLAIN) == ""
    other = MERGED.replace("return ring\n", "return ring * 1\n")
    assert notebook(MERGED, KEEP, other, SIDES) == ""
    assert notebook(MERGED, KEEP_NAME, MERGED.replace('"rings": ', '"ring": '), PLAIN) == ""


def test_other_steps_with_the_same_constants_are_no_twin():
    first = "def before(rows):\n    return [row + 1 for row in rows if row]"
    other = "def after(rows):\n    kept = filter(None, rows)\n    return [row + 1 for row in kept]"
    assert notebook(first, other) == ""
    assert notebook(first, first.replace("before", "after"))


def test_both_are_named_where_each_uses_one_of_its_own():
    assert notebook(MERGED, KEEP_NAME, PLAIN).startswith("`as_merged` and `label` are the same function.")
    assert notebook(MERGED, KEEP_NAME, SIDES).startswith("Both run the same code.")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("label(3)", "label(30_000)"),
        ("label(3)", "label(4)"),
        ("sorted([3], reverse=True)", "sorted([3], reverse=False)"),
        ("first(3)", "second(3)"),
        ("partial(max, 1)(3)", "partial(max, 2)(3)"),
        ("made_1(3)", "made_2(3)"),
        ("len(one)", "len(other)"),
    ],
)
def test_what_differs_in_what_it_is_given_is_no_twin(before, after):
    more = """
    from functools import partial
    first, second = partial(max, 1), partial(max, 2)
    one, other = [1], [2]
    def make(factor):
        return lambda number: factor * number
    made_1, made_2 = make([1]), make([2])
    """
    assert notebook(MERGED, more, f"def before(): return {before}", f"def after(): return {after}") == ""


def test_what_is_no_function_of_a_notebook_is_left_alone():
    assert one_function(len, max) == ""
    assert one_function(functools.partial(max, 1), functools.partial(max, 2)) == ""
    assert "was given twice" in one_function(len, len)


def test_functions_that_call_each_other_come_to_an_end():
    more = """
    def even(n): return n == 0 or odd(n - 1)
    def odd(n): return n > 0 and even(n - 1)
    """
    assert (
        notebook(MERGED, KEEP_NAME, more, "def before(): return even(3)", "def after(): return odd(3)") == ""
    )

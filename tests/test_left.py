"""What is told of what is left, and the start method of worker processes."""

import multiprocessing

import pytest

from kettle.checking.left import has_ended
from kettle.checking.words import many
from kettle.probes.engines.start_method import AFRESH, start_method
from kettle.probes.leftovers import Left
from kettle.probes.workers import Executor


@pytest.mark.parametrize(
    ("left", "says"),
    [
        (Left(processes=(1, 2)), "2 worker processes of its own"),
        (Left(processes=(1,), kept=True), "1 worker process of a pool that was open before"),
        (Left(programs=(1,)), "1 process that it started by hand"),
        (Left(tasks=("serve",)), "1 task that it started did not end with it, such as `serve`"),
        (Left(executors=(Executor("P", "", 0.0),)), "1 executor that it made was never shut down"),
    ],
)
def test_what_is_left_is_told(left, says):
    with pytest.raises(AssertionError, match=says):
        has_ended(left)


def test_where_nothing_is_left_nothing_is_told():
    has_ended(Left())


def test_workers_start_by_another_method_for_a_while():
    before = multiprocessing.get_start_method(allow_none=True)
    with start_method(AFRESH):
        assert multiprocessing.get_start_method() == AFRESH
    assert multiprocessing.get_start_method(allow_none=True) == before


def test_a_number_stands_with_its_noun():
    assert [many(1, "process"), many(2, "process"), many(3400, "call")] == [
        "1 process",
        "2 processes",
        "3,400 calls",
    ]

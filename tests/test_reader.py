"""Reader, what is told of what is left, and the start method of worker processes."""

import asyncio
import multiprocessing

import pytest

from kettle.checking.left import has_ended
from kettle.checking.words import many
from kettle.probes.engines.start_method import AFRESH, start_method
from kettle.probes.leftovers import Left
from kettle.probes.workers import Executor
from kettle.shop.reader import NoJson, Reader


def written(reader, *texts):
    async def main():
        tasks = [asyncio.ensure_future(reader(text)) for text in texts]
        await asyncio.gather(*tasks)
        return reader

    return asyncio.run(main())


def test_a_reader_keeps_what_is_written():
    assert written(Reader(), "[1,", "2]").data() == [1, 2]


def test_a_slow_reader_has_the_first_text_last_if_nobody_waits_for_it():
    assert written(Reader(1), "a", "b").texts == ["b", "a"]


def test_a_reader_gives_way_only_where_it_is_slow():
    def steps(coroutine):
        try:
            coroutine.send(None)
        except StopIteration:
            return 0
        return 1 + steps(coroutine)

    assert steps(Reader()("a")) == 0
    assert steps(Reader(2)("a")) == 20


def test_a_reader_hangs_up_and_takes_texts_only():
    with pytest.raises(ConnectionResetError):
        written(Reader(most=3), "ab", "cd")
    with pytest.raises(TypeError, match="given bytes"):
        written(Reader(), b"ab")


def test_what_is_no_json_says_why():
    data = written(Reader(), "[1,]").data()
    assert isinstance(data, NoJson)
    assert data == "[1,]"
    assert "line 1" in data.why
    assert type(data).__name__ == "text that is no JSON"


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

"""Lines: hits are exact, shares name the line that does it, and a coroutine's waits are not charged."""

import asyncio
import functools
import time

import pytest

from kettle.probes.lines import Line, Lines, time_lines, watch_lines


def halves(numbers):
    first = sorted(range(20_000), key=str)
    found = []
    for number in numbers:
        half = number / 2
        found += [half]
    return found[: len(first)]


def test_hits_are_counted_and_the_value_is_kept():
    timed = time_lines(halves, range(7))
    assert timed.value == [n / 2 for n in range(7)]
    assert [(line.number, line.hits) for line in timed.lines] == [
        (1, 0),
        (2, 1),
        (3, 1),
        (4, 8),
        (5, 7),
        (6, 7),
        (7, 1),
    ]
    assert timed.lines[4].source.strip() == "half = number / 2"


def test_the_top_line_is_the_one_that_takes_longest():
    timed = time_lines(halves, range(3))
    assert timed.top.number == 2
    assert timed.share() == timed.share("sorted(") > 90
    assert timed.share("nowhere") == 0
    assert repr(timed).startswith("halves: line 2 of 7 has ")


def test_a_wrapped_function_is_timed_inside():
    @functools.cache
    def once(number):
        return number + 1

    assert [line.hits for line in time_lines(once, 1).lines] == [0, 0, 1]


def test_a_function_without_source_is_timed_all_the_same():
    names = {}
    exec("def f(n):\n    x = n\n    return x", names)
    assert [(line.hits, line.source) for line in time_lines(names["f"], 1).lines] == [
        (0, ""),
        (1, ""),
        (1, ""),
    ]


def test_what_has_no_lines_is_refused():
    with pytest.raises(TypeError, match="no lines of Python"):
        time_lines(len, [])


def test_shares_are_of_the_whole():
    timed = Lines("f", (Line(1, "a", 1, 3.0), Line(2, "b", 1, 1.0)))
    assert (timed.seconds, timed.share(), timed.share("b")) == (4.0, 75.0, 25.0)


def test_a_coroutine_is_watched_over_several_calls_and_its_waits_are_not_charged():
    async def serve():
        time.sleep(0.02)  # noqa: ASYNC251 (what is measured)
        await asyncio.sleep(0.05)

    async def main():
        with watch_lines(serve) as watched:
            await asyncio.gather(serve(), serve())
        return watched.lines

    lines = asyncio.run(main())
    held, waited = lines.holding("time.sleep"), lines.holding("asyncio.sleep")
    assert (held.hits, waited.hits) == (2, 2)
    assert held.seconds >= 0.04 > waited.seconds
    assert lines.holding("nowhere") is None

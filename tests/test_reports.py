"""Reports held against the record: times a little off pass, others are told whose they are."""

import asyncio
import random

import pytest

from kettle.checking.equivalence import Told
from kettle.checking.reports import (
    OtherTimes,
    caught_up,
    numbers,
    observed,
    percentiles,
    sent_when_due,
    since_due,
    throughput,
)
from kettle.probes.recorded import Span

WHOLE = random.Random(4).sample([0.002] * 102 + [0.016] * 14 + [0.032] * 4, 120)


def run(times, began=0.0, places=20):
    free, spans = [began] * places, []
    for seconds in times:
        start = min(free)
        free[free.index(start)] = start + seconds
        spans.append(Span(start, start + seconds))
    return spans


PHASES = [[], run(WHOLE), run([2 * each for each in WHOLE], 10.0)]
TRUE = {"p50": (0.002, 0.004), "p95": (0.016, 0.032), "p99": (0.032, 0.064)}


def compare(**other):
    percentiles({**TRUE, **other}, PHASES, (50, 95, 99), "nobody's wait")


def test_true_percentiles_pass_and_so_do_rounded_ones():
    compare()
    compare(**{name: (1.02 * low, 0.98 * high) for name, (low, high) in TRUE.items()})
    with pytest.raises(OtherTimes):
        compare(**{name: (1.2 * low, 1.2 * high) for name, (low, high) in TRUE.items()})


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"p50": (sum(WHOLE) / 120, 0.01)}, "it is the mean"),
        ({"p50": (max(s.ended for s in PHASES[1]) / 120, 0.004)}, "nobody's wait"),
        ({"p95": (0.016, 0.016)}, "one number for all 2 runs"),
        ({"p99": 0.032}, "no pair"),
        ({"p99": (0.02, 0.064)}, "the lowest `p99` is 20 ms, and by the operation's own record it is 32 ms"),
        ({"p50": (2.0, 4.0)}, "a thousand times as much"),
        ({"p50": (1e-6, 0.004)}, "its clock stands still"),
        ({"p50": (0.5, 0.6)}, "which calls are in the list"),
        ({"p99": (0.064, 0.07)}, "that is another run's"),
    ],
)
def test_another_time_is_told_whose_it_is(said, told):
    with pytest.raises(Told, match=told):
        compare(**said)


@pytest.mark.parametrize(
    ("p50", "told"),
    [
        (0.001, "a quick failure is no quick answer"),
        (0.006, "among all calls, and only the answered ones stand there"),
        (0.012, "is the time of a failed call in it"),
    ],
)
def test_where_calls_fail_it_is_told_what_their_failures_do(p50, told):
    spans = run([0.004] * 55 + [0.006] * 45 + [0.02] * 20)
    for span in spans[100:]:
        span.failed = True
    with pytest.raises(OtherTimes, match=told):
        percentiles({"p50": (p50, p50)}, [[], spans], (50,), "nobody's wait")


def test_the_clock_before_the_line_is_recognised():
    waits = sorted(span.ended - PHASES[1][0].began for span in PHASES[1])
    with pytest.raises(OtherTimes, match="Does its clock start before its turn has come"):
        compare(p50=(waits[59], 0.9))


def test_throughput_counts_answers_and_no_seconds_outside_of_a_run():
    phases = [run([0.5] * 5, -1.0), run([0.01] * 100, 0.0), run([0.02] * 100, 1.0)]
    phases[1][3].failed = phases[2][3].failed = True
    rates = sorted(99 / (max(s.ended for s in phase) - phase[0].began) for phase in phases[1:])

    def compared(*pair):
        throughput({"per_second": pair}, phases, -2.0, 2.0)

    compared(*rates)
    with pytest.raises(OtherTimes, match="They hold more than the run"):
        compared(rates[0], 99 / 2)
    with pytest.raises(OtherTimes, match="They hold less than the run"):
        compared(3 * rates[0], 3 * rates[1])


def test_waits_run_from_when_calls_were_due():
    async def load():
        with observed() as seen:
            await seen.report(_reported, lambda n: asyncio.sleep(0))
            first = seen.called
            seen.service.spans[:] = [Span(first + n / 100 + 0.5, first + n / 100 + 0.51) for n in range(110)]
            return seen

    seen = asyncio.run(load())
    begins = seen.service.spans[0]
    begins.began, begins.ended = seen.called, seen.called + 0.51
    since_due({"p50": 0.51}, seen, 100, {"p50": 50})
    with pytest.raises(OtherTimes, match="yours counts from when it was sent"):
        since_due({"p50": 0.01}, seen, 100, {"p50": 50})
    sent_when_due(seen, 100)
    with pytest.raises(Told, match="before it was due"):
        sent_when_due(seen, 10)
    caught_up(seen, 100, 0.5, seen.called + 1.6)
    with pytest.raises(Told, match="call 1 is sent 500 ms after it was due"):
        caught_up(seen, 100, 0.12, seen.called + 0.12)


async def _reported(operation):
    await operation()
    return {}


def test_a_report_is_a_dictionary_of_its_own_and_comes_last():
    same = {}

    async def told(function):
        with observed() as seen:
            await seen.report(function, lambda n: asyncio.sleep(0.05))
            await seen.report(function, lambda n: asyncio.sleep(0.05))

    async def twice(operation):
        return same

    async def early(operation):
        early.task = asyncio.create_task(operation())
        await asyncio.sleep(0)
        return {}

    async def no_dictionary(operation):
        return 5

    for function, sentence in (
        (twice, "handed out twice"),
        (early, "1 of the calls is under"),
        (no_dictionary, "5"),
    ):
        with pytest.raises(Told, match=sentence):
            asyncio.run(told(function))


def test_numbers_are_asked_for_by_name():
    numbers({"failed": 0}, "failed")
    with pytest.raises(Told, match="has no `p50`"):
        numbers({}, "p50")
    with pytest.raises(Told, match="and no number"):
        numbers({"p50": None}, "p50")

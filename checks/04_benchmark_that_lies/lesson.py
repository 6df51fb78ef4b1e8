"""A benchmark that lies: the time of a run, divided by the number of its calls, is a wait that no caller had."""

import asyncio
from contextlib import nullcontext
from math import isclose
from types import SimpleNamespace

from kettle.checking import Case, Contract
from kettle.checking.causes.told_time import told_time
from kettle.checking.equivalence import Told
from kettle.checking.worlds import World

from .world import Service, compare, judge_calls, percentile, time_of

TIMES = [0.002] * 204 + [0.016] * 28 + [0.06] * 8  # by each usual rule, these are p50, p95 and p99
OF_SOME = [0.002] * 94 + [0.016] * 12 + [0.06] * 4  # here, too
AT_ONCE = 20
FAILS, LAST_FAILS = 0.0005, 0.2  # seconds until a call fails
IDLE = 0.01  # seconds for which a place may stay empty


def services(rng):
    """Return what makes a service: most answers are quick and some are slow. Of `some`, more than half fail."""
    times = rng.sample(TIMES, len(TIMES))
    failing = [None] * (len(TIMES) - len(OF_SOME) - 1)
    some = [*rng.sample(OF_SOME + failing, len(TIMES) - 1), None]
    errors = [OSError("refused"), TimeoutError(), ValueError("cannot be read"), LookupError("nobody")]
    return lambda: nullcontext(SimpleNamespace(times=times, some=some, errors=errors))


async def run(benchmark, w, times, at_once=AT_ONCE):
    """Return a report, and the service that it is about."""

    async def behave(service, number):
        last = number == len(times) - 1
        await asyncio.sleep(times[number] or (LAST_FAILS if last else FAILS))
        if times[number] is None:
            raise w.errors[number % len(w.errors)]

    service = Service(behave)
    report = await benchmark(service.operation, calls=len(times), at_once=at_once)
    judge_calls(lesson, service, len(times))
    return report, service


async def calls_made(benchmark, w):
    """Ask for a report on calls that are all made at once."""
    await run(benchmark, w, w.times, len(w.times))


async def report_on(benchmark, w):
    """Ask for a report, and compare it with the record of its calls."""
    report, service = await run(benchmark, w, w.times)
    if isinstance(report, dict) and "average" in report and "p50" not in report:
        least = min(span.seconds for span in service.spans)
        raise Told(lesson.say("average", least=time_of(least)))
    waits = [span.seconds for _, span in service.answered()]
    ended = max(span.ended for span in service.spans)
    right = {f"p{share}": percentile(waits, share) for share in (50, 95, 99)}
    right["per_second"] = len(waits) / (ended - service.spans[0].began)

    def why(name, value):
        if name == "per_second":
            return lesson.say("other_rate")
        if isclose(value, sum(waits) / len(waits), rel_tol=0.15):
            return lesson.say("mean")
        if service.failed:
            return lesson.say("failures_timed")
        return lesson.say("queue" if value > right[name] else "stands_still")

    return compare(lesson, report, right, why)


async def limited(benchmark, w):
    """See that each call begins as soon as there is a place for it, and not earlier."""
    _, service = await run(benchmark, w, w.times)
    if service.most > AT_ONCE:
        raise Told(lesson.say("too_many", n=service.most, at_once=AT_ONCE))
    free = sorted(span.ended for span in service.spans)
    late = sum(span.began > since + IDLE for span, since in zip(service.spans[AT_ONCE:], free, strict=False))
    if late:
        raise Told(lesson.say("held_up", n=late))


def fails(w):
    """Let more than half of the calls fail from now on."""
    w.times = w.some


lesson = Contract(
    "benchmark",
    world=World(("rng",), services, run=told_time),
    call=calls_made,
    why={"failed": "failed"},
    again=False,
    cases={"all calls are made at once": Case()},
)
lesson.further(
    "each_call_is_timed",
    {"most calls are quick and some are slow": Case(call=report_on, truth=lambda w: {"failed": 0})},
)
lesson.further(
    "failures_are_counted",
    {
        "more than half of the calls fail, and none did at an earlier benchmark": Case(
            call=report_on, between=fails, truth=lambda w: {"failed": w.times.count(None)}
        )
    },
)
lesson.further(
    "as_many_as_the_limit",
    {f"{AT_ONCE} calls may be in flight": Case(call=limited, truth=lambda w: None)},
)

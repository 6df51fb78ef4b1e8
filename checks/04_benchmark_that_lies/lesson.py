"""A benchmark that lies: the time of a run, divided by the number of its calls, is a wait that no caller had."""

import asyncio
import time
from functools import partial

from kettle.checking import Case, Contract
from kettle.checking.causes.virtually import OtherTimes, told_time
from kettle.checking.equivalence import Told

from .world import ABOVE, BELOW, SERVICES, STEP, Service, near, numbers, percentile_of, shortly, time_of

SHARES = 50, 95, 99
PATIENCE = 0.6  # seconds that a call waits for others
ERRORS = OSError("refused"), TimeoutError(), ValueError("cannot be read"), LookupError("nobody")


async def steadily(w, number):
    """Answer in a few milliseconds, in three times as many when the service has become slow."""
    await asyncio.sleep(0.003 * w.slow * (1 + number % 3))


async def three_fail(w, number):
    """Let three calls fail, each with an error of its own."""
    await shortly(number)
    if number in (3, 7, 8):
        raise ERRORS[number % len(ERRORS)]


async def report(benchmark, w, behave=steadily, calls=30, at_once=30):
    """Ask for a report, and judge what it says of the calls and of the run's throughput."""
    told = await w.report(benchmark, partial(behave, w), lesson.say, calls=calls, at_once=at_once)
    judge_throughput(told, w, time.perf_counter())
    return {"calls": len(w.spans)}


async def failed(benchmark, w):
    """Ask for a report on calls of which three fail."""
    told = await w.report(benchmark, partial(three_fail, w), lesson.say, calls=30, at_once=30)
    return {"failed": told.get("failed")}


def judge_average(report, w):
    """See that the average of the merged code is gone, or has percentiles beside it."""
    if "p50" not in report and "average" in report:
        least = min(span.seconds for span in w.spans)
        raise Told(lesson.say("average", n=time_of(report["average"]), least=time_of(least)))


def judge_throughput(report, w, over):
    """Compare `per_second` with the answered calls and the seconds of the run, until the last call has ended."""
    numbers(report, lesson.say, "per_second")
    value, answered = report["per_second"], len(w.answered)
    last = max(span.ended for span in w.spans)
    within = answered / (over - w.called + STEP) * BELOW, answered / (last - w.spans[0].began) * ABOVE
    if not within[0] <= value <= within[1]:
        run = last - w.spans[0].began
        why = "all_counted" if 0.9 < value * run / len(w.spans) < 1.1 else "other_seconds"
        expected = f"{answered / run:,.0f}"
        raise OtherTimes(lesson.say("per_second", n=f"{value:,.0f}", expected=expected, why=lesson.say(why)))


lesson = Contract(
    "benchmark",
    world=SERVICES,
    call=report,
    cases={
        "30 calls are made": Case(),
        "the service is slower at the second benchmark": Case(between=lambda w: setattr(w, "slow", 3)),
        "more may be in flight than there are": Case(steadily, 3, 9),
        "half of the answers are late": Case(lambda w, number: asyncio.sleep(number % 2), impatient=True),
    },
)
lesson.further("failures_are_counted", {"three calls fail": Case(call=failed, truth=lambda w: {"failed": 3})})


@lesson.cause
def each_call_is_timed(benchmark, rng):
    """Let most calls be quick, some slow, and many fail at once or late; compare the percentiles."""
    calls, at_once, failing = 400, rng.randint(18, 22), 160
    delays = [0.004] * 190 + [0.016] * 38 + [0.06] * 12
    late = calls - 1  # it fails, and ends the run
    fails = {*range(at_once), late, *rng.sample(range(at_once, late), failing - at_once - 1)}
    rng.shuffle(delays)
    answers = dict(zip((n for n in range(calls) if n not in fails), delays, strict=True))

    async def behave(number):
        await asyncio.sleep(answers.get(number, 0.1 if number == late else 0.001))
        if number in fails:
            raise rng.choice(ERRORS)

    async def judged():
        w = Service()
        judge_average(await w.report(benchmark, shortly, lesson.say, calls=40, at_once=at_once), w)
        told = await w.report(benchmark, behave, lesson.say, calls=calls, at_once=at_once)
        numbers(told, lesson.say, *(f"p{share}" for share in SHARES), "failed")
        if told["failed"] != failing:
            raise Told(lesson.say("failed", n=told["failed"], expected=failing))
        times = [span.seconds for span in w.answered]
        for share in SHARES:
            percentile_of(told, f"p{share}", share, times, partial(whose, w, share))
        judge_throughput(told, w, time.perf_counter())

    told_time(judged)
    return lesson.say("timed", n=failing)


def whose(w, share, value):
    """Say whose wait a time may be."""
    times = [span.seconds for span in w.answered]
    began = w.spans[0].began
    queue = [span.ended - began for span in w.answered]
    mean = sum(times) / len(times)
    if 0.8 < value * len(w.spans) / (max(span.ended for span in w.spans) - began) < 1.25:
        return lesson.say("divided")
    if 0.85 < value / mean < 1.15:
        return lesson.say("mean")
    if value < 0.001:
        return lesson.say("stands_still")
    if near(value, queue, share):
        return lesson.say("queue")
    if any(0.9 < value / span.seconds < 1.1 for span in w.spans):
        return lesson.say("among_all")
    return lesson.say("stopwatch")


@lesson.cause
def as_many_as_the_limit(benchmark, rng):
    """Let one call wait until all others have begun."""
    calls, at_once = rng.randint(36, 48), rng.randint(4, 6)
    slow = rng.randrange(at_once)

    async def judged():
        w, all_begun = Service(), asyncio.Event()

        async def behave(number):
            if number == calls - 1:
                all_begun.set()
            await (w.patiently(all_begun, PATIENCE) if number == slow else shortly(number))

        await w.report(benchmark, behave, lesson.say, calls=calls, at_once=at_once)
        if w.most > at_once:
            raise Told(lesson.say("too_many", n=w.most, at_once=at_once))
        if w.begun:
            raise Told(lesson.say("held_up", n=w.begun, calls=calls))
        if w.most < at_once:
            raise Told(lesson.say("too_few", n=w.most, at_once=at_once))

    told_time(judged)
    return lesson.say("limited", n=at_once)

"""The load test: it waits for each answer before it sends the next call, so nobody is seen to wait."""

import asyncio
import time
from functools import partial

from kettle.checking import Case, Contract
from kettle.checking.causes.virtually import told_time
from kettle.checking.equivalence import Told

from .world import SERVICES, Service, near, numbers, percentile_of, shortly, time_of

SHARES = {"p50": 50, "p99": 99, "slowest": 100}
ERRORS = OSError("refused"), TimeoutError(), ValueError("no JSON"), LookupError("nobody")
RATE = 500  # calls a second: each of the quick ones is answered before the next is due


async def quickly(w, number):
    """Answer soon, or in 50 ms where the service is slow."""
    await asyncio.sleep(0.05 if w.slow > 1 else 0.001)


def slow(w):
    """Let answers take longer than it is until the next call is due."""
    w.slow = 2


async def four_fail(w, number):
    """Let four calls fail, each with an error of its own."""
    await shortly(number)
    if number in (2, 5, 6, 9):
        raise ERRORS[number % len(ERRORS)]


async def report(load_test, w, behave=quickly, calls=14):
    """Ask for a report; its times are judged where the merged code keeps up."""
    told = await w.report(load_test, partial(behave, w), exercise.say, rate=RATE, calls=calls)
    numbers(told, exercise.say, *SHARES, "failed")
    if w.slow == 1:
        not_early(w, RATE)
        judge_times(told, w, RATE, "slowest")
    return {"failed": told["failed"]}


def not_early(w, rate):
    """See that no call was sent before it was due."""
    early, number = max((w.called + n / rate - span.began, n) for n, span in enumerate(w.spans))
    if early > 0.3 / rate:
        raise Told(exercise.say("early", n=number, by=time_of(early), rate=rate))


def judge_times(report, w, rate, *names):
    """Compare times that run from when calls were due."""
    late = max(span.began - w.spans[0].began - n / rate for n, span in enumerate(w.spans))
    if w.most == 1 and late > 1 / rate:
        raise Told(exercise.say("one_by_one"))
    for name in names or SHARES:
        percentile_of(
            report, name, SHARES[name], since_due(w.answered, w, rate), partial(whose, w, rate, name)
        )


def since_due(spans, w, rate):
    """Return how long the customers of some calls waited, from when their calls were due."""
    return [span.ended - w.spans[0].began - n / rate for n, span in enumerate(w.spans) if span in spans]


def whose(w, rate, name, value):
    """Say whose wait a time may be."""
    if near(value, [span.seconds for span in w.answered], SHARES[name]):
        return exercise.say("since_sent")
    if len(w.answered) < len(w.spans) and near(value, since_due(w.spans, w, rate), SHARES[name]):
        return exercise.say("failures_timed")
    return exercise.say("since_due")


exercise = Contract(
    "load_test",
    world=SERVICES,
    call=report,
    cases={
        "all calls are answered": Case(),
        "four calls fail": Case(four_fail),
        "the second of two load tests is quicker": Case(
            prepare=slow, between=lambda w: setattr(w, "slow", 1)
        ),
        "half of the answers are late": Case(
            lambda w, number: asyncio.sleep(number % 2), prepare=slow, impatient=True
        ),
    },
)


@exercise.cause
def sent_when_due(load_test, rng):
    """Let nobody be answered for a while; as many calls are sent as are due."""
    calls, rate, first, waiting, patience = 360, rng.randint(31, 35), rng.randint(8, 12), 210, 10

    async def judged():
        w, enough = Service(), asyncio.Event()

        async def behave(number):
            if number >= first + waiting - 1:
                enough.set()
            waits = first <= number < first + waiting and not w.begun
            await (w.patiently(enough, patience) if waits else shortly(number))
            if number == first:
                await asyncio.sleep(1)  # the slowest is slower than the next one by far

        told = await w.report(load_test, behave, exercise.say, rate=rate, calls=calls)
        if w.begun:
            raise Told(exercise.say("kept_away", due=patience * rate, seconds=patience, n=w.most))
        numbers(told, exercise.say, *SHARES)
        not_early(w, rate)
        judge_times(told, w, rate)

    told_time(judged)
    return exercise.say("all_sent", n=waiting)


@exercise.cause
def times_since_due(load_test, rng):
    """Hold the load test itself up for a moment, and let some calls fail late."""
    calls, rate, later = 120, rng.randint(620, 660), rng.randint(18, 22)
    failing = rng.sample(range(1, later - 2), 5)

    async def judged():
        async def behave(number):
            if number == later:
                time.sleep(0.12)  # noqa: ASYNC251 - the load test itself is held up
            if number in failing:
                await asyncio.sleep(0.3)
                raise LookupError("given up by the other side")
            await shortly(number)

        w = Service()
        told = await w.report(load_test, behave, exercise.say, rate=rate, calls=calls)
        numbers(told, exercise.say, *SHARES, "failed")
        if told["failed"] != len(failing):
            raise Told(exercise.say("failed", n=told["failed"], expected=len(failing)))
        judge_times(told, w, rate)

    told_time(judged)

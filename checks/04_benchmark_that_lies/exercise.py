"""A benchmark that lies: the time of a run, divided by the number of its calls, is nobody's wait."""

import asyncio
import time

from kettle.checking import words_of
from kettle.checking.causes.virtually import OtherTimes
from kettle.checking.equivalence import Situation, Told
from kettle.checking.reports import (
    BELOW,
    STEP,
    caught_up,
    numbers,
    observed,
    sent_when_due,
    since_due,
    time_of,
)

from .world import _right, _short

EXERCISE_MISTAKE = words_of(__file__).exercise.mistake


def check_same_calls(load_test, same, rng, told_time):
    """So many calls are made, and failures are counted."""
    calls, rate = rng.randint(12, 16), 1500
    failing = rng.sample(range(2, calls - 2), 4)  # some are answered before, and some are under way then
    errors = dict(
        zip(failing, (OSError("refused"), TimeoutError(), ValueError("no JSON"), LookupError()), strict=True)
    )

    def report(*fail, seconds=0.001, hurried=False):
        async def call(f, w):
            async def behave(number):
                await asyncio.sleep(seconds if w.slow == 1 and number % 2 else 0.001)
                if number in (fail if w.slow == 1 else failing[:2]):
                    raise errors[number]

            told = await w.report(f, behave, rate=rate, calls=calls)
            numbers(told, "p50", "p99", "slowest")
            if not hurried:
                sent_when_due(w, rate)
                _possible(w, told)
            return {"failed": told.get("failed"), "calls": len(w.service.spans)}

        return call

    def changed(w):
        w.slow = 2

    situations = (
        (Situation("all calls are answered", report()), 0),
        (Situation("four calls fail", report(*failing)), 4),
        (
            Situation(
                "the second of two load tests is quicker, and calls fail",
                report(seconds=0.05),
                between=changed,
            ),
            2,
        ),
        (Situation("a second report is asked for", report(failing[0]), again=True), 1),
        (Situation("half of the answers are late", report(seconds=1, hurried=True), impatient=True), 0),
    )
    right = [_right(each, failed=failed, calls=calls) for each, failed in situations]
    told_time(lambda: same(load_test, observed, right))


def check_first_at_once(load_test, same, told_time):
    """The first call is due at once, and its time ends long before the next one is due."""
    rate, calls = 2, 2

    async def report(f, w):
        told = await w.report(f, _short, rate=rate, calls=calls)
        w.count(calls)
        waited = w.service.spans[0].began - w.called
        if waited > 0.1 / rate:
            raise Told(f"no call was made in {time_of(waited)}: the first is due at once.")
        return _due(w, told, rate, slowest=100)

    situation = Situation(f"{rate} calls a second are to be made", report)
    told_time(lambda: same(load_test, observed, [_right(situation, failed=0)]))


def check_sent_when_due(load_test, same, rng, told_time):
    """Each call is sent when it is due, also while others wait."""
    calls, rate, first, waiting, patience = 360, rng.randint(31, 35), rng.randint(8, 12), 210, 10

    async def report(f, w):
        enough = asyncio.Event()

        async def behave(number):
            if number >= first + waiting - 1:
                enough.set()
            waits = first <= number < first + waiting and not w.begun
            await (w.patiently(enough, patience) if waits else _short(number))
            if number == first:
                await asyncio.sleep(1)  # the slowest is slower than the next one by far

        told = await w.report(f, behave, rate=rate, calls=calls)
        w.count(calls)
        if w.begun:
            most = f"{w.service.most} {'was' if w.service.most == 1 else 'were'}"
            raise Told(
                f"{patience * rate} calls are due in {patience} seconds without an answer, and at most {most} under "
                f"way: {EXERCISE_MISTAKE}. What does the next call wait for?"
            )
        return _due(w, told, rate)

    situation = Situation("the service stands still", report)
    told_time(lambda: same(load_test, observed, [_right(situation, failed=0)]))
    return f"While nobody was answered, {waiting} calls were sent, each when it was due."


def check_waits_from_when_it_was_due(load_test, same, rng, told_time):
    """A call that is sent late has waited since it was due, and one that fails is no answer."""
    calls, rate, later, held = 120, rng.randint(620, 660), rng.randint(18, 22), 0.12
    failing = rng.sample(range(1, later - 2), 5)

    def report(blocks):
        async def call(f, w):
            async def behave(number):
                if number == blocks:
                    time.sleep(held)  # noqa: ASYNC251 - the load test itself is held up
                if number in failing:
                    await asyncio.sleep(0.3)
                    raise LookupError("given up by the other side")
                await _short(number)

            told = await w.report(f, behave, rate=rate, calls=calls)
            w.count(calls)
            caught_up(w, rate, held, w.service.spans[blocks].began + held)
            return _due(w, told, rate)

        return call

    situations = (
        Situation("the load test is held up for a moment", report(later)),
        Situation("the load test is held up by its first call", report(0)),
    )
    right = [_right(each, failed=len(failing)) for each in situations]
    told_time(lambda: same(load_test, observed, right))


def _possible(w, report):
    took = time.perf_counter() - w.called
    if report["slowest"] > took + STEP:
        slowest = time_of(report["slowest"])
        raise Told(
            f"`slowest` is {slowest}, and the load test took {time_of(took)}. What is kept from another?"
        )
    least = min(span.seconds for span in w.service.spans if not span.failed)
    if report["p50"] < BELOW * least - STEP:
        raise OtherTimes(
            f"`p50` is {time_of(report['p50'])}, and no answer came in less than {time_of(least)}."
        )


def _due(w, report, rate, **shares):
    shares = shares or {"p50": 50, "p99": 99, "slowest": 100}
    numbers(report, *shares, "failed")
    sent_when_due(w, rate)
    since_due(report, w, rate, shares)
    return {"failed": report["failed"]}

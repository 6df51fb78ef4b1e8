"""The load test: it waits for each answer before it sends the next call, so nobody is seen to wait."""

import asyncio
import time
from contextlib import nullcontext
from types import SimpleNamespace

from kettle.checking import Case, Contract
from kettle.checking.causes.told_time import told_time
from kettle.checking.equivalence import Told
from kettle.checking.worlds import World

from .world import Service, compare, judge_calls, percentile, time_of

QUICK, ANSWER = 0.0005, 0.002  # seconds
SILENT, HELD = 10.0, 1.0  # seconds
FIRST = 20  # the call at which something happens
EARLY = 0.3  # of the time between two calls
LATE = 0.03  # seconds: code that looks at the clock now and then sends a little late


def services(rng):
    """Return what makes a service: which of its calls fail."""
    w = SimpleNamespace(failing=rng.sample(range(60), 36))
    return lambda: nullcontext(w)


def answers(w):
    """Let all calls be answered."""
    return lambda service, number: asyncio.sleep(ANSWER)


def fails(w):
    """Let more than half of the calls fail, before an answer would come."""
    errors = [OSError("refused"), TimeoutError(), ValueError("cannot be read"), LookupError("nobody")]

    async def behave(service, number):
        await asyncio.sleep(QUICK if number in w.failing else ANSWER)
        if number in w.failing:
            raise errors[number % len(errors)]

    return behave


def stands_still(w):
    """Let nobody be answered for ten seconds, and one call a second later than all others."""

    async def behave(service, number):
        if number == FIRST:
            service.silent = time.perf_counter() + SILENT
        await asyncio.sleep(max(QUICK, service.silent - time.perf_counter()) + (number == FIRST))

    return behave


def held_up(w):
    """Let the load test itself be held up for a second."""

    async def behave(service, number):
        if number == FIRST:
            time.sleep(HELD)  # noqa: ASYNC251 - it holds up the event loop
            service.held = time.perf_counter()
        await asyncio.sleep(QUICK)

    return behave


async def report_on(load_test, w, behaviour, calls=60, rate=300):
    """Ask for a report, and compare it with the record of its calls."""
    service = Service(behaviour(w))
    report = await load_test(service.operation, rate=rate, calls=calls)
    judge_calls(exercise, service, calls)
    due = [service.spans[0].began + number / rate for number in range(calls)]
    judge_sent(service, due, EARLY / rate)
    waits = [span.ended - due[number] for number, span in service.answered()]
    right = {"p50": percentile(waits, 50), "p99": percentile(waits, 99), "slowest": max(waits)}
    why = exercise.say("failures_timed" if service.failed else "since_due")
    return compare(exercise, report, right, lambda name, given: why)


def judge_sent(service, due, early):
    """Raise where a call was sent before it was due, or later than it could be."""
    for number, span in enumerate(service.spans):
        late = span.began - due[number]
        if late < -early:
            raise Told(exercise.say("early", number=number, early=time_of(-late)))
        if span.began - max(due[number], service.held) > LATE:
            key = "behind" if service.held else "kept_away"
            raise Told(exercise.say(key, number=number, late=time_of(late), most=service.most))


exercise = Contract(
    "load_test",
    world=World(("rng",), services, run=told_time),
    call=report_on,
    why={"failed": "failed"},
    cases={
        "all calls are answered": Case(answers),
        "more than half of the calls fail": Case(fails),
    },
)
exercise.further(
    "sent_when_due",
    {"the service stands still for 10 s": Case(stands_still, 400, 33, truth=lambda w: {"failed": 0})},
)
exercise.further(
    "times_since_due",
    {"the load test is held up for 1 s": Case(held_up, 400, truth=lambda w: {"failed": 0})},
)

"""A service that keeps a record of its calls, in virtual time: what a report has to say is known exactly.

Only what the operation does takes time, on every clock that an answer may read (`told_time`).
"""

import asyncio
import time
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from numbers import Real

from kettle.checking.causes.virtually import OtherTimes, told_time
from kettle.checking.equivalence import Told
from kettle.checking.equivalence.sentences import short
from kettle.checking.worlds import World

BELOW, ABOVE = 0.97, 1.03  # of what is recorded: a report may round, or look only now and then
STEP = 3e-6  # seconds: `datetime` shows microseconds


@dataclass(eq=False)
class Span:
    """One call: when it began and ended, in seconds, whether it failed, and whether its caller gave it up."""

    began: float
    ended: float = float("inf")
    failed: bool = False
    given_up: bool = False

    @property
    def seconds(self):
        """How long it took."""
        return self.ended - self.began


class Service:
    """An operation whose calls are recorded in `spans`, in the order in which they began; `most` at once.

    slow: for cases in which it changes between two reports. begun: where a call lost patience with the others,
    how many had begun by then.
    """

    def __init__(self):
        self.slow, self.reports = 1, []

    async def report(self, function, behave, say, **given):
        """Return what is reported of a service that behaves so, after what every report has in common."""
        self.behave, self.spans, self.under_way, self.most, self.begun = behave, [], 0, 0, 0
        self.called = time.perf_counter()
        try:
            report = await function(self.operation, **given)
        except asyncio.CancelledError:
            if not getattr(asyncio.get_running_loop(), "hung", ""):
                raise  # its own code has cancelled it
            raise Told(say("no_report", n=len(self.spans), left=self.under_way)) from None
        if not isinstance(report, Mapping):
            raise Told(say("no_dictionary", given=short(report)))
        if any(report is each for each in self.reports):
            raise Told(say("same_dictionary"))
        self.reports.append(report)
        if given_up := sum(span.given_up for span in self.spans):
            raise Told(say("given_up", n=given_up))
        if self.under_way:
            raise Told(say("too_early", n=self.under_way))
        if len(self.spans) != given["calls"]:
            raise Told(say("calls", n=len(self.spans), expected=given["calls"]))
        return report

    async def operation(self):
        """Be called once."""
        number, span = len(self.spans), Span(time.perf_counter())
        self.spans.append(span)
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            await self.behave(number)
        except BaseException as error:
            span.failed, span.given_up = True, isinstance(error, asyncio.CancelledError)
            raise
        finally:
            self.under_way -= 1
            span.ended = time.perf_counter()

    async def patiently(self, event, patience):
        """Keep a call waiting for an event, for so many seconds at most."""
        try:
            async with asyncio.timeout(patience):
                await event.wait()
        except TimeoutError:
            self.begun = len(self.spans)

    @property
    def answered(self):
        """The calls that did not fail."""
        return [span for span in self.spans if not span.failed]


def services(rng):
    """Return what makes a service."""

    @contextmanager
    def world():
        yield Service()

    return world


SERVICES = World(("rng",), services, run=told_time)


def numbers(report, say, *names):
    """See that a report has these numbers."""
    for name in names:
        if not isinstance(report.get(name), Real):
            raise Told(say("no_number", name=name, given=short(report.get(name))))


def ranks(values, share):
    """Return two values between which a percentile lies by each of the usual rules; 100 is the largest."""
    values, at = sorted(values), share / 100
    if share == 100:
        return values[-1], values[-1]
    low, high = int(at * (len(values) - 1)) - 1, int(at * (len(values) + 1)) + 1
    return values[max(low, 0)], values[min(high, len(values) - 1)]


def near(value, times, share):
    """Tell whether a value is a percentile of some times."""
    low, high = ranks(times, share)
    return low * BELOW - STEP <= value <= high * ABOVE + STEP


def percentile_of(report, name, share, times, why):
    """Compare a percentile with that of the recorded times; `why`, given the value, says where it comes from."""
    if not near(report[name], times, share):
        expected = time_of(sum(ranks(times, share)) / 2)
        raise OtherTimes(f"`{name}`: expected {expected}, got {time_of(report[name])}. {why(report[name])}")


def time_of(seconds):
    """Write a time: in milliseconds, or in seconds."""
    return f"{1000 * seconds:.3g} ms" if abs(seconds) < 0.9995 else f"{seconds:.3g} s"


async def shortly(_number):
    """Answer soon."""
    await asyncio.sleep(0.001)

"""Reports on calls: what code says of an operation's calls, held against what the operation itself recorded.

In virtual time, with clocks that tell it (`told_time`): only what the operation does takes time, so what a
report has to say is known to the last digits that a clock shows, however busy the machine is.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from math import isclose
from numbers import Real
from typing import Any

from kettle.checking.causes.virtually import OtherTimes
from kettle.checking.equivalence import Told
from kettle.checking.equivalence.sentences import short
from kettle.probes.recorded import Recorded, Span, ranks

BELOW, ABOVE = 0.97, 1.03  # of what is recorded: a report may round, or look only now and then
LATE = 0.03  # seconds by which a call may be sent too late: who looks every now and then is
STEP = 3e-6  # seconds: `datetime` shows microseconds
Runs = Sequence[Sequence[Span]]


class Observed:
    """A world for `same`: a service whose calls are recorded, and the reports on it.

    slow: how slow the service is, for situations that change it. begun: where a call waited longer than it
    has patience for, how many calls had begun by then.
    """

    def __init__(self) -> None:
        self.slow, self.begun, self.called = 1, 0, 0.0
        self.service = Recorded(asyncio.sleep)
        self._reports: list[Mapping] = []

    async def report(self, function: Callable, behave: Callable, **given: Any) -> Mapping:
        """Return what a function reports of a service that behaves so; its calls are `self.service.spans`."""
        self.service, self.begun, self.called = Recorded(behave), 0, time.perf_counter()
        try:
            report = await function(self.service.operation, **given)
        except asyncio.CancelledError:
            if not getattr(asyncio.get_running_loop(), "hung", ""):
                raise  # its own code has cancelled it
            raise Told(self._stands_still()) from None
        if not isinstance(report, Mapping):
            raise Told(f"the report is {short(report)}, and no dictionary.")
        if any(report is each for each in self._reports):
            raise Told(
                "one dictionary is handed out twice: whoever kept the first report finds other numbers in it."
            )
        self._reports.append(report)
        given_up = sum(span.given_up for span in self.service.spans)
        if given_up:
            raise Told(
                f"{given_up} of the calls were given up, and would have been answered. "
                "Who cancels them: a deadline, or the failure of another one?"
            )
        left = self.service.under_way
        if left:
            are = "is" if left == 1 else "are"
            raise Told(
                f"the report comes while {left} of the calls {are} under way still. Who waits for them?"
            )
        return report

    def _stands_still(self) -> str:
        begun, left = len(self.service.spans), self.service.under_way
        ended = "none of them is under way" if not left else f"{left} of them never end"
        return f"no report comes: {begun} calls were begun, and {ended}. What does it wait for?"

    async def patiently(self, event: asyncio.Event, patience: float) -> None:
        """Keep a call waiting for an event, for so many seconds at most."""
        try:
            async with asyncio.timeout(patience):
                await event.wait()
        except TimeoutError:
            self.begun = len(self.service.spans)

    def count(self, calls: int, of_which: str = "") -> None:
        """Tell where another number of calls was made."""
        made = len(self.service.spans)
        if made != calls:
            raise Told(f"{made} calls were made, and not {calls}{of_which}.")

    def runs(self, calls: int, runs: int, warm_up: int) -> list[list[Span]]:
        """Return the calls of the warm-up and of each run, which have to come one after the other."""
        self.count(warm_up + runs * calls, f": {warm_up} to warm up, and {runs} runs of {calls}")
        edges = [0, *(warm_up + run * calls for run in range(runs + 1))]
        phases = [self.service.spans[start:end] for start, end in pairwise(edges)]
        for run, (before, after) in enumerate(pairwise(phases), 1):
            if before and after and max(each.ended for each in before) > after[0].began:
                of = f"of run {run - 1}" if run > 1 else "to warm up"
                raise Told(f"run {run} began while a call {of} was under way: each spoils the other's times.")
        return phases

    def limit(self, at_once: int) -> None:
        """Tell where more calls were under way at once than may be."""
        if self.service.most > at_once:
            most = self.service.most
            raise Told(
                f"{most} calls were under way at once, and `at_once` is {at_once}. Where would a call wait?"
            )


@contextmanager
def observed() -> Iterator[Observed]:
    """Give a world of its own to each situation."""
    yield Observed()


def numbers(report: Mapping, *names: str) -> None:
    """Tell where a report lacks a number."""
    for name in names:
        if name not in report:
            raise Told(f"the report has no `{name}`.")
        if not isinstance(report[name], Real):
            raise Told(f"`{name}` is {short(report[name])}, and no number.")


def percentiles(report: Mapping, phases: Runs, shares: Sequence[int], mistake: str) -> None:
    """Compare pairs, of the lowest and the highest run, of percentiles with those of the answered calls.

    Args:
        report: which has them as p50, p95, …
        phases: the calls of the warm-up and of each run.
        shares: which percentiles.
        mistake: what is said where a time is that of a run divided by its calls.
    """
    runs = phases[1:]
    answered = [[span.seconds for span in run if not span.failed] for run in runs]
    of_runs = [(max(span.ended for span in run) - run[0].began) / len(run) for run in runs]
    means = [sum(times) / len(times) for times in answered]
    for share in shares:
        own = [ranks(times, share) for times in answered]
        middle = [sum(each) / 2 for each in own]
        lines = [ranks([s.ended - run[0].began for s in run if not s.failed], share) for run in runs]
        known = share, lines, middle

        def whose(value: float, right: float, known: tuple = known) -> str:
            share, lines, middle = known
            run = middle.index(right)
            if any(isclose(value, other, rel_tol=0.001) for other in middle):
                return "that is another run's. Each number has a lowest and a highest run of its own."
            if 0.8 < value / of_runs[run] < 1.25:
                return f"{mistake}."
            if len(answered[run]) < len(runs[run]):
                return _failed_in(value, right, answered[run], len(runs[run]), share)
            if 0.85 < value / means[run] < 1.15:
                return "it is the mean, between the quick answers and the slow ones. Who waited so long?"
            if 990 < value / right < 1010:
                return "that is a thousand times as much. In which unit is a time reported?"
            if value > right and any(0.7 * low < value < ABOVE * high for low, high in lines):
                return (
                    "that is counted from the run's beginning. Does its clock start before its turn has come?"
                )
            if value < 0.05 * right:
                return "its clock stands still while a call waits. What does that clock count?"
            return "which calls are in the list, and of which run? The warm-up belongs to none."

        allowed = [(low * BELOW - STEP, high * ABOVE + STEP) for low, high in own]
        _pair(report, f"p{share}", allowed, middle, time_of, whose)


def _failed_in(value: float, right: float, times: Sequence[float], calls: int, share: float) -> str:
    if value < right:
        return "the failed calls are among the times, and a quick failure is no quick answer."
    if _near(value, [*times, *[max(times)] * (calls - len(times))], share):
        return "its place in the line is that among all calls, and only the answered ones stand there."
    return "is the time of a failed call in it? Each call has a stopwatch of its own."


def throughput(report: Mapping, phases: Runs, called: float, over: float) -> None:
    """Compare `per_second` with the answered calls of each run and its time, until the last call has ended.

    The seconds between two runs may be in it; the warm-up and other runs may not.

    Args:
        report: which has a pair.
        phases: the calls of the warm-up and of each run.
        called: when the report was asked for.
        over: when it was there.
    """
    runs = phases[1:]
    ends = [max((span.ended for span in phase), default=called) for phase in phases]
    begins = [*(run[0].began for run in runs), over]
    answered = [sum(not span.failed for span in run) for run in runs]
    inner = [end - begin for begin, end in zip(begins[:-1], ends[1:], strict=True)]
    outer = [begin - end for end, begin in zip(ends[:-1], begins[1:], strict=True)]
    made = [len(run) / seconds for run, seconds in zip(runs, inner, strict=True)]

    def why(value: float, right: float) -> str:
        if value > 1.1 * right and any(0.9 < value / each < 1.1 for each in made):
            return "it counts the failed calls, too."
        run = "the run, from its first call to the end of its last"
        hold = f"more than {run}, or an answer is not counted" if value < right else f"less than {run}"
        return f"which seconds are they? They hold {hold}."

    rates = zip(answered, inner, outer, strict=True)
    allowed = [(n / (long + STEP) * BELOW, n / max(short - STEP, 1e-9) * ABOVE) for n, short, long in rates]
    own = [count / seconds for count, seconds in zip(answered, inner, strict=True)]
    _pair(report, "per_second", allowed, own, lambda rate: f"{rate:,.0f}", why)


def _pair(
    report: Mapping, name: str, allowed: Sequence, own: Sequence[float], write: Callable, why: Callable
) -> None:
    given = report.get(name)
    pair = given if isinstance(given, tuple | list) and len(given) == 2 else ()
    if not pair or not all(isinstance(each, Real) for each in pair):
        raise Told(f"`{name}` is {short(given)}, and no pair: the lowest and the highest of the runs.")
    least, most = (
        (pick(low for low, _ in allowed), pick(high for _, high in allowed)) for pick in (min, max)
    )
    if pair[0] == pair[1] and least[0] <= pair[0] <= most[1] and least[1] < most[0]:
        raise OtherTimes(
            f"`{name}` is one number for all {len(own)} runs, and they differ. Which of them is it?"
        )
    sides = (("lowest", pair[0], least, min(own)), ("highest", pair[1], most, max(own)))
    for side, value, (low, high), right in sides:
        if not low <= value <= high:
            raise OtherTimes(
                f"the {side} `{name}` is {write(value)}, and by the operation's own record it is "
                f"{write(right)}: "
                f"{why(value, right)}"
            )


def sent_when_due(seen: Observed, rate: float) -> None:
    """Tell where a call was sent before it was due: the first is at the beginning.

    Args:
        seen: the world of a load test.
        rate: calls a second.
    """
    spans = seen.service.spans
    early, number = max((seen.called + n / rate - span.began, n) for n, span in enumerate(spans))
    if early > 0.3 / rate:
        raise Told(
            f"call {number} was sent {time_of(early)} before it was due, {number} / {rate} s after the first."
        )


def caught_up(seen: Observed, rate: float, held: float, until: float) -> None:
    """Tell where a load test that was held up did not send at once what was overdue.

    Args:
        seen: its world.
        rate: calls a second.
        held: seconds for which it was held up.
        until: when that was over.
    """
    for n, span in enumerate(seen.service.spans):
        due = seen.called + n / rate
        if span.began - max(due, until) > LATE:
            raise Told(
                f"it stands for {time_of(held)}, and call {n} is sent {time_of(span.began - due)} "
                "after it was due. What is overdue goes out at once: who makes up for lost time?"
            )


def since_due(report: Mapping, seen: Observed, rate: float, shares: Mapping[str, int]) -> None:
    """Compare times that run from when calls were due: the first at the beginning, or soon after.

    Args:
        report: of the load test.
        seen: its world.
        rate: calls a second.
        shares: which percentile goes by which name; 100 is the slowest.
    """
    spans = seen.service.spans
    answered = [(n, span) for n, span in enumerate(spans) if not span.failed]
    begins = spans[0].began, seen.called
    least, most = ([span.ended - begin - n / rate for n, span in answered] for begin in begins)
    for name, share in shares.items():
        low, high = ranks(least, share)[0], ranks(most, share)[1]
        if not low * BELOW - STEP <= report[name] <= high * ABOVE + STEP:
            every = [span.ended - begins[0] - n / rate for n, span in enumerate(spans)]
            why = "are all waits in its list, each from when it was due until its answer?"
            if _near(report[name], [span.seconds for _, span in answered], share):
                why = "yours counts from when it was sent. Since when has its customer waited?"
            elif len(answered) < len(spans) and _near(report[name], every, share):
                why = "the failed calls are among the times, and they are no answers."
            elif report[name] > max(every):
                why = "no answered call waited so long. When is the clock read, and for which calls?"
            said = f"`{name}` is {time_of(report[name])}, and counted from when each call was due it is"
            raise OtherTimes(f"{said} {time_of(low)}: {why}")


def _near(value: float, times: Sequence[float], share: float) -> bool:
    low, high = ranks(times, share)
    return low * BELOW <= value <= high * ABOVE


def time_of(seconds: float) -> str:
    """Write a time: in milliseconds, or in seconds."""
    return f"{1000 * seconds:.3g} ms" if abs(seconds) < 0.9995 else f"{seconds:.3g} s"

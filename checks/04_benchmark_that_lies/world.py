"""A service that keeps a record of its calls, and reports that are compared with it.

In virtual time nothing takes time but what the service does: so the right numbers are known to the last
digits that a clock shows, however busy the machine is.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from math import ceil, isclose
from numbers import Real
from typing import Any

from kettle.checking import Contract
from kettle.checking.causes.told_time import OtherTimes
from kettle.checking.equivalence import Told
from kettle.checking.equivalence.sentences import short

NEAR = 0.03  # of a number: a report may round, and rules for percentiles differ
STEP = 3e-6  # seconds: `datetime` shows microseconds


@dataclass
class Span:
    """One call: when it began and ended, and whether it failed."""

    began: float
    ended: float = float("inf")
    failed: bool = False

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.ended - self.began


class Service:
    """A service whose calls are recorded, in the order in which they began.

    spans: the calls. most: how many were under way at once. given_up: how many were cancelled. silent: until
    when nobody is answered; held: until when the event loop was held up.

    Args:
        behave: awaited with the service and the number of each call, from 0; it may wait, and it may raise.
    """

    def __init__(self, behave: Callable[[Service, int], Awaitable]) -> None:
        self.behave = behave
        self.spans: list[Span] = []
        self.under_way = self.most = self.given_up = 0
        self.silent = self.held = 0.0

    async def operation(self) -> None:
        """Be called once."""
        number, span = len(self.spans), Span(time.perf_counter())
        self.spans.append(span)
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            await self.behave(self, number)
        except BaseException as error:
            span.failed = True
            self.given_up += isinstance(error, asyncio.CancelledError)
            raise
        finally:
            self.under_way -= 1
            span.ended = time.perf_counter()

    @property
    def failed(self) -> int:
        """How many calls have failed."""
        return sum(span.failed for span in self.spans)

    def answered(self) -> list[tuple[int, Span]]:
        """Return the calls that were answered, with their numbers."""
        return [(number, span) for number, span in enumerate(self.spans) if not span.failed]


def judge_calls(contract: Contract, service: Service, calls: int) -> None:
    """Raise where another number of calls was made, or some were not awaited to their end."""
    if len(service.spans) != calls:
        raise Told(contract.say("calls", expected=calls, n=len(service.spans)))
    if service.given_up:
        raise Told(contract.say("given_up", n=service.given_up))


def percentile(times: list[float], share: float) -> float:
    """Return what the notebook's function returns."""
    return sorted(times)[ceil(share / 100 * len(times)) - 1]


def compare(
    contract: Contract, report: Any, right: dict[str, float], why: Callable[[str, float], str]
) -> Any:
    """Compare the numbers of a report, and return it with nothing left in it but `failed`.

    Args:
        contract: has the sentences.
        report: is one dictionary, made for this call.
        right: by name, the numbers.
        why: given the name and the value of a wrong number, returns what to do next.
    """
    for name, expected in right.items():
        given = report.get(name) if isinstance(report, dict) else None
        if not isinstance(given, Real):
            raise Told(contract.say("no_number", name=name, report=short(report)))
        value = float(given)
        if not isclose(value, expected, rel_tol=NEAR, abs_tol=STEP):
            write = "{:,.0f}".format if name == "per_second" else time_of
            values = {"name": name, "expected": write(expected), "n": write(value), "why": why(name, value)}
            raise OtherTimes(contract.say("other", **values))
    for name in {*report} - {"failed"}:
        del report[name]
    return report


def time_of(seconds: float) -> str:
    """Write a time: in milliseconds, or in seconds."""
    return f"{1000 * seconds:.3g} ms" if abs(seconds) < 0.9995 else f"{seconds:.3g} s"

"""An operation that keeps a record of its calls, to compare a report about it with.

For example:

    service = Recorded(behave)
    report = await benchmark(service.operation)
    service.spans, service.most
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass


@dataclass
class Span:
    """One call: when it began and ended, on the clock of `time.perf_counter`, and whether it failed.

    given_up: it was cancelled, by whoever had called.
    """

    began: float
    ended: float = float("inf")
    failed: bool = False
    given_up: bool = False

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.ended - self.began


class Recorded:
    """An operation whose calls are recorded, in the order in which they began.

    Whoever times a call of it from outside gets a little more than the record says, on whichever clock: the
    record is read inside. Where a check tells the time, that little is nothing.

    Args:
        behave: awaited with the number of each call, from 0; it may wait, and it may raise.
    """

    def __init__(self, behave: Callable[[int], Awaitable]) -> None:
        self.behave = behave
        self.spans: list[Span] = []
        self.under_way = self.most = 0  # calls now, and at the most

    async def operation(self) -> None:
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


def ranks(values: Iterable[float], share: float) -> tuple[float, float]:
    """Return two values between which a percentile lies by each of the usual rules.

    Args:
        values: of all calls, in any order; a hundred of them, or more.
        share: of 100, such as 95; 100 is the largest.
    """
    values, at = sorted(values), share / 100
    if share == 100:
        return values[-1], values[-1]
    low = int(at * (len(values) - 1)) - 1
    high = int(at * (len(values) + 1)) + 1
    return values[max(low, 0)], values[min(high, len(values) - 1)]

"""How floods are slowed down: buckets of tokens, one for each sender, and a bounded number of them."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

MOST_SENDERS = 10_000


class Bucket:
    """A bucket of tokens that fills up again.

    Args:
        size: tokens that it holds at most, and at first.
        rate: tokens a second that come back.
        now: seconds by a clock.
    """

    def __init__(self, size: float, rate: float, now: float) -> None:
        self.size, self.rate = size, rate
        self._left, self._at = size, now

    def wait(self, now: float, tokens: float = 1) -> float:
        """Return after how many seconds so many tokens are there; 0 if they are. None are taken."""
        self._left = min(self.size, self._left + (now - self._at) * self.rate)
        self._at = now
        return max(0.0, (min(tokens, self.size) - self._left) / self.rate)

    def take(self, tokens: float = 1) -> None:
        """Take tokens; the bucket may then hold less than none."""
        self._left -= tokens


class Limit:
    """The same limit for each of many senders; those that were quiet longest are forgotten first.

    Args:
        size: what a sender may do at once.
        rate: what it may do each second, in the long run.
        clock: seconds that go on.
    """

    def __init__(self, size: float, rate: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.size, self.rate, self._clock = size, rate, clock
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def wait(self, sender: str, tokens: float = 1) -> float:
        """Return after how many seconds a sender may do so much; 0 if at once."""
        return self._bucket(sender).wait(self._clock(), tokens)

    def take(self, sender: str, tokens: float = 1) -> None:
        """Count what a sender has done."""
        self._bucket(sender).take(tokens)

    def _bucket(self, sender: str) -> Bucket:
        found = self._buckets.pop(sender, None) or Bucket(self.size, self.rate, self._clock())
        self._buckets[sender] = found
        while len(self._buckets) > MOST_SENDERS:
            self._buckets.popitem(last=False)
        return found

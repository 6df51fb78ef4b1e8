"""Scales: from data to the picture's units, with round numbers for ticks."""

import math
from dataclasses import dataclass


def ticks(high: float, wanted: int = 5) -> list[float]:
    """Return round numbers from 0 to at most `high`, about `wanted` of them."""
    if not math.isfinite(high) or high <= 0:
        return [0.0]
    raw = high / wanted
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * m for m in (1, 2, 2.5, 5, 10) if power * m >= raw * 0.999)
    return [i * step for i in range(math.floor(high / step * 1.0001) + 1)]


def log_ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Return round numbers between low and high, both above 0, 1 among them if it lies between."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for steps in ((1, 1.5, 2, 3, 5, 7), (1, 2, 5), (1, 3), (1,)):
        found = [m * 10.0**p for p in powers for m in steps if low * 0.999 <= m * 10.0**p <= high * 1.001]
        if len(found) <= most:
            return found
    every = math.ceil(len(found) / most)
    return [tick for tick in found if round(math.log10(tick)) % every == 0]


@dataclass(frozen=True)
class Scale:
    """A map from [low, high] in the data to [left, right] in the picture, logarithmic if asked."""

    low: float
    high: float
    left: float
    right: float
    logarithmic: bool = False

    def __call__(self, value: float) -> float:
        """Return where a value lies, never outside of the picture."""
        bend = math.log if self.logarithmic else float
        low, high = bend(self.low), bend(self.high)
        if not high > low:
            return self.left
        value = min(max(value, self.low), self.high)
        return self.left + (bend(value) - low) / (high - low) * (self.right - self.left)

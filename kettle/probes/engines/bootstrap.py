"""What a few noisy times tell: the ratio of medians, its interval, the spread."""

import random
import statistics
from collections.abc import Sequence


def bootstrap(
    before: Sequence[float],
    after: Sequence[float],
    *,
    confidence: float = 0.95,
    draws: int = 2000,
    seed: int = 7,
) -> tuple[float, float]:
    """Tell the interval of the ratio of medians, by the percentile bootstrap over pairs of runs.

    Pairs are drawn together because the two runs of a pair met the same machine. With fewer than about 7
    pairs the interval is narrower than `confidence` promises.

    Source: B. Efron, "Bootstrap methods: another look at the jackknife", Annals of Statistics 7 (1979),
        1-26; the percentile interval: B. Efron and R. Tibshirani, An Introduction to the Bootstrap (1993),
        chapter 13.
    """
    pairs, rng = list(zip(before, after, strict=True)), random.Random(seed)
    ratios = sorted(
        ratio_of_medians(*zip(*rng.choices(pairs, k=len(pairs)), strict=True)) for _ in range(draws)
    )
    outside = (1 - confidence) / 2
    return ratios[int(outside * draws)], ratios[min(draws - 1, int((1 - outside) * draws))]


def ratio_of_medians(before: Sequence[float], after: Sequence[float]) -> float:
    """Divide the median of `before` by the median of `after`."""
    return divided(statistics.median(before), statistics.median(after))


def divided(before: float, after: float) -> float:
    """Divide two times in seconds, none of them taken as less than a nanosecond."""
    return before / max(after, 1e-9)  # a clock may not tick during a run


def spread(times: Sequence[float]) -> float:
    """Tell the interquartile range as a share of the median."""
    low, middle, high = statistics.quantiles(times, n=4)
    return divided(high - low, middle)

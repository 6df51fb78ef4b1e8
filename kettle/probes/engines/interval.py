"""What a few noisy times tell: how many times as fast, between which bounds, and whether that decides.

Runs come in rounds: three of each version, in random order. Within a round, each run of one version is
divided by each of the other: nine ratios of runs that met about the same machine. The median of all ratios is
the estimate (Hodges and Lehmann); the bounds are what is left when as many ratios are dropped at each end as
the rank-sum test allows (Wilcoxon, Mann and Whitney; round by round: van Elteren). So a few outliers are
dropped, however far out they lie.

Nothing is assumed about the noise. Only the random order is counted on: if both versions are equal, each
order of a round is as likely as any other, on a machine that drifts or stumbles, too. The bounds may be
looked at after each round, and runs may stop at any look: what is dropped is chosen so that all looks
together err in at most 1 of 100 comparisons (Lan and DeMets), with exact probabilities.

Sources: F. Wilcoxon, Biometrics Bulletin 1 (1945), 80-83; H. B. Mann and D. R. Whitney, Annals of
    Mathematical Statistics 18 (1947), 50-60; P. van Elteren, Bulletin of the International Statistical
    Institute 37 (1960), 351-361; J. L. Hodges and E. L. Lehmann, Annals of Mathematical Statistics 34 (1963),
    598-611; K. K. G. Lan and D. L. DeMets, Biometrika 70 (1983), 659-663.
"""

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from itertools import combinations
from statistics import median

ROUND = 3  # runs of each version
MOST = 15  # rounds
ERROR = Fraction(1, 100)  # of all comparisons: how many may ever have bounds that the true ratio is not in


def interval(before: Sequence[float], after: Sequence[float], most: int = MOST) -> tuple[float, float, float]:
    """Tell how many times as fast `after` is: the lower bound, the estimate, the upper bound.

    Args:
        before: seconds of each run, round after round.
        after: the same of the other version, and as many.
        most: rounds that there could have been; at least two are needed for bounds.
    """
    ratios = sorted(
        divided(one, other)
        for first in range(0, len(before), ROUND)
        for one in before[first : first + ROUND]
        for other in after[first : first + ROUND]
    )
    dropped = _dropped(most)[len(before) // ROUND - 1]
    if dropped is None:
        return 0.0, median(ratios), float("inf")
    return ratios[dropped], median(ratios), ratios[-1 - dropped]


def divided(before: float, after: float) -> float:
    """Divide two times in seconds, none of them taken as less than a nanosecond."""
    return max(before, 1e-9) / max(after, 1e-9)  # a clock may not tick during a run


@cache
def _dropped(most: int) -> list[int | None]:
    """Tell how many ratios are dropped at each end after each round; None where there are no bounds yet.

    Half of the error may be spent at the second round, when six runs of each that do not overlap decide; the
    other half is spread over the rounds that follow.
    """
    orders = Counter(sum(places) - 3 for places in combinations(range(2 * ROUND), ROUND))
    ways, spent, dropped = Counter({0: 1}), 0, []  # ways to win so many of the nine comparisons of each round
    for done in range(1, most + 1):
        won, ways = ways, Counter()
        for wins, count in won.items():
            for more, each in orders.items():
                ways[wins + more] += count * each
        spent *= orders.total()
        allowed = ERROR * (1 + Fraction(done - 2, max(1, most - 2))) / 2 * orders.total() ** done
        fewest = 0
        while spent + 2 * ways[fewest] <= allowed:
            spent += 2 * ways.pop(fewest, 0)
            ways.pop(done * ROUND**2 - fewest, 0)
            fewest += 1
        dropped.append(fewest - 1 if fewest else None)
    return dropped

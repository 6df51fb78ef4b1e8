"""How often a comparison is right: simulated times, no clock, and machines of many kinds."""

import math
import random
from collections import Counter
from itertools import combinations

import pytest

from kettle.probes.engines.interval import ERROR, ROUND, interval
from kettle.probes.ratio import FASTER, SAME, SLOWER, TOO_NOISY, Ratio, turns

TRIALS = 400


class Machine:
    """Times of two versions, one after another; noise is a share of the time.

    Args:
        seed: of the noise.
        noise: of each run, lognormal.
        outliers: share of the runs that take ten times as long.
        of: the versions, 0 and 1, that outliers hit.
        drift: by how much of its first pace the machine slows down with each run.
        steps: share of the runs at which the pace changes, up to four times as slow.
        tick: of its clock, as a share of the quicker version's time.
    """

    def __init__(self, seed, noise=0.1, outliers=0.0, of=(0, 1), drift=0.0, steps=0.0, tick=0.0):
        self.rng, self.noise, self.outliers, self.of = random.Random(seed), noise, outliers, of
        self.drift, self.steps, self.tick = drift, steps, tick
        self.runs, self.pace = 0, 1.0

    def time(self, version, seconds):
        rng = self.rng
        self.runs += 1
        if rng.random() < self.steps:
            self.pace = rng.choice([1.0, 2.0, 4.0])
        seconds *= rng.lognormvariate(0, self.noise) * self.pace * (1 + self.drift * self.runs)
        if version in self.of and rng.random() < self.outliers:
            seconds *= 10
        return round(seconds / self.tick) * self.tick if self.tick else seconds


MACHINES = {
    "quiet": {"noise": 0.02},
    "lognormal": {"noise": 0.1},
    "very noisy": {"noise": 0.4},
    "three of twenty are outliers": {"outliers": 0.15},
    "outliers hit one version only": {"outliers": 0.15, "of": (0,)},
    "outliers hit the other version only": {"outliers": 0.15, "of": (1,)},
    "drifts": {"drift": 0.05},
    "changes its pace": {"steps": 0.1},
    "coarse clock": {"tick": 0.25},
    "all of it": {"noise": 0.15, "outliers": 0.1, "drift": 0.02, "steps": 0.03, "tick": 0.1},
}


def compared(seed, factor, **kind):
    """Compare as `compare` does, in simulated time: `before` takes `factor` seconds, and `after` one."""
    machine, times = Machine(seed, **kind), ([], [])

    def found():
        return Ratio(tuple(times[0]), tuple(times[1]))

    for version in turns(15, math.inf, lambda: found().decided, seed):
        times[version].append(machine.time(version, (factor, 1.0)[version]))
    return found()


def outcomes(factor, kind, trials=TRIALS):
    return Counter(compared(seed, factor, **MACHINES[kind]).outcome for seed in range(trials))


@pytest.mark.parametrize("kind", MACHINES)
def test_equal_versions_are_told_apart_in_at_most_one_of_a_hundred(kind):
    found = outcomes(1, kind)
    assert found[FASTER] + found[SLOWER] <= TRIALS / 100, found


@pytest.mark.parametrize("kind", MACHINES)
@pytest.mark.parametrize(("factor", "right"), [(3, FASTER), (1 / 3, SLOWER)])
def test_a_factor_of_three_is_told_in_99_of_a_hundred(kind, factor, right):
    found = outcomes(factor, kind)
    assert found[right] >= 0.99 * TRIALS, found


def test_the_factor_that_is_told_is_the_true_one_in_spite_of_outliers():
    ratios = sorted(compared(seed, 3, outliers=0.15).ratio for seed in range(TRIALS))
    assert ratios[TRIALS // 100] > 2.5
    assert ratios[-TRIALS // 100] < 3.6


@pytest.mark.parametrize("noise", [0.1, 0.4])
def test_bounds_hold_the_true_factor_wherever_it_ended(noise):
    found = [compared(seed, 1.7, noise=noise) for seed in range(TRIALS)]
    assert sum(each.low <= 1.7 <= each.high for each in found) >= 0.985 * TRIALS
    assert len({len(each.before) for each in found}) > 1


def test_equal_versions_are_called_the_same_where_the_machine_lets_that_be_seen():
    assert outcomes(1, "quiet", 100)[SAME] == 100
    assert outcomes(1, "lognormal", 100)[SAME] > 50
    assert outcomes(1, "very noisy", 100)[TOO_NOISY] > 95


def test_a_difference_of_a_third_is_never_called_the_same():
    assert not any(outcomes(factor, kind, 100)[SAME] for factor in (4 / 3, 3 / 4) for kind in MACHINES)


def test_runs_are_few_where_much_is_gained():
    assert Counter(len(compared(seed, 10).before) for seed in range(100))[6] > 95


def test_two_rounds_without_overlap_are_as_rare_as_half_of_the_allowed_error():
    """All 400 orders that two rounds can have: two of them tell equal versions apart."""
    times = range(1, 2 * ROUND + 1)
    orders = [[tuple(each), tuple(set(times) - set(each))] for each in combinations(times, ROUND)]
    lows, highs = [], []
    for (a, b), (c, d) in ((one, other) for one in orders for other in orders):
        low, _, high = interval(a + c, b + d)
        lows.append(low > 1)
        highs.append(high < 1)
    assert (sum(lows), sum(highs), len(lows)) == (1, 1, 400)
    assert 2 / len(lows) == float(ERROR / 2)

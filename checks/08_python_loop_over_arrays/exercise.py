"""A Python loop over arrays: the interpreter works for each element."""

from functools import partial

import numpy as np
import pandas as pd

from kettle.checking.causes.elementwise import Elementwise
from kettle.checking.equivalence import Situation
from kettle.probes.ratio import compare


def check_same_averages(smoothed, same, rng):
    """Whoever asks for the curve gets what the merged code gave, at the edges and in the gaps too."""
    hours = rng.randrange(4, 9)
    situations = [
        _curve("the curve is drawn", _readings(113, rng), hours),
        _curve("the silo is filled between two curves", _readings(30, rng), 5, between=_filled),
        _curve("the same curve is drawn again", _readings(30, rng), 5, again=True),
        _curve("the window is longer than the readings", _readings(40, rng), 50),
        _curve("the window is one hour", _readings(30, rng), 1),
    ]
    same(smoothed, None, situations, noun=_reading)


def check_nothing_for_each_reading(smoothed, rng):
    """The interpreter does nothing for each reading, and no object is made for it."""
    hours = rng.randrange(3, 9)
    readings = Elementwise(smoothed, lambda n: (_readings(n, rng), hours), "reading")
    # rows of pandas take thousands of instructions each, and counting makes those slow
    counted = readings.no_instructions(40, 120, rng.randrange(20_000, 60_000))
    readings.no_objects()
    Elementwise(smoothed, lambda n: (_readings(n, rng), 3), "reading").cheap(_windows, 20)
    return counted


def check_same_averages_of_parts_and_many(smoothed, same, rng):
    """A part of the readings, one reading and very many have the same averages."""
    many = _readings(20_011, rng)  # for the merged code it would take seconds
    right = {"truth": lambda w: many["stock"].rolling(24, min_periods=1).mean()}
    situations = (
        _curve("the readings are a part of others", _readings(113, rng).iloc[40:], 5),
        _curve("there is one reading", _readings(30, rng).iloc[7:8], 5),
        _curve("there are 20,011 readings", many, 24, **right),
    )
    same(smoothed, None, situations, noun=_reading)


def interest_how_much_faster(same, smoothed, rng):
    """How much faster here."""
    ratio = compare(same.merged.smoothed, smoothed, _readings(500, rng), 24)
    return f"Here, with 500 readings, your version is {ratio}."


def _curve(when, readings, hours, **options):
    def prepare(w):
        w.readings = readings.copy()

    why = partial(_why_other, readings["stock"].to_numpy(), hours)
    return Situation(when, lambda f, w: f(w.readings, hours), prepare, why=why, **options)


def _filled(w):
    w.readings["stock"] += 500


def _readings(n, rng):
    chance = np.random.default_rng(rng.randrange(1 << 30))
    stock = chance.integers(0, 4000, n).astype(float)
    stock[chance.random(n) < 0.05] = 0  # an empty silo is no gap
    stock[chance.random(n) < 0.1] = np.nan
    stock[0] = np.nan
    stock[n // 2 : n // 2 + 30] = np.nan  # a gap longer than most windows
    return pd.DataFrame({"at": pd.date_range("2026-01-01", periods=n, freq="h"), "stock": stock})


def _windows(readings, hours):
    """Make all windows, without a loop: the measure of what a reading may cost."""
    padded = np.concatenate([np.full(hours - 1, np.nan), readings["stock"].to_numpy()])
    windows = np.lib.stride_tricks.sliding_window_view(padded, hours)
    known = ~np.isnan(windows)
    return np.where(known, windows, 0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)


def _reading(path):
    """Name a part of a curve, or of the readings."""
    names = [f"number {key + 1}" if isinstance(key, int) else f"`{key}`" for key in path[::-1]]
    return " of ".join(names if path and isinstance(path[0], str) else [*names, "the curve"])


OTHER = {
    "dropped": ", all near gaps: where gaps are taken out first, a window of {hours} readings reaches back further than {hours} hours. What does a window hold there?",
    "start": ", all among the first {hours}, whose windows begin before the first reading or with it. What do yours hold there?",
    "lost by gaps": ": where a window holds a gap there is no average now, and it was that of the other readings.",
    "lost": ": there is none now, though each window holds readings. What does a gap do to your sums?",
    "unknown": ": there, the window holds no reading at all, and no average is known.",
    "near": ", each by less than a thousandth: is something rounded, or of a smaller dtype on the way?",
    "empty": ", all where a window holds a reading of 0: is that a gap?",
    "gaps": ", all where a window holds fewer than {hours} readings: by how many is its sum divided, and what stands in for a gap?",
    "else": ". Which readings are in its window?",
}


def _why_other(stock, hours, found):
    """Say what the averages that differ have in common."""
    if found.whole is None or found.kind == "order":
        return {
            "type": "What comes back: a Series of float64, with the readings' index.",
            "index": "The averages have another index than their readings.",
        }.get(found.kind)
    expected, given = found.whole
    off = ~np.isclose(expected, given, rtol=1e-9, atol=1e-9, equal_nan=True)
    is_known = ~np.isnan(stock)
    windows = [slice(max(at - hours + 1, 0), at + 1) for at in range(len(stock))]
    known = np.array([is_known[window].sum() for window in windows])
    empty = np.array([(stock[window] == 0).any() for window in windows])
    dropped = pd.Series(stock[is_known]).rolling(hours, min_periods=1).mean()  # as if there were no gaps
    lost, gaps = np.isnan(given[off]).all(), (known[off] < hours).all()
    miss = np.abs(given - expected)[off]
    holds = {
        "dropped": np.isclose(given[is_known], dropped).all() and not lost,
        "start": not off[hours:].any(),
        "lost by gaps": lost and gaps,
        "lost": lost and known[off].all(),
        "unknown": not known[off].any(),
        "near": (miss < np.maximum(1, expected[off] / 1000)).all(),
        "empty": empty[off].all(),
        "gaps": gaps,
        "else": True,
    }
    words = OTHER[next(name for name, does in holds.items() if does)].format(hours=hours)
    return f"With windows of {hours}, {off.sum()} of {len(off)} averages differ{words}"

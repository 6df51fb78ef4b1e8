"""A Python loop over a table: `apply` calls a function for each row."""

from contextlib import contextmanager
from functools import partial

import numpy as np
import pandas as pd

from kettle.checking import Case, Contract
from kettle.checking.causes.elementwise import Elementwise


def readings(number, seed=80):
    """Readings of an hour each, with gaps; one of them is longer than most windows."""
    chance = np.random.default_rng(seed)
    stock = chance.integers(0, 4000, number).astype(float)
    stock[chance.random(number) < 0.05] = 0  # an empty silo is no gap
    stock[chance.random(number) < 0.1] = np.nan
    stock[0] = np.nan
    stock[number // 2 : number // 2 + 30] = np.nan
    return pd.DataFrame({"at": pd.date_range("2026-01-01", periods=number, freq="h"), "stock": stock})


def ask(smoothed, w, some, hours):
    """Draw the curve of a copy of readings."""
    some = some.copy()
    some["stock"] += getattr(w, "more", 0)
    return smoothed(some, hours)


def filled(w):
    """Let the silo be filled."""
    w.more = 500


def why_other(some, hours, found):
    """Say what the averages that differ have in common."""
    if found.whole is None or found.kind == "order":
        return exercise.say(found.kind) if found.kind in ("type", "index") else None
    (expected, given), stock = found.whole, some["stock"].to_numpy()
    off = ~np.isclose(expected, given, rtol=1e-9, atol=1e-9, equal_nan=True)
    known = np.isfinite(stock)
    held = np.array([known[max(at - hours + 1, 0) : at + 1].sum() for at in range(len(stock))])
    dropped = pd.Series(stock[known]).rolling(hours, min_periods=1).mean()  # as if there were no gaps
    lost = np.isnan(given[off]).all()
    holds = {
        "dropped": not lost and np.isclose(given[known], dropped).all(),
        "lost": lost,
        "gaps": (held[off] < hours).all(),
        "window": True,
    }
    said = exercise.say(next(name for name, does in holds.items() if does), hours=hours)
    return exercise.say("differ", hours=hours, n=off.sum(), of=len(off), why=said)


def a_case(some, hours, **options):
    """Return a case of some readings and windows."""
    return Case(some, hours, why=partial(why_other, some, hours), **options)


def reading(path):
    """Name a part of a curve, or of the readings."""
    names = [f"number {key + 1}" if isinstance(key, int) else f"`{key}`" for key in path[::-1]]
    return " of ".join(names if path and isinstance(path[0], str) else [*names, "the curve"])


MANY = readings(20_011)  # for the merged code it would take seconds

exercise = Contract(
    "smoothed",
    call=ask,
    noun=reading,
    cases={
        "the curve is drawn": a_case(readings(113), 5),
        "the silo is filled between two curves": a_case(readings(113), 5, between=filled),
        "the window is longer than the readings": a_case(readings(40), 50),
        "the window is one hour": a_case(readings(30), 1),
    },
)
exercise.cause(Elementwise(lambda n, rng: (readings(n, rng.randrange(1000)), 5), "reading", few=40, many=120))
exercise.further(
    "parts_and_many",
    {
        "the readings are a part of others": a_case(readings(113).iloc[40:], 5),
        "there is one reading": a_case(readings(30).iloc[7:8], 5),
        "there are 20,011 readings": a_case(
            MANY, 24, truth=lambda w: MANY["stock"].rolling(24, min_periods=1).mean()
        ),
    },
)


@exercise.faster
@contextmanager
def five_hundred_readings():
    """Draw the curve of 500 readings."""
    some = readings(500)
    yield lambda smoothed: smoothed(some, 24)

"""A Python loop over arrays: the interpreter works for each element."""

from functools import partial

import numpy as np
import pandas as pd

from kettle.checking import DOES_NOT_HOLD, HOLDS, PARTLY, Claim, Question
from kettle.checking.elementwise import Elementwise
from kettle.checking.same import Situation, Told
from kettle.probes.ratio import compare

MISTAKE = "each element is taken out of its array by an index"
EXERCISE_MISTAKE = "`DataFrame.apply` calls your function for each row"
GONE = "The loop is gone: more lines are hardly more work for the interpreter. Compiled code loops."
EXERCISE_GONE = (
    "The loop is gone: more readings are hardly more work for the interpreter. Compiled code loops."
)

HINTS = (
    "Look at the bars of instructions: what does the interpreter do for each line that it could do once for all?",
    "An operator between two arrays is one call for all elements. What has to be an array, so that no loop is left?",
    "A choice for each element is `np.where(condition, a, b)`, or `np.select`, or a mask: `share[quantity >= 12] = 0.75`. "
    "`np.rint` rounds as `round` does, and `.astype(np.int64)` makes whole numbers of it.",
    "`full = price * quantity`; `share = np.where(quantity >= 144, 0.5, np.where(quantity >= 12, 0.75, 1.0))`; "
    "`totals = np.rint(full * share).astype(np.int64)`; and the rest is two sums.",
)

EXERCISE_HINTS = (
    "Look at the number of calls for each reading: who makes them, and what for?",
    "`apply` with `axis=1` is a Python loop that also builds a Series for each row. "
    "Which method of a *column* does the whole job?",
    "`.rolling(hours)` makes the windows of a column, and its methods, such as `.mean()`, run in C. "
    "What does it do, by default, with a window that is not full?",
    '`readings["stock"].rolling(hours, min_periods=1).mean()`',
)

RECALL = (
    Question(
        "`np.vectorize(f)` is applied to a million elements. How often is the Python function `f` called?",
        ("Once, with an array", "About a million times", "Once for each core"),
        1,
        "np.vectorize is a convenience, in its own documentation's words: essentially a for loop.",
    ),
    Question(
        "A list of a thousand numbers is made into an array, doubled, and made into a list again. What is gained?",
        ("Little or nothing", "The factor that arrays always bring", "Only memory"),
        0,
        "Making each Python object from an element, and each element from an object, costs about what the loop did.",
    ),
)

GUESS = Question(
    "A `for` loop over a list of numbers gets an array of NumPy in the list's place. The loop is now …",
    ("faster", "slower", "as fast as before"),
    1,
    "Each element has to be made into a Python object first. An array gains where it is used as a whole.",
)

CLAIMS = (
    Claim(
        name="factor",
        said="“NumPy is 50 to 200 times as fast at 10,000 elements.”",
        truth=PARTLY,
        why="It depends on the operation: about so much for `x * 2 + 1`, much less for a sum or a sine, whose way "
        "with a list is mostly C already or long in any language.",
        ids=("S3.67",),
    ),
    Claim(
        name="vectorize",
        said="“np.vectorize makes a Python function run at NumPy's speed.”",
        truth=DOES_NOT_HOLD,
        why="It calls the function for each element, in its documentation's words: essentially a for loop.",
    ),
    Claim(
        name="crossing",
        said="“C extensions run at the speed of C.”",
        truth=PARTLY,
        why="Inside, yes. Each crossing between Python and C costs, so cross once for all and not once for each.",
        ids=("S3.4",),
    ),
    Claim(
        name="overhead",
        said="“In a Python loop over numbers, the interpreter costs more than the arithmetic.”",
        truth=HOLDS,
        why="Taking out, looking up and making objects is paid for each element; arithmetic is the least of it.",
        ids=("S3.3",),
    ),
)

EXCUSED = {"failures": "Nothing can fail: all prices and quantities have a total."}
EXERCISE_EXCUSED = {
    "failures": "Nothing can fail: all readings have a curve, with gaps where nothing is known."
}


# --- the lesson


def check_same_totals(reprice, same, rng):
    """Whoever has lines repriced gets what the merged code gave, to the penny."""
    some = rng.choice((487, 491, 499))  # prime: no part of them is as long as the others
    situations = (
        _repriced(f"{some} lines are repriced", _lines(some, rng)),
        _repriced("prices change between two runs", _lines(60, rng), between=_dearer),
        _repriced("the same lines are repriced again", _lines(60, rng), again=True),
    )
    same(reprice, None, situations, noun=_part)


def check_nothing_for_each_line(reprice, rng):
    """The interpreter does nothing for each line, and no object is made for it."""
    lines = Elementwise(reprice, lambda n: _lines(n, rng, hotels=0.4), "line")
    counted = lines.no_instructions(100, 400, rng.randrange(20_000, 60_000))
    lines.no_objects()
    lines.cheap(_whole, 25)
    return counted


def check_same_totals_of_none_and_many(reprice, same, rng):
    """One line, no lines and very many come to the same totals."""
    many = _lines(150_011, rng)  # for the merged code it would take long
    situations = (
        _repriced("there is one line", _lines(1, rng), _in_whole_pence),
        _repriced("there are no lines", _lines(0, rng)),
        _repriced("there are 150,011 lines", many, truth=lambda w: _repriced_whole(*many)),
    )
    same(reprice, None, situations, noun=_part)


def interest_how_much_faster(same, reprice, rng):
    """How much faster here."""
    ratio = compare(same.merged.reprice, reprice, *_lines(10_000, rng), repeat=5, most=5, patience=0.6)
    return f"Here, with 10,000 lines, your version is {ratio}."


# --- the exercise


def check_exercise_same_averages(smoothed, same, rng):
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


def check_exercise_nothing_for_each_reading(smoothed, rng):
    """The interpreter does nothing for each reading, and no object is made for it."""
    hours = rng.randrange(3, 9)
    readings = Elementwise(smoothed, lambda n: (_readings(n, rng), hours), "reading")
    # rows of pandas take thousands of instructions each, and counting makes those slow
    counted = readings.no_instructions(40, 120, rng.randrange(20_000, 60_000))
    readings.no_objects()
    Elementwise(smoothed, lambda n: (_readings(n, rng), 3), "reading").cheap(_windows, 20)
    return counted


def check_exercise_same_averages_of_parts_and_many(smoothed, same, rng):
    """A part of the readings, one reading and very many have the same averages."""
    many = _readings(20_011, rng)  # for the merged code it would take seconds
    right = {"truth": lambda w: many["stock"].rolling(24, min_periods=1).mean()}
    situations = (
        _curve("the readings are a part of others", _readings(113, rng).iloc[40:], 5),
        _curve("there is one reading", _readings(30, rng).iloc[7:8], 5),
        _curve("there are 20,011 readings", many, 24, **right),
    )
    same(smoothed, None, situations, noun=_reading)


def interest_exercise_how_much_faster(same, smoothed, rng):
    """How much faster here."""
    ratio = compare(same.merged.smoothed, smoothed, _readings(500, rng), 24, repeat=3, most=3, patience=0.5)
    return f"Here, with 500 readings, your version is {ratio}."


# --- situations


def _repriced(when, lines, call=lambda f, w: f(w.price, w.quantity), **options):
    def prepare(w):
        w.price, w.quantity = (part.copy() for part in lines)

    why = partial(_why_off, *lines)
    return Situation(when, call, prepare, why=why, **options)


def _in_whole_pence(f, w):
    match answer := f(w.price, w.quantity):
        case _, float() as given:
            raise Told(f"`given_away` is {given!r}, a float: pence are whole, and sums of floats are not.")
    return answer


def _dearer(w):
    w.price = w.price + 100


def _curve(when, readings, hours, **options):
    def prepare(w):
        w.readings = readings.copy()

    why = partial(_why_other, readings["stock"].to_numpy(), hours)
    return Situation(when, lambda f, w: f(w.readings, hours), prepare, why=why, **options)


def _filled(w):
    w.readings["stock"] += 500


def _lines(n, rng, hotels=0.08):
    """Basket lines as in the notebook: prices in pence and quantities, all bands and their bounds among them."""
    chance = np.random.default_rng(rng.randrange(1 << 30))
    price = chance.integers(95, 2500, n)
    quantity = chance.choice([1, 2, 3, 5, 11, 12, 13, 30, 143, 144, 145, 600], n)
    whole = chance.random(n) < hotels  # each of them orders another quantity
    price[whole] = chance.integers(3000, 9999, whole.sum())
    quantity[whole] = chance.integers(3000, 20_002, whole.sum())
    quantity[-1:] = 20_001  # the largest order in the notebook
    return price, quantity


def _shares(quantity):
    return np.where(quantity >= 144, 0.5, np.where(quantity >= 12, 0.75, 1.0))


def _whole(price, quantity):
    """Do arithmetic on whole arrays, as much as is needed: the measure of what a line may cost."""
    full = price * quantity
    return np.rint(full * _shares(quantity)).astype(np.int64).sum() - full.sum()


def _repriced_whole(price, quantity):
    full = price * quantity
    totals = np.rint(full * _shares(quantity)).astype(np.int64)
    return totals, int((full - totals).sum())


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


# --- words on differences


def _part(path):
    """Name a part of an answer, or of an argument."""
    if path and isinstance(path[0], str):
        return f"`{path[0]}`" if len(path) == 1 else f"entry {path[1] + 1} of `{path[0]}`"
    if len(path) > 1:
        return f"the total of line {path[1] + 1}"
    return {(0,): "`totals`", (1,): "`given_away`"}.get(path, "the answer")


def _reading(path):
    """Name a part of a curve, or of the readings."""
    names = [f"number {key + 1}" if isinstance(key, int) else f"`{key}`" for key in path[::-1]]
    return " of ".join(names if path and isinstance(path[0], str) else [*names, "the curve"])


OFF = {
    "bounds": ", all of lines of exactly {bounds}: on which side of the bound do they belong?",
    "whole shares": ", and come to nothing, all of lines of 12 and more: in an array of whole numbers, such as `np.ones_like(quantity)`, 0.75 and 0.5 become 0. Which dtype do the shares have?",
    "last word": ", all of lines of 144 and more, and they got the share of 12: both conditions hold for them. Which of the two has the last word?",
    "parts": ", from line {first} to the last. Is each line in a part, and filled in?",
    "float32": ", all of lines above £41,943.04: a float32 holds 24 bits, about seven digits, and these need more. Is there one on the way?",
    "int32": ", and some are below zero: a number that its dtype cannot hold wraps around, and an int32 ends at 2,147,483,647. Which step makes a number too large?",
    "halves": ", each by a penny, and each where the value lies halfway between two: `round` takes a half to the even penny.",
    "fractions": ", each by a penny, all where there was a fraction: is it {way} and not rounded to the nearest?",
    "else": "; this line is {quantity} at {price} pence.",
}


def _why_off(price, quantity, found):
    """Say what the totals that are off have in common."""
    if found.whole is None or found.kind == "order":
        kinds = {
            "order": "Whose total stands first?",
            "type": "What comes back: totals, an array of int64, and given_away, a number.",
            "count": "There is one total for each line.",
        }
        lost = "It is what all lines cost without the sale, less the totals. Is a penny lost on the way?"
        return kinds.get(found.kind, lost)
    expected, totals = found.whole
    off, full, at = expected != totals, price * quantity, found.path[-1]
    where, miss = np.flatnonzero(off), np.abs(totals - expected)[off]
    quarters = (full * _shares(quantity) * 4).astype(np.int64)[off] % 4
    by_penny, many = (miss == 1).all(), quantity >= 144
    holds = {
        "bounds": np.isin(quantity[off], (12, 144)).all(),
        "whole shares": not totals[off].any() and (off == (quantity >= 12)).all(),
        "last word": (off == many).all() and (totals[off] == np.rint(full[off] * 0.75)).all(),
        "parts": off[-1] and not totals[off].all() and (np.diff(where) == 1).all(),
        "float32": (miss <= expected[off] / 2**22).all() and (full[off] >= 2**22).all(),
        "int32": (totals < 0).any(),
        "halves": by_penny and (quarters == 2).all(),
        "fractions": by_penny and (quarters != 0).all(),
        "else": True,
    }
    words = OFF[next(name for name, does in holds.items() if does)].format(
        bounds=" and ".join(map(str, np.unique(quantity[off]))),
        first=where[0] + 1,
        way="cut off" if (totals < expected)[off].all() else "rounded up",
        quantity=quantity[at],
        price=price[at],
    )
    return f"{len(where)} of {len(off)} totals are off{words}"


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

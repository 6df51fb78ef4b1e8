"""A Python loop over arrays: the interpreter works for each element."""

from functools import partial

import numpy as np

from kettle.checking.causes.elementwise import Elementwise
from kettle.checking.equivalence import Situation, Told
from kettle.probes.ratio import compare


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
    ratio = compare(same.merged.reprice, reprice, *_lines(10_000, rng))
    return f"Here, with 10,000 lines, your version is {ratio}."


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


def _part(path):
    """Name a part of an answer, or of an argument."""
    if path and isinstance(path[0], str):
        return f"`{path[0]}`" if len(path) == 1 else f"entry {path[1] + 1} of `{path[0]}`"
    if len(path) > 1:
        return f"the total of line {path[1] + 1}"
    return {(0,): "`totals`", (1,): "`given_away`"}.get(path, "the answer")


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

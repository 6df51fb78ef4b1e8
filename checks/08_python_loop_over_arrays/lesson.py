"""A Python loop over arrays: the interpreter works for each element."""

from contextlib import contextmanager
from functools import partial

import numpy as np

from kettle.checking import Case, Contract
from kettle.checking.causes.elementwise import Elementwise
from kettle.checking.equivalence import Told


def lines(number, seed=8, hotels=0.08):
    """Basket lines as in the notebook: prices in pence and quantities, all bands and their bounds among them."""
    chance = np.random.default_rng(seed)
    price = chance.integers(95, 2500, number)
    quantity = chance.choice([1, 2, 3, 5, 11, 12, 13, 30, 143, 144, 145, 600], number)
    whole = chance.random(number) < hotels  # each of them orders another quantity
    price[whole] = chance.integers(3000, 9999, whole.sum())
    quantity[whole] = chance.integers(3000, 20_002, whole.sum())
    quantity[-1:] = 20_001  # the largest order in the notebook
    return price, quantity


def repriced(price, quantity):
    """Reprice whole arrays, where the merged code would take long."""
    full = price * quantity
    totals = np.rint(full * shares(quantity)).astype(np.int64)
    return totals, int((full - totals).sum())


def shares(quantity):
    """Return what is to be paid of each line."""
    return np.where(quantity >= 144, 0.5, np.where(quantity >= 12, 0.75, 1.0))


def ask(reprice, w, price, quantity):
    """Reprice copies of lines, at today's prices."""
    return reprice(price + getattr(w, "dearer", 0), quantity.copy())


def dearer(w):
    """Let all prices rise."""
    w.dearer = 100


def in_pence(reprice, w):
    """Reprice one line; a float of pence is told."""
    match answer := reprice(*lines(1)):
        case _, float() as given:
            raise Told(lesson.say("float", given=given))
    return answer


def why_off(price, quantity, found):
    """Say what the totals that are off have in common."""
    if found.whole is None or found.kind == "order":
        kinds = ("order", "type", "count")
        return lesson.say(found.kind if found.kind in kinds else "given_away")
    expected, totals = found.whole
    off, full, at = expected != totals, price * quantity, found.path[-1]
    by_penny = (np.abs(totals - expected)[off] == 1).all()
    quarters = (full * shares(quantity) * 4).astype(np.int64)[off] % 4
    holds = {
        "bounds": np.isin(quantity[off], (12, 144)).all(),
        "whole_shares": not totals[off].any() and (off == (quantity >= 12)).all(),
        "conditions": (off == (quantity >= 144)).all() and (totals[off] == np.rint(full[off] * 0.75)).all(),
        "halves": by_penny and (quarters == 2).all(),
        "fractions": by_penny and (quarters != 0).all(),
        "small_dtype": (full[off] >= 2**22).all(),
        "line": True,
    }
    key = next(name for name, does in holds.items() if does)
    said = lesson.say(key, quantity=quantity[at], price=price[at])
    return lesson.say("off", n=off.sum(), of=len(off), why=said)


def a_case(number, **options):
    """Return a case of some lines."""
    some = lines(number)
    return Case(*some, **{"why": partial(why_off, *some), **options})


def part(path):
    """Name a part of an answer, or of an argument."""
    if path and isinstance(path[0], str):
        return f"`{path[0]}`" if len(path) == 1 else f"entry {path[1] + 1} of `{path[0]}`"
    if len(path) > 1:
        return f"the total of line {path[1] + 1}"
    return {(0,): "`totals`", (1,): "`given_away`"}.get(path, "the answer")


lesson = Contract(
    "reprice",
    call=ask,
    noun=part,
    cases={
        "491 lines are repriced": a_case(491),
        "prices change between two runs": a_case(60, between=dearer),
    },
)
lesson.cause(Elementwise(lambda n, rng: lines(n, rng.randrange(1000), hotels=0.4), "line"))
lesson.further(
    "one_none_many",
    {
        "there is one line": a_case(1, call=in_pence),
        "there are no lines": a_case(0),
        "there are 150,011 lines": a_case(150_011, truth=lambda w: repriced(*lines(150_011))),
    },
)


@lesson.faster
@contextmanager
def ten_thousand_lines():
    """Reprice 10,000 lines."""
    some = lines(10_000)
    yield lambda reprice: reprice(*some)

"""The native ladder: native code is called once per item, and each call costs more than its work."""

import sys
from collections import Counter

import numpy as np

from kettle.checking.allowance import times_allowed
from kettle.checking.causes.elementwise import Elements
from kettle.checking.equivalence import Situation, Told
from kettle.checking.late_jobs import first_job_last
from kettle.probes.engines.elements import taken_one_by_one
from kettle.probes.memory import peak_bytes
from kettle.probes.ratio import compare

TORN = "there was an error, and your code gives an answer: the amount on that line is lost, and nobody hears of it."


INEXACT = (11, 22, 44, 73, 88, 145, 146, 147, 176, 289, 290, 291, 292, 293, 294, 352)  # as floats, /1000


SIDE = "Whoever has exactly reached a bound gets its discount: on which side of it does your search end?"


KEPT = "Which contract is this, the old one or the new one? Each call brings its own."


LARGE = (
    "An amount of four bytes, times the thousandths, needs more than four. Which dtype does the product have?"
)


BEYOND = "Four bytes do not hold that bound: which dtype are the bounds when they are searched?"


def check_same_discounts(discounts, same, rng):
    """The wholesale customers get the discounts that they got before, to the penny."""
    some = rng.choice((487, 491, 499))
    situations = (
        _night(f"{some} lines are on the tape", some, rng),
        _night("the contract changes between two tapes", some, rng, between=_better, why=KEPT),
        _night("only the discounts change, in their array", 60, rng, between=_more, why=KEPT),
        _night("only the bounds change between two tapes", 60, rng, between=_later, why=KEPT),
        _night("the same tape comes again", some, rng, again=True),
        _night("amounts have exactly reached a bound", 60, rng, pence="bounds", why=SIDE),
        _night("two bounds are equal", 60, rng, pence="bounds", twice=True, why=SIDE),
        _night("amounts are as large as four bytes can hold", 20, rng, pence="large", why=LARGE),
        _night("one bound is larger than all amounts", 20, rng, pence="large", beyond=True, why=BEYOND),
        _night("amounts are round", 400, rng, pence="round"),
        _night("there is one line", 1, rng),
        _night("the tape is empty", 0, rng),
        _night("the contract has one step", 20, rng, steps=1),
        _night("the contract has no steps", 20, rng, steps=0),
        _night("the last line of the tape is cut off", 20, rng, torn=1),
    )
    same(discounts, None, situations, noun=_line)


def check_no_call_for_each_line(discounts, rng):
    """Native code is called for the tape, and not for each line."""
    few, many = (_native_calls(discounts, _given(n, rng)) for n in (100, 400))
    each = {name: (many[name] - few[name]) / 300 for name in many}
    often = sorted(name for name, calls in each.items() if calls >= 0.5)
    assert not often, (
        f"{_times(sum(each[name] for name in often))} from Python into native code for each line "
        f"({', '.join(f'`{name}`' for name in often)}), and the way there and back is paid each time. "
        "What takes the whole tape?"
    )
    by_map = taken_one_by_one(discounts, _given(200, rng, 20)) & {"map"}
    assert not by_map, (
        "`map` makes a call for each line, and an object for each call: that Python does not write the loop "
        "down changes little. What takes the whole tape?"
    )


def check_nothing_for_each_line(discounts, rng):
    """The interpreter does nothing for each line, and no object is made for it."""
    lines = Elements(discounts, lambda n: _given(n, rng, 20), "line")
    counted = lines.no_instructions(100, 400)
    lines.no_objects()
    assert "iterated" not in taken_one_by_one(discounts, _given(200, rng, 20)), (
        "Native code takes each amount out by itself: a Python object is made for each line, and dropped again. "
        "What reads the tape as a buffer?"
    )
    return counted


def check_long_tapes(discounts, same, rng):
    """A long tape is read to its end, and in its order, whichever part is done first."""
    with first_job_last():
        situations = [_night("the tape is long", lines, rng, steps=20) for lines in (200_000, 2**17)]
        cut = _night("the last line of a long tape is cut off", 2**17, rng, steps=20, torn=2)
        same(discounts, None, (*situations, cut), noun=_line)


def check_no_scan(discounts, rng):
    """A line does not meet each bound."""
    base, more = (peak_bytes(discounts, *_given(1_000, rng, steps)) for steps in (1_000, 3_000))
    assert (more - base) / 2_000 < 700, (
        f"1,000 lines take {(more - base) / 2_000:,.0f} bytes more for each further bound: a table in which each line "
        "meets each bound. The bounds ascend; which search need not look at all of them?"
    )
    given = _given(12_000, rng, 4_000)

    def allowed():
        for _ in range(8):
            _found(*given)

    dear = times_allowed(allowed, lambda: discounts(*given), "each line is compared with each bound")
    assert not dear, (
        f"With 4,000 bounds, your code takes {8 * dear:.0f} times the CPU time of a search that "
        "halves: each line is compared with each bound, in native code too. Which algorithm need not do that?"
    )


def interest_how_much_faster(same, discounts, rng):
    """How much faster here."""
    ratio = compare(same.merged.discounts, discounts, *_given(5_000, rng))
    return f"Here, with 5,000 lines, your version is {ratio}."


def _given(lines, rng, steps=500, pence=None, twice=False, beyond=False):
    """A tape and a contract, as in the notebook."""
    chance = np.random.default_rng(rng.randrange(1 << 30))
    bounds = np.sort(500 + chance.choice(250_000, steps, replace=False)) * 2 + 1
    if twice:
        bounds[1::2] = bounds[:-1:2]
    amounts = chance.integers(50, 300_000, lines) * 2  # and so at no bound
    amounts[:1] = 998  # and so below all
    if pence == "bounds":
        amounts = chance.choice(bounds, lines) + chance.integers(-1, 2, lines)
    elif pence == "round":
        amounts = chance.integers(1, 600, lines) * 1_000
    elif pence == "large":
        amounts = chance.integers(2**31, 2**32, lines)
    permille = np.sort(chance.choice(INEXACT if pence == "round" else np.arange(20, 401), steps + 1))
    if beyond:
        bounds[-1], permille[0], permille[-1] = 5_000_000_000, 0, 1_000
    return amounts.astype("<u4").tobytes(), bounds, permille


def _night(when, lines, rng, why=None, between=None, again=False, torn=0, **options):
    tape, bounds, permille = _given(lines, rng, **options)

    def prepare(w):
        w.tape, w.bounds, w.permille = tape[: len(tape) - torn], bounds.copy(), permille.copy()

    def call(f, w):
        return f(w.tape, w.bounds, w.permille)

    def fails(f, w):
        try:
            call(f, w)
        except Exception:  # noqa: BLE001 - whichever client raises it
            return "an error"
        raise Told(TORN)

    asks = fails if torn else call
    return Situation(
        *(when, asks, prepare, between, again),
        truth=(lambda w: asks(_found, w)) if lines > 10_000 else None,  # the merged code takes too long
        why=why or _why_off,
    )


def _better(w):
    w.permille = w.permille + 7
    w.bounds = w.bounds - 500


def _more(w):
    w.permille += 7


def _later(w):
    w.bounds = w.bounds + 100_000


def _native_calls(function, given):
    """Count calls of native code by name, but those of Python's own lists and built-in functions."""
    found: Counter[str] = Counter()

    def note(frame, event, arg):
        if event == "c_call" and arg.__module__ != "builtins" and not isinstance(arg.__self__, list):
            found[arg.__name__] += 1

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        function(*given)
    finally:
        sys.setprofile(before)
    return found


def _times(calls):
    return "1 call" if round(calls) == 1 else f"{calls:.0f} calls"


def _found(tape, bounds, permille):
    """Search by halving, in one call: the measure of what a line may cost."""
    amounts = np.frombuffer(tape, dtype="<u4").astype(np.int64)
    return amounts * permille[np.searchsorted(bounds, amounts, side="right")] // 1000


def _line(path):
    return f"the discount of line {path[0] + 1}" if path and isinstance(path[0], int) else "the answer"


def _why_off(found):
    """Say what the discounts that are off have in common."""
    if found.whole is None or found.kind == "order":
        return {
            "type": "What comes back: a new array of int64.",
            "count": "There is one discount for each line.",
        }.get(found.kind)
    expected, given = (np.asarray(part, dtype=float) for part in found.whole)
    miss = np.abs(given - expected)[given != expected]
    if (miss == 1).all():
        return f"{len(miss)} of {len(expected)} discounts are off, each by a penny: are they rounded down, and exact?"
    return (
        f"{len(miss)} of {len(expected)} discounts are off. On which side of a bound does an amount belong?"
    )

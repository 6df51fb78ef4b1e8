"""The native ladder: native code is called once per item, and each call costs more than its work."""

import sys
import zlib
from collections import Counter

import numpy as np

from kettle.checking import DOES_NOT_HOLD, PARTLY, Claim, Question
from kettle.checking.allowance import times_allowed, times_as_dear
from kettle.checking.elementwise import Elementwise
from kettle.checking.late_jobs import first_job_last
from kettle.checking.same import Situation, Told
from kettle.probes.calls import count_calls
from kettle.probes.engines.elements import taken_one_by_one
from kettle.probes.memory import peak_bytes
from kettle.probes.ratio import compare
from kettle.probes.work import growth, work

MISTAKE = "from Python into native code for each line"
EXERCISE_MISTAKE = "each code is looked for in a list"
GONE = "The crossings are gone: native code is called once for the whole tape, and no line meets every bound."
EXERCISE_GONE = "Each function stands on its rung: one of the six is worth a contractor."

HINTS = (
    "Look at the ladder: which of the bars would be shorter if native code took no time at all?",
    "Hand the tape over once, as a buffer; and let the better algorithm run on all of it in one call.",
    '`np.frombuffer(tape, dtype="<u4")` makes an array of the tape. Which function of NumPy, in step 1, halves? '
    "It takes an array of amounts as well. And an array of steps picks from `permille` by `permille[steps]`.",
    '`amounts = np.frombuffer(tape, dtype="<u4").astype(np.int64)`; '
    '`steps = np.searchsorted(bounds, amounts, side="right")`; `return amounts * permille[steps] // 1000`',
)

EXERCISE_HINTS = (
    "Look at the bars, and ask of each function: how often is something called, and could it be called once?",
    "One asks a list what a set would know. One calls `zlib.crc32` for each byte. One takes arrays apart. "
    "One makes two arrays of two numbers each. Two have nothing to mend.",
    "`zlib.crc32` takes all bytes at once; two arrays have `@`; `math.dist` knows the way. In `balances`, each "
    "step needs the one before, and rounds: no array operation knows it.",
    "`seen = set()` and one loop for `used_twice`; `zlib.crc32(tape)`; `int(pence @ stock)`; "
    "`math.dist(here, there)`; `fingerprint` is to be left, and `balances` is for native code.",
)

RECALL = (
    Question(
        "A function of C is called a million times with one number each. What is most of the time?",
        ("The arithmetic in C", "Getting there and back", "Reading memory"),
        1,
        "Objects are looked up, converted and made for each call; the work on one number is the least of it.",
    ),
    Question(
        "A scan through 500 sorted bounds is moved to C. What would have been better first?",
        ("Faster C", "Searching by halving, in any language", "More memory"),
        1,
        "Nine questions instead of five hundred comparisons: the algorithm comes before the language.",
    ),
)

GUESS = Question(
    "`zlib.crc32` is native code. It gets a million bytes: at once, or in a million calls. The second takes …",
    ("about as long", "some ten times as long", "hundreds of times as long"),
    2,
    "A byte takes less than a nanosecond. A call of native code takes a hundred, whatever it has to do.",
)

CLAIMS = (
    Claim(
        name="fifty_times",
        said="“A function in Rust is 50 to 500 times as fast as in Python.”",
        truth=PARTLY,
        why="Long loops of arithmetic gain tens. A search, texts, or objects gain less; and a tiny "
        "function that is called for each item gains little, or loses.",
        ids=("S3.72",),
    ),
    Claim(
        name="cython_types",
        said="“Compile it with Cython, and it runs at nearly the speed of C.”",
        truth=PARTLY,
        why="With types. Without them, it makes the same calls with the same objects as the interpreter did.",
        ids=("S3.68",),
    ),
    Claim(
        name="pypy",
        said="“PyPy is 3 to 10 times as fast.”",
        truth=PARTLY,
        why="In long loops over numbers it can be far more. Objects, texts and what CPython has in C gain less, and so "
        "does a first run: what is compiled is compiled while it runs.",
        ids=("S3.70",),
    ),
    Claim(
        name="algorithm",
        said="“Whatever plain Python does, native code does it faster.”",
        truth=DOES_NOT_HOLD,
        why="Not where the algorithms differ, and not where the way to native code is longer than the work.",
    ),
)

EXERCISE_EXCUSED = {
    "failures": "Nothing can fail: whatever comes has an answer.",
    "freshness": "The six are pure: the same arguments have the same answer for ever.",
}

TORN = "there was an error, and your code gives an answer: the amount on that line is lost, and nobody hears of it."
INEXACT = (11, 22, 44, 73, 88, 145, 146, 147, 176, 289, 290, 291, 292, 293, 294, 352)  # as floats, /1000
SIDE = "Whoever has exactly reached a bound gets its discount: on which side of it does your search end?"
KEPT = "Which contract is this, the old one or the new one? Each call brings its own."
LARGE = (
    "An amount of four bytes, times the thousandths, needs more than four. Which dtype does the product have?"
)
BEYOND = "Four bytes do not hold that bound: which dtype are the bounds when they are searched?"


# --- the lesson


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
    lines = Elementwise(discounts, lambda n: _given(n, rng, 20), "line")
    counted = lines.no_instructions(100, 400, rng.randrange(20_000, 60_000))
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
    ratio = compare(same.merged.discounts, discounts, *_given(5_000, rng), repeat=5, most=5, patience=0.6)
    return f"Here, with 5,000 lines, your version is {ratio}."


# --- the exercise


def check_exercise_same_answers(used_twice, same, rng):
    """Each of the six answers as it did before."""
    small = [f"KC-{rng.randrange(40)}" for _ in range(90)]
    paid = [-405_003, *(rng.randrange(-400, 500) * 1_000 for _ in range(80))]  # 36.45 p are owed first
    shelf = [(rng.uniform(-9, 9), rng.uniform(-9, 9)) for _ in range(2)]
    large = [np.array([rng.randrange(2**28) for _ in range(50)]) for _ in range(2)]
    noise = rng.randbytes(999)
    answers = (
        (used_twice, ("codes are used again and again", small), ("there are no codes",  []), ("each code is new", [*"abc"])),
        ("seal", ("a tape is sealed", noise), ("the tape is empty", b"")),
        ("worth", ("prices and numbers are large", *large), ("the shelves are empty", large[0][:0], large[1][:0])),
        ("distance", ("two shelves stand apart", *shelf), ("it is one shelf", shelf[0], shelf[0])),
        ("fingerprint", ("a picture comes", noise), ("the picture is empty", b""), ("the picture is large", rng.randbytes(1_500_000))),
        ("balances", ("days of all kinds pass", paid, 90), ("no day has passed", [], 90), ("nothing is earned", paid, 0)),
    )  # fmt: skip
    for which, *calls in answers:
        function = same.names[which] if isinstance(which, str) else which
        name = same.name_of(function)
        situations = [_asked(f"`{name}` is called: {when}", *given) for when, *given in calls]
        if name in ("used_twice", "balances"):
            situations.append(_asked(f"`{name}` is called with the same again", *calls[0][1:], again=True))
            situations.append(
                _asked(f"`{name}` is called with a list that has grown", *calls[0][1:], between=_grown)
            )
        same(function, None, situations)


def check_exercise_algorithm(used_twice):
    """No code is compared with all those before it."""
    codes = [_Code(f"KC-{number}") for number in range(400)]
    _Code.compared = 0
    used_twice(codes)
    assert _Code.compared < 4_000, (
        f"{_Code.compared:,} comparisons for 400 codes: each code is looked for in a list of all those before it, "
        "and native code would do as many. What knows without looking at each whether something is in it?"
    )
    few, many = growth(used_twice, (200, 800), lambda n: [str(number) for number in range(n)]).instructions
    assert many < 6 * few, (
        f"Four times as many codes take {many / few:.0f} times as many steps of Python: each code still meets the others."
    )
    many = [f"KC-{number}" for number in range(4_000)]
    dear = times_as_dear(used_twice, many, "each code meets all those before it")
    assert not dear, (
        f"16 times as many codes take {dear:.0f} times the CPU time: native code goes through all those "
        "before, or copies them, for each code. What remembers them, and is neither copied nor gone through?"
    )


def check_exercise_one_call(same, rng):
    """`zlib.crc32` gets the bytes at once, or in blocks that are not copied again and again."""
    seal, tape = same.names["seal"], rng.randbytes(2**20)
    calls = work(seal, bytes(40_000)).instructions - work(seal, b"abc").instructions
    assert calls < 1_000, (
        f"40,000 bytes take {calls:,} instructions more than three: `zlib.crc32` is called again and "
        "again, with next to nothing each time, and the way there and back is paid for. What if it gets all of them?"
    )
    whole = {f"`seal` gets {n:,} bytes, and nothing is left over": tape[:n] for n in (2**20, 1_000_000)}
    same(seal, None, [_asked(*each, truth=lambda w: zlib.crc32(*w.given)) for each in whole.items()])
    most = peak_bytes(seal, bytes(4_000_000))
    assert most < 3_000_000, (
        f"A tape of 4,000,000 bytes takes {most:,} bytes more at once: all of it, or what is left of it, is copied. "
        "What is read piece by piece, and where it lies?"
    )


def check_exercise_arrays(same, rng):
    """`worth` does nothing for each product."""

    def make(n):
        chance = np.random.default_rng(rng.randrange(1 << 30))
        return chance.integers(95, 2_500, n), chance.integers(0, 400, n)

    each = Elementwise(same.names["worth"], make, "product")
    each.no_instructions(100, 400, 20_000)
    each.no_objects()
    each.cheap(lambda pence, stock: (pence * stock).sum(), 25)


def check_exercise_plain(same):
    """`distance` makes no arrays."""
    distance, places = same.names["distance"], ((0.5, 1.5), (3.5, 5.5))
    with count_calls(np, "array") as made, count_calls(np, "asarray") as taken:
        distance(*places)
    arrays = made.count + taken.count
    assert not arrays, (
        f"`distance` makes {'an array' if arrays == 1 else f'{arrays} arrays'} of two numbers: that takes longer than the arithmetic by far. "
        "What does the module `math` have for it?"
    )
    ratio = compare(same.merged.distance, distance, *places, clock="cpu", repeat=5, most=5, patience=0.3)
    assert ratio.best_ratio > 1.6, (
        f"`distance` is {ratio.best_ratio:.1f} times as fast as merged: something still has to be made for each "
        "two numbers. What is the shortest way in plain Python?"
    )


def check_exercise_no_worse(same):
    """What was fine is not made worse."""
    loops = [
        growth(lambda n, f=f: f([7] * n, 90), (100, 400))
        for f in (same.merged.balances, same.names["balances"])
    ]
    before, after = (loop.per_item for loop in loops)
    assert after < 2 * before, (
        f"`balances` executes {after:,.0f} instructions for each day, and executed {before:,.0f} before: "
        "there is nothing to gain in plain Python."
    )
    chunks = work(same.names["fingerprint"], bytes(100_000)).instructions
    assert chunks < 20_000, (
        f"`fingerprint` executes {chunks:,} instructions for 100,000 bytes: it was one call into native code."
    )


def check_exercise_rungs(rung):
    """Each function is on its rung."""
    for name, (right, why) in RUNGS.items():
        said = rung.get(name)
        assert said, f"`rung[{name!r}]` says nothing yet. {_kinds(rung)}"
        assert said == right, f"`rung[{name!r}]` says {said!r}, but {why}"


RUNGS = {
    "used_twice": ("algorithm", "what made it slow was that each code was compared with all those before it, and that grows with their square in any language."),
    "seal": ("one call", "`zlib.crc32` is native code already; it was only called for each byte."),
    "worth": ("arrays", "there were arrays already, and a loop in Python took them apart. Which operation takes them whole?"),
    "distance": ("plain", "it has two numbers to work on: whatever is called for them, making arrays costs more than the arithmetic."),
    "fingerprint": ("leave", "nearly all its time passes in SHA-256 itself, in one call of native code: there is nothing left to gain."),
    "balances": ("native", "each balance needs the one before and is rounded, so there is no shorter way and no array operation: only a compiled loop would help."),
}  # fmt: skip


# --- situations


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


def _asked(when, *given, **options):
    def prepare(w):
        w.given = [list(each) if isinstance(each, list) else each for each in given]

    return Situation(when, lambda f, w: f(*w.given), prepare, **options)


def _grown(w):
    w.given[0] += w.given[0][:5]


class _Code(str):
    """A text that counts how often it is compared."""

    __slots__ = ()
    __hash__ = str.__hash__
    compared = 0

    def __eq__(self, other):
        type(self).compared += 1
        return str.__eq__(self, other)


def _native_calls(function, given):
    """Count calls of native code by name, but those of Python's own lists and built-in functions."""
    found = Counter()

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


# --- words on differences


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


def _kinds(rung):
    return (
        f"{sum(not said for said in rung.values())} of {len(RUNGS)} are open; the notebook names the rungs."
    )

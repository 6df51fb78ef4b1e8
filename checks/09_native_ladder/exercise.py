"""The native ladder: native code is called for each item, and the way there costs more than the work."""

import zlib

import numpy as np

from kettle.checking.allowance import times_as_dear
from kettle.checking.causes.elementwise import Elements
from kettle.checking.equivalence import Situation
from kettle.probes.calls import count_calls
from kettle.probes.memory import peak_bytes
from kettle.probes.ratio import compare, far_from
from kettle.probes.work import growth, work


def check_same_answers(used_twice, same, rng):
    """Each of the six answers as it did before."""
    small = [f"KC-{rng.randrange(40)}" for _ in range(90)]
    paid = [-405_003, *(rng.randrange(-400, 500) * 1_000 for _ in range(80))]  # 36.45 p are owed first
    shelf = [(rng.uniform(-9, 9), rng.uniform(-9, 9)) for _ in range(2)]
    large = [np.array([rng.randrange(2**28) for _ in range(50)]) for _ in range(2)]
    noise = rng.randbytes(999)
    answers: tuple[tuple, ...] = (
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


def check_algorithm(used_twice):
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
    strings = [f"KC-{number}" for number in range(4_000)]
    dear = times_as_dear(used_twice, strings, "each code meets all those before it")
    assert not dear, (
        f"16 times as many codes take {dear:.0f} times the CPU time: native code goes through all those "
        "before, or copies them, for each code. What remembers them, and is neither copied nor gone through?"
    )


def check_one_call(same, rng):
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


def check_arrays(same, rng):
    """`worth` does nothing for each product."""

    def make(n):
        chance = np.random.default_rng(rng.randrange(1 << 30))
        return chance.integers(95, 2_500, n), chance.integers(0, 400, n)

    each = Elements(same.names["worth"], make, "product")
    each.untouched(100, 400)


def check_plain(same):
    """`distance` makes no arrays."""
    distance, places = same.names["distance"], ((0.5, 1.5), (3.5, 5.5))
    with count_calls(np, "array") as made, count_calls(np, "asarray") as taken:
        distance(*places)
    arrays = made.count + taken.count
    assert not arrays, (
        f"`distance` makes {'an array' if arrays == 1 else f'{arrays} arrays'} of two numbers: that takes longer than the arithmetic by far. "
        "What does the module `math` have for it?"
    )
    ratio = compare(same.merged.distance, distance, *places, clock="cpu", rounds=2, enough=far_from(1.6))
    assert ratio.best_ratio > 1.6, (
        f"`distance` is {ratio.best_ratio:.1f} times as fast as merged: something still has to be made for each "
        "two numbers. What is the shortest way in plain Python?"
    )


def check_no_worse(same):
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


def check_rungs(rung):
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


def _kinds(rung):
    return (
        f"{sum(not said for said in rung.values())} of {len(RUNGS)} are open; the notebook names the rungs."
    )

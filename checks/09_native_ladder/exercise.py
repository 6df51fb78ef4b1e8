"""The native ladder: five slow functions, and the rung of each."""

import zlib
from copy import deepcopy
from functools import partial

import numpy as np

from kettle.checking import Case, Contract, Undecided
from kettle.checking.causes.elementwise import Elements
from kettle.checking.equivalence import Told
from kettle.checking.equivalence.difference import alike
from kettle.probes.ratio import compare, far_from
from kettle.probes.work import work

CODES = [f"KC-{number**2 % 41}" for number in range(90)]
TAPE = bytes(number**2 % 251 for number in range(999))
PAID = [-405_003, *(number**2 % 900 * 1_000 - 400_000 for number in range(80))]  # 36.45 p are owed first
RUNGS = {
    "used_twice": "algorithm",
    "seal": "one call",
    "worth": "arrays",
    "fingerprint": "leave",
    "balances": "native",
}


def shelves(number, seed=9):
    """Prices and numbers of what is on the shelves."""
    chance = np.random.default_rng(seed)
    return chance.integers(95, 2**24, number), chance.integers(0, 2**24, number)


def of(name, *given):
    """Return a case in which another one of the functions is called, and leaves its arguments alone."""

    def call(_, w):
        mine = deepcopy(given)
        answer = w.names[name](*mine)
        if not alike(given, mine):
            raise Told(exercise.say("arguments", name=name))
        return answer

    return Case(call=call)


def sorted_codes(used_twice, w):
    """Find the codes, whatever their order."""
    return sorted(used_twice(list(CODES)))


exercise = Contract(
    "used_twice",
    call=lambda used_twice, w, codes: used_twice(codes + CODES[: getattr(w, "more", 0)]),
    cases={
        "`used_twice` is called with codes that come again and again": Case(call=sorted_codes, why="twice"),
        "`used_twice` is called without codes": Case([]),
        "`seal` is called": of("seal", TAPE),
        "`seal` is called with an empty tape": of("seal", b""),
        "`worth` is called": of("worth", *shelves(50)),
        "`worth` is called with empty shelves": of("worth", *shelves(0)),
        "`fingerprint` is called": of("fingerprint", TAPE),
        "`balances` is called": of("balances", PAID, 90),
    },
)


class Code(str):
    """A text that counts how often it is compared or hashed."""

    __slots__ = ()
    looks = 0

    def __hash__(self):
        Code.looks += 1
        return str.__hash__(self)

    def __eq__(self, other):
        Code.looks += 1
        return str.__eq__(self, other)


@exercise.cause
def algorithm(used_twice):
    """Count how often codes are looked at; what native code copies, CPU time tells."""
    Code.looks = 0
    used_twice([Code(f"KC-{number}") for number in range(400)])
    assert Code.looks < 8_000, exercise.say("looks", n=Code.looks)
    codes = [f"KC-{number}" for number in range(4_000)]
    part = codes[:250]

    def allowed():
        for _ in range(48):
            used_twice(part)

    ratio = compare(
        allowed, partial(used_twice, codes), clock="cpu", rounds=3, patience=1.0, enough=far_from(1)
    )
    if 0.8 < ratio.best_ratio < 1.2:
        raise Undecided(exercise.say("near"))
    assert ratio.best_ratio > 1, exercise.say("copies", n=48 / ratio.best_ratio)


exercise.further(
    "order",
    {
        "`used_twice` is called": Case(CODES, why="order"),
        "the list of `used_twice` grows between two calls": Case(
            CODES, between=lambda w: setattr(w, "more", 5)
        ),
    },
)


@exercise.cause
def one_call(seal):
    """Count what Python does for each byte of a tape."""
    steps = work(seal, bytes(40_000)).instructions - work(seal, b"abc").instructions
    assert steps < 1_000, exercise.say("pieces", n=steps)
    tape = TAPE * 500
    assert seal(tape) == zlib.crc32(tape), exercise.say("seal")


@exercise.cause
def arrays(worth):
    """See that `worth` does nothing for each product."""
    return Elements(worth, shelves, "product").untouched(100, 400)


@exercise.cause
def rungs(rung):
    """Compare the rungs."""
    for name, right in RUNGS.items():
        said = rung.get(name)
        assert said, exercise.say("open", name=name)
        assert said == right, exercise.say("rung", name=name, said=said, why=exercise.say(right))

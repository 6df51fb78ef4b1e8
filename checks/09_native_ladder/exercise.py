"""The native ladder: five slow functions, and the rung of each."""

from copy import deepcopy
from functools import partial

from kettle.checking import Case, Contract, Undecided
from kettle.checking.causes.elementwise import Elements
from kettle.checking.equivalence import Told
from kettle.checking.equivalence.difference import alike
from kettle.probes.ratio import compare, far_from
from kettle.probes.work import work

from .world import Code, shelves

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


def of(name, *given, **options):
    """Return a case in which another one of the functions is called, and leaves its arguments alone."""

    def call(_, w):
        mine = deepcopy(given)
        answer = w.names[name](*mine)
        if not alike(given, mine):
            raise Told(exercise.say("arguments", name=name))
        return answer

    return Case(call=call, **options)


def sorted_codes(used_twice, w):
    """Find the codes, whatever their order."""
    return sorted(used_twice(list(CODES)))


exercise = Contract(
    "used_twice",
    cases={
        "`used_twice` is called with codes that come again and again": Case(call=sorted_codes, why="twice"),
        "`used_twice` is called without codes": Case([]),
        "`seal` is called with 499,500 bytes": of("seal", TAPE * 500, why="seal"),
        "`seal` is called with an empty tape": of("seal", b""),
        "`worth` is called": of("worth", *shelves(50)),
        "`worth` is called with empty shelves": of("worth", *shelves(0)),
        "`fingerprint` is called": of("fingerprint", TAPE),
        "`balances` is called": of("balances", PAID, 90),
    },
)


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


exercise.further("order", {"`used_twice` is called": Case(CODES, again=True, why={"order": "order"})})


@exercise.cause
def one_call(seal):
    """Count what Python does for each byte of a tape."""
    steps = work(seal, bytes(40_000)).instructions - work(seal, b"abc").instructions
    assert steps < 1_000, exercise.say("pieces", n=steps)


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

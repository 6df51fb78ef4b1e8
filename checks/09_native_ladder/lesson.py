"""The native ladder: native code is called once per item, and each call costs more than its work."""

import sys
from collections import Counter
from contextlib import contextmanager

import numpy as np

from kettle.checking import Case, Contract
from kettle.checking.causes.elementwise import Elementwise
from kettle.checking.equivalence import Told
from kettle.probes.memory import peak_bytes
from kettle.probes.work import growth

from .world import night

BYTES = 700  # more for each further bound, on 1,000 lines: a table of all with all takes a byte for each


def ask(discounts, w, tape, bounds, permille):
    """Give discounts, by today's contract."""
    more = getattr(w, "more", 0)
    return discounts(tape, bounds - 70 * more, permille + more)


def better(w):
    """Let the contract become better."""
    w.more = 7


def torn(discounts, w):
    """Tell whether a tape that is cut off is an error."""
    tape, *contract = night(20)
    try:
        discounts(tape[:-1], *contract)
    except Exception:  # noqa: BLE001 - whichever function raises it
        return "an error"
    raise Told(lesson.say("torn"))


def why_off(off):
    """Say what the discounts that are off have in common."""
    if off.kind in ("type", "count", "order"):
        return lesson.say(off.kind)
    if off.whole is None:
        return None
    expected, given = (part.astype(float) for part in off.whole)
    miss = np.abs(given - expected)[given != expected]
    return lesson.say("penny" if (miss == 1).all() else "several", n=len(miss), of=len(expected))


def line(path):
    """Name a discount."""
    return f"the discount of line {path[0] + 1}" if path and isinstance(path[0], int) else "the answer"


lesson = Contract(
    "discounts",
    call=ask,
    noun=line,
    why=why_off,
    cases={
        "491 lines are on the tape": Case(*night(491)),
        "the contract changes between two tapes": Case(*night(491), between=better),
        "amounts have exactly reached a bound": Case(*night(60, pence="bounds"), why="side"),
        "amounts are as large as four bytes can hold": Case(*night(20, pence="large"), why="large"),
        "amounts are round": Case(*night(400, pence="round")),
        "the tape is empty": Case(*night(0)),
        "the last line of the tape is cut off": Case(call=torn),
    },
)


@lesson.cause
def one_crossing(discounts):
    """Count the calls of native code for each line, and name them."""
    few, many = (native_calls(discounts, night(n)) for n in (100, 400))
    each = {name: (many[name] - few[name]) / 300 for name in many}
    often = sorted(name for name, calls in each.items() if calls >= 0.5)
    names = ", ".join(f"`{name}`" for name in often)
    assert not often, lesson.say("crossings", n=sum(each[name] for name in often), names=names)


def native_calls(function, given):
    """Count calls of native code by name, but those of Python's own lists and built-in functions."""
    calls: Counter[str] = Counter()

    def note(frame, event, arg):
        if event == "c_call" and arg.__module__ != "builtins" and not isinstance(arg.__self__, list):
            calls[arg.__name__] += 1

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        function(*given)
    finally:
        sys.setprofile(before)
    return calls


lesson.cause(Elementwise(lambda n, rng: night(n, 20), "line"))


@lesson.cause
def no_scan(discounts):
    """See that neither Python nor a table meets each line with each bound."""
    grown = growth(lambda given: discounts(*given), (1_000, 3_000), lambda steps: night(1_000, steps))
    assert grown.per_item < 1, lesson.say("scan", n=grown.per_item)
    few, many = (peak_bytes(discounts, *night(1_000, steps)) for steps in (1_000, 3_000))
    each = (many - few) / 2_000
    assert each < BYTES, lesson.say("table", bytes=each)
    return lesson.say("searched")


@lesson.faster
@contextmanager
def five_thousand_lines():
    """Give discounts for 5,000 lines."""
    given = night(5_000)
    yield lambda discounts: discounts(*given)

"""Leaky handles: files and connections stay open after each order, until no more can be opened."""

from collections import Counter
from pathlib import Path

from kettle.checking import Case, Contract
from kettle.checking.equivalence import sentences
from kettle.checking.worlds import World
from kettle.probes.handles import handles

from .world import TIMES, WAYS, desk_of, earlier_label, left_behind, new_template, nights


def printed(print_label, w):
    """Print the order of the night."""
    return print_label(desk_of(w), dict(w.order))


def failing(print_label, w):
    """Print it, and tell whether that fails."""
    try:
        return printed(print_label, w)
    except Exception:  # noqa: BLE001 - what it is may change with the client
        return "it raised"


def fails(when):
    """Return a case in which the order cannot be printed, and was printed before."""

    def prepare(w):
        earlier_label(w)
        WAYS[when](w)

    return Case(call=failing, prepare=prepare, why={"seen": afterwards("spool")})


def afterwards(key):
    """Return what says how the spool or the log book is not as it should be."""

    def said(found):
        why = lesson.say("book" if found.path[0] == "log book" else key)
        return sentences.told(found, why=why)

    return said


lesson = Contract(
    "print_label",
    world=World(("rng",), nights),
    call=printed,
    observe=left_behind,
    why={"seen": afterwards("label")},
    cases={
        "the courier's price changes between two labels": Case(between=lambda w: w.shop.revise()),
        "the template changes between two labels": Case(
            between=lambda w: new_template(w, "new: {name} {price}"), why={"seen": afterwards("fresh")}
        ),
        "nobody delivers": Case(prepare=WAYS["nobody delivers"], why={"seen": afterwards("spool")}),
        "the quote fails": fails("the quote fails"),
        "the template asks for what the order lacks": fails("the template asks for what the order lacks"),
    },
)


@lesson.cause
def every_way_out_closes(print_label, equivalence, rng):
    """Take each way out, keep its exceptions as a report does, and count what is open afterwards."""
    world = nights(rng)
    with world() as w:  # what a library opens once, at its first use, is no leak
        w.names = equivalence.names
        printed(print_label, w)
    for when, lead in WAYS.items():
        with world() as w:
            w.names, errors = equivalence.names, []
            lead(w)
            with handles() as found:
                for _ in range(TIMES):
                    try:
                        printed(print_label, w)
                    except Exception as error:  # noqa: BLE001 - any way out
                        errors.append(error)
                listed = len(w.desk.opened) - 1
            left = found.opened_left
            why = lesson.say(what_keeps(left, listed, errors, equivalence.names))
            said = {"when": when, "times": TIMES}
            assert not left, lesson.say("left", n=len(left), what=named(left), why=why, **said)
            assert not found.warnings, lesson.say("by_python", warning=found.warnings[0], **said)
            assert listed <= 0, lesson.say("listed", n=listed, **said)
    return lesson.say("nothing_left", ways=len(WAYS), times=TIMES)


def named(left):
    """Say what is still open."""
    kinds = Counter(Path(each.what).name if each.kind == "file" else each.kind for each in left)
    return ", ".join(f"{number} × {kind}" for kind, number in sorted(kinds.items()))


def what_keeps(left, listed, errors, names):
    """Name what still refers to what is open: the key of a sentence."""
    if listed > 0:
        return "kept_by_desk"
    if 0 < len(left) < TIMES:
        return "kept_for_later"
    if errors:
        return "kept_by_requests" if "requests" in names else "kept_by_error"
    return "way_out"

"""The same answer again: the answer depends on who is logged in, which no argument tells."""

from contextlib import contextmanager

from kettle.checking import Case, Contract
from kettle.probes.calls import count_calls
from kettle.probes.memory import unbounded_growth

LIMITS = {
    name: 1_000 * place + 7
    for place, name in enumerate(("ada", "ben", "chloe", "dev", "emre", "fay", "gus", "hana"), 1)
}
LOW, HIGH = "chloe", "gus"
BOTH = [(LOW, LIMITS[LOW]), (HIGH, LIMITS[HIGH] - 1), (HIGH, LIMITS[HIGH])]


def ask(may_refund, w, *questions):
    """Let clerks ask in turn about amounts."""
    found = []
    for name, pence in questions:
        w.names["till"].clerk = name
        found.append(may_refund(pence))
    return found


def shift_begins(w):
    """Let the directory answer at once, with everybody's limit."""
    quick(w.names["directory"])


def ivy_begins(w):
    """Let a clerk who was not there before begin, too."""
    shift_begins(w)
    w.names["directory"].change("ivy", 700)


def quick(directory):
    """Set everybody's limit, and let the directory answer at once."""
    directory.seconds = 0.0
    for name, limit in LIMITS.items():
        directory.change(name, limit)


def change(limit):
    """Return what changes the limit of one clerk."""
    return lambda w: w.names["directory"].change(HIGH, limit)


exercise = Contract(
    "may_refund",
    call=ask,
    cases={
        "two clerks ask about the same amount": Case(
            (LOW, 5_000), (HIGH, 5_000), prepare=shift_begins, why="whose"
        ),
        "a limit is lowered": Case(*BOTH, prepare=shift_begins, between=change(3_500), why="changed"),
        "a new clerk is given a limit": Case(("ivy", 700), prepare=ivy_begins),
        "a clerk who is not in the directory asks": Case(
            ("nobody", 100), prepare=shift_begins, raises=KeyError
        ),
    },
)


def ask_all(may_refund, till, names, amounts):
    """Let each clerk ask about each amount, in turn."""
    for pence in amounts:
        for name in names:
            till.clerk = name
            may_refund(pence)


@exercise.cause
def few_questions(may_refund, till, directory, rng):
    """Count what the directory is asked, through its door and for what is known."""
    names, amounts = rng.sample(directory.staff, len(directory.staff)), rng.sample(range(100, 9_000), 6)
    quick(directory)
    with count_calls(type(directory), "limit") as asked:
        ask_all(may_refund, till, names[:1], amounts[:1])
    assert asked.count, exercise.say("private")
    for limit in (*range(200), 0):  # what is full by now has to make room, and 0 is a limit, too
        directory.change(names[0], limit)
        ask_all(may_refund, till, names, amounts[:1])
    for clerks, pages, why in (
        (names[:1], amounts[:1] * 4, "again"),
        (names[:1], amounts, "amount"),
        (names, amounts, "turns"),
    ):
        for _ in range(2):  # what is emptied when it is full may be emptied in between
            ask_all(may_refund, till, clerks, pages[:1])
        with count_calls(type(directory), "limit") as asked:
            ask_all(may_refund, till, clerks, pages)
        assert asked.count == 0, exercise.say(why, n=asked.count, of=len(clerks) * len(pages))
    return exercise.say("known", n=len(amounts) * len(names))


@exercise.cause
def bounded(may_refund, till, directory):
    """Watch the memory while new amounts are asked for and limits change."""

    def amounts(step, count=1_000):
        for turn in range(count):
            ask_all(may_refund, till, directory.staff[turn % 8 :][:1], [1_000_000 * (step + 1) + turn])
        return count

    def changes(step):
        count = 100 - step % 2 * 33  # what is emptied when full may grow a little in a step
        for turn in range(count):
            directory.change("ada", 500)
            ask_all(may_refund, till, directory.staff, [400 + turn % 7])
        return count

    for feed, what in ((amounts, "amount"), (changes, "change of a limit")):
        quick(directory)
        growth = unbounded_growth(feed)
        assert growth is None, exercise.say("grows", what=what, bytes=growth.per_item, n=sum(growth.counts))


@exercise.faster
@contextmanager
def one_page(till, directory):
    """Make the pages of two clerks, with a directory that takes a millisecond."""
    quick(directory)
    directory.seconds = 0.001
    yield lambda may: ask_all(may, till, ("ada", "dev"), range(100, 9_000, 900))

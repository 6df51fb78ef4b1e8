"""The same answer again: the answer depends on who is logged in, which no argument tells."""

from contextlib import contextmanager

from kettle.checking import Case, Contract
from kettle.probes.calls import count_calls
from kettle.probes.memory import unbounded_growth

LIMITS = {"chloe": 3_000, "gus": 7_000, "ivy": 700}  # ivy has come later: she is not among the `staff`
AMOUNTS = range(100, 700, 100)


def ask(may_refund, till, names, amounts):
    """Let each clerk ask about each amount, in turn."""
    answers = []
    for pence in amounts:
        for name in names:
            till.clerk = name
            answers.append(may_refund(pence))
    return answers


def shift_begins(w):
    """Set the limits, and let the directory answer at once."""
    directory = w.names["directory"]
    directory.seconds = 0.0
    for name, limit in LIMITS.items():
        directory.change(name, limit)


exercise = Contract(
    "may_refund",
    call=lambda may_refund, w, names, amounts: ask(may_refund, w.names["till"], names, amounts),
    cases={
        "two clerks ask about the same amount": Case(
            ["chloe", "gus"], [5_000], prepare=shift_begins, why="whose"
        ),
        "a limit is lowered": Case(
            ["chloe", "gus"],
            [3_000, 7_000],
            prepare=shift_begins,
            between=lambda w: w.names["directory"].change("gus", 3_500),
            why="changed",
        ),
        "a new clerk is given a limit": Case(["ivy"], [700], prepare=shift_begins),
        "a clerk who is not in the directory asks": Case(
            ["nobody"], [100], prepare=shift_begins, raises=KeyError
        ),
    },
)


@exercise.cause
def few_questions(may_refund, till, directory):
    """Count what the directory is asked, through its door and for what is known."""
    directory.seconds, staff = 0.0, directory.staff
    with count_calls(type(directory), "limit") as asked:
        for limit in (*range(200), 0):  # what is full by now has to make room, and 0 is a limit, too
            directory.change("ada", limit)
            ask(may_refund, till, ["ada"], [100])
    assert asked.count, exercise.say("private")
    for clerks, amounts, why in (
        (["ada"], [100] * 4, "again"),
        (["ada"], AMOUNTS, "amount"),
        (staff, AMOUNTS, "turns"),
    ):
        for _ in range(2):  # what is emptied when it is full may be emptied in between
            ask(may_refund, till, clerks, [100])
        with count_calls(type(directory), "limit") as asked:
            ask(may_refund, till, clerks, amounts)
        assert asked.count == 0, exercise.say(why, n=asked.count, of=len(clerks) * len(amounts))
    return exercise.say("known", n=len(staff) * len(AMOUNTS))


@exercise.cause
def bounded(may_refund, till, directory):
    """Watch the memory while new amounts are asked for and limits change."""
    directory.seconds = 0.0

    def new_amounts(step):
        ask(may_refund, till, ["dev"], range(1_000 * step, 1_000 * step + 1_000))
        return 1_000

    def changes(step):
        count = 100 - step % 2 * 33  # what is emptied when full may grow a little in a step
        for _ in range(count):
            directory.change("ada", 500)
            ask(may_refund, till, directory.staff, [400])
        return count

    for feed, what in ((new_amounts, "amount"), (changes, "change of a limit")):
        growth = unbounded_growth(feed)
        assert growth is None, exercise.say("grows", what=what, bytes=growth.per_item, n=sum(growth.counts))


@exercise.faster
@contextmanager
def one_page(till, directory):
    """Make the pages of two clerks, with a directory that takes a millisecond."""
    directory.seconds = 0.001
    yield lambda may_refund: ask(may_refund, till, ("ada", "dev"), range(100, 9_000, 900))

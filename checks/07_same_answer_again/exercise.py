"""The same answer again: a pure result is worked out anew for each caller, or remembered where it must not be."""

from unittest.mock import patch

from kettle.checking.equivalence import Situation, twice
from kettle.probes.calls import count_calls
from kettle.probes.memory import unbounded_growth


def check_same_answers(may_refund, same, rng):
    """Each clerk is told what the directory says about that clerk, now."""
    (low, _), (high, limit) = LIMITS[2], LIMITS[6]
    between = rng.randrange(LIMITS[2][1] + 1, limit, 2)

    def to(limit):
        return lambda w: w.names["directory"].change(high, limit)

    def leaves(w):
        w.names["directory"].change(high, limit)  # the version goes up
        del w.names["directory"]._limits[low]

    def joins(f, w):
        w.names["till"].clerk = "zoe"
        try:
            f(100)
        except KeyError:
            w.names["directory"].change("zoe", 500)
            return [f(100), f(501)]
        raise LookupError("zoe was not in the directory")

    def alike_in_text(f, w):
        directory, name = w.names["directory"], f"{low}1"
        directory.change(name, 10)
        later = int(f"1{directory.version}")  # then their names and versions, run together, are one text
        _ask((name, 10))(f, w)
        while directory.version < later:
            directory.change(name, 10)
        return _ask((low, 11))(f, w)

    every = [(name, pence + more) for name, pence in LIMITS for more in (-1, 0, 1)]
    mine = (low, between), (high, limit - 1), (high, limit)
    situations = (
        Situation("every clerk asks about amounts near the limit", _ask(*every), _shift_begins, why=WHOSE),
        Situation(
            "two clerks ask about the same amount",
            _ask((low, between), (high, between)),
            _shift_begins,
            why=WHOSE,
        ),
        Situation(
            "the other one asks first",
            _ask((high, between - 1), (low, between - 1)),
            _shift_begins,
            why=WHOSE,
        ),
        Situation("a limit is lowered", _ask(*mine), _shift_begins, to(limit // 2), why=NOTICED),
        Situation("a limit is raised", _ask((high, limit + 9)), _shift_begins, to(limit + 10), why=NOTICED),
        Situation("a limit is taken away", _ask(*mine, (high, 0)), _shift_begins, to(0), why=NOTICED),
        Situation(
            "a limit is lowered while the directory is being asked for it",
            _meanwhile(to(20), (high, limit)),
            _shift_begins,
            why="When was the version read under which that answer is kept?",
        ),
        Situation(
            "one clerk is taken out of the directory and another asks",
            _ask((high, limit)),
            _shift_begins,
            leaves,
            why={"error": "Whose limit does this question need?"},
        ),
        Situation(
            "the name of one clerk is the other's with a 1 behind it", alike_in_text, _shift_begins, why=WHOSE
        ),
        Situation(
            "somebody who is not in the directory asks twice",
            twice(_ask(("nobody", 100))),
            _shift_begins,
            raises=KeyError,
        ),
        Situation(
            "a known name is written in capitals", _ask((high, 100), (high.upper(), 100)), _shift_begins
        ),
        Situation("somebody asks before and after joining", joins, _shift_begins),
    )
    same(may_refund, None, situations)


def check_asks_the_directory(may_refund, till, directory):
    """What the directory is there to tell, the directory is asked for."""
    _shift_begins(_World({"till": till, "directory": directory}))
    with count_calls(type(directory), "limit") as asked:
        till.clerk = "fay"
        may_refund(100)
    assert asked.count, (
        "After a change, the directory was not asked a single question: your code reads what the directory keeps "
        "for itself. Another directory may keep it elsewhere; what it promises is `limit(name)`."
    )


def check_few_questions(may_refund, till, directory, rng):
    """The directory is not asked again for what it has answered."""
    names, amounts = rng.sample(directory.staff, len(directory.staff)), rng.sample(range(100, 9_000), 6)
    _shift_begins(_World({"till": till, "directory": directory}))
    for limit in (*range(200), 0):  # what is full by now has to make room, and a limit of 0 is one, too
        directory.change(names[0], limit)
        _ask_all(may_refund, till, names, amounts[:1])
    told = (
        (names[:1], amounts[:1] * 4, "with one clerk and one amount asked the directory again for what it had "
         "answered: {}. Which of them was new?"),
        (names[:1], amounts, "of a clerk whose limit was known made {} to the directory, one for each amount that "
         "was new: the amount is in the key. Does the limit depend on it?"),
        (names, amounts, f"of {len(names)} clerks whose limits were known made {{}} to the directory: when clerks take turns, "
         "one is forgotten for the next. How many have to be kept?"),
    )  # fmt: skip
    for clerks, pages, words in told:
        for _ in range(2):  # what is emptied when it is full may be emptied in between
            _ask_all(may_refund, till, clerks, pages[:1])
        with count_calls(type(directory), "limit") as asked:
            _ask_all(may_refund, till, clerks, pages)
        asking = len(clerks) * len(pages)
        assert asked.count == 0, f"{asking} questions {words.format(f'{asked.count} calls')}"
    return f"{len(amounts)} more questions of each of {len(names)} clerks asked the directory nothing that was known."


def check_memory(may_refund, till, directory):
    """What is remembered does not grow for ever."""
    staff = directory.staff

    def amounts(step, count=1_000):
        for turn in range(count):
            _ask_all(may_refund, till, [staff[turn % len(staff)]], [1_000_000 * (step + 1) + turn])
        return count

    def versions(step):
        count = 100 - step % 2 * 33  # as in the lesson
        for turn in range(count):
            directory.change(staff[0], 500)
            _ask_all(may_refund, till, staff, [400 + turn % 7])
        return count

    for feed, of_what in ((amounts, "amount that is asked for"), (versions, "change of a limit")):
        _shift_begins(_World({"till": till, "directory": directory}))
        growth = unbounded_growth(feed)
        assert growth is None, (
            f"Each new {of_what} leaves {growth.per_item:,.0f} bytes behind, and nothing was thrown out after "
            f"{sum(growth.counts):,} of them. What bounds it?"
        )


LIMITS = [(name, 1_000 * place + 7) for place, name in enumerate(
    ("ada", "ben", "chloe", "dev", "emre", "fay", "gus", "hana"), 1
)]  # fmt: skip


WHOSE = "That is right for one of them only: what besides the amount does the answer depend on?"


NOTICED = "The old limit was remembered: how can your code notice a change?"


class _World:
    def __init__(self, names):
        self.names = names


def _shift_begins(w):
    """The directory answers at once, and everybody's limit is set anew."""
    w.names["directory"].seconds = 0.0
    for name, limit in LIMITS:
        w.names["directory"].change(name, limit)


def _ask(*questions):
    def call(f, w):
        answers = []
        for name, pence in questions:
            w.names["till"].clerk = name
            answers.append(f(pence))
        return answers

    return call


def _meanwhile(happens, *questions):
    """Ask, and let something happen while the directory answers; then ask again."""

    def call(f, w):
        kind, to_come = type(w.names["directory"]), [happens]
        answer = kind.limit

        def answers_late(self, name):
            found = answer(self, name)
            while to_come:  # once: who asks until nothing changes any more is right
                to_come.pop()(w)
            return found

        with patch.object(kind, "limit", answers_late):
            _ask(*questions[:1])(f, w)
        while to_come:  # who does not ask is told so by another check
            to_come.pop()(w)
        return _ask(*questions)(f, w)

    return call


def _ask_all(may_refund, till, names, amounts):
    for pence in amounts:
        for name in names:
            till.clerk = name
            may_refund(pence)

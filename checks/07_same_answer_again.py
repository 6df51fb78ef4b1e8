"""The same answer again: a pure result is computed again for each caller, or cached where it must not be."""

import sys
from contextlib import suppress
from datetime import date, timedelta
from unittest.mock import patch

from kettle.checking import DOES_NOT_HOLD, PARTLY, Claim, Question, Undecided
from kettle.checking.same import Situation, twice
from kettle.probes.calls import count_calls
from kettle.probes.memory import peak_bytes, unbounded_growth
from kettle.probes.ratio import compare
from kettle.probes.work import work

MISTAKE = "does the same work again"
EXERCISE_MISTAKE = "asked the directory again for what it had answered"
GONE = "The walks are gone: a district that was seen before costs next to nothing, and every label is fresh."
EXERCISE_GONE = "The repeated questions are gone: the directory is asked once for each clerk and each change."

HINTS = (
    "Look at the bars: `rings_out` was called once for each parcel. How many of these calls asked something new?",
    "A *pure* result may be remembered: it depends on its arguments and on nothing else. "
    "The rings are pure; the price and the day are not, and the dictionary is written into.",
    "`@functools.lru_cache(maxsize=…)` above one function remembers its answers by its arguments. "
    "Which function, and how many different arguments does it get? Or is there a formula with `math.isqrt`?",
    "Leave `label` as it is, and write `@functools.lru_cache(maxsize=64)` above `def rings_out`: "
    "40 districts, so 64 places are enough.",
)

EXERCISE_HINTS = (
    "Look at the bars: what does the directory get asked, and which of these questions were new?",
    "The answer depends on the amount, on who is logged in and on the directory's version. "
    "Which of these does the slow part depend on? Those make the key.",
    "A function of your own can ask the directory, with all that the slow part depends on among its arguments. "
    "That one may be remembered, within a bound.",
    "`@functools.lru_cache(maxsize=64)` above `def limit_of(name: str, version: int) -> int`, which returns "
    "`directory.limit(name)`; and in `may_refund`: `limit_of(till.clerk, directory.version)`.",
)

RECALL = (
    Question(
        "`price(item)` reads the item's price from a table that somebody may change. What does a cache need?",
        ("A larger maxsize", "The table's version in its key, or to be emptied on change", "A lock"),
        1,
        "The table is an input that is not in the brackets; a cache that does not know it outlives the change.",
    ),
    Question(
        "Forty keys take turns, one after another, through an `lru_cache(maxsize=39)`. How many are found again?",
        ("39 of 40", "About half", "None"),
        2,
        "Each key is thrown out just before its turn comes again. A cache needs room for all that take turns.",
    ),
    Question(
        "Two callers get the same list out of a cache, and one sorts it. What does the other see?",
        ("The sorted list", "Its own, unsorted list", "An error"),
        0,
        "A cache hands out the object, not a copy. Remember frozen things, or return a new one each time.",
    ),
)

GUESS = Question(
    "A function reads today's date, and its answers are remembered by its arguments. When is it wrong?",
    ("Never", "From midnight on", "When memory is full"),
    1,
    "The date is an input that is not among the arguments, and the cache does not know of it.",
)

CLAIMS = (
    Claim(
        name="default_size",
        said="lru_cache(maxsize=128) is a good default.",
        truth=PARTLY,
        why="It is the default. What it should be depends on how many keys take turns: one place too few can be as "
        "bad as no cache at all.",
        ids=("S1.14",),
    ),
    Claim(
        name="near_instant",
        said="With a cache, repeated calls are near-instant.",
        truth=PARTLY,
        why="A hit is. The first call takes as long as ever, and so does each call after its entry was thrown out.",
        ids=("S1.20", "S1.15"),
    ),
    Claim(
        name="formula",
        said="For sum(range(n)), a cache is the way to make it instant.",
        truth=DOES_NOT_HOLD,
        why="So does its formula, n · (n − 1) / 2: the first time, too, and without anything to keep.",
        ids=("S1.13",),
    ),
    Claim(
        name="once",
        said="A cache sees to it that each answer is computed once.",
        truth=DOES_NOT_HOLD,
        why="Not among threads: those that ask before the first answer is there all compute.",
        ids=("S3.56",),
    ),
)

EXCUSED = {
    "arguments": "A label is asked for with a text, which nobody can change.",
}
EXERCISE_EXCUSED = {
    "arguments": "What is asked about is a number, which nobody can change.",
    "sharing": "The answer is True or False, which nobody can change.",
    "order": "The answer is True or False, and has no order.",
}

SHARE = 0.05  # of one walk's instructions: an answer that is at hand costs far less, half a walk far more
TEXTS = 2_000  # new postcodes a step
CAP = 60_000  # entries of a stated size that are filled before memory is looked at
ROOM = 16_000  # bytes that a label may need for a moment; it is made of three small things
MONDAY = date(2027, 1, 4)
PRICE = "What does a price depend on besides the postcode?"
DAY = "What does a clock's answer depend on, and when is it asked?"


def check_same_labels(label, squares, same, rng):
    """A label says what it said before: to whoever asks, after a change of prices, after midnight."""
    districts = rng.sample(list(squares), len(squares))
    typed = [_typed(district, rng) for district in districts]
    far = _typed(rng.choice(_far(squares)), rng)

    def every(f, w):
        sheets = [f(text) for text in typed]
        found = [dict(sheet) if isinstance(sheet, dict) else sheet for sheet in sheets]
        for sheet in sheets:
            if isinstance(sheet, dict):
                sheet.update(parcel=4711, rings=-1)  # into the first label of each district
        return found

    def one(f, w, postcode=far):
        sheet = f(postcode)
        sheet["parcel"] = 4711  # as the label run does
        return sheet

    def changed(**prices):
        return lambda w: vars(w.names["tariff"]).update(prices)

    def at_midnight(days):
        return lambda w: setattr(w.names["clock"], "day", MONDAY + timedelta(days=days))

    situations = (
        Situation(
            "postcodes of all districts are typed",
            every,
            _opened,
            why={"swapped": "Which district does your code read from the text?"},
        ),
        Situation("a label is asked for again", one, _opened, again=True),
        Situation("Priya changes the base price", one, _opened, changed(base=377), why={"pence": PRICE}),
        Situation(
            "Priya changes the price per kilometre", one, _opened, changed(per_km=8), why={"pence": PRICE}
        ),
        Situation("midnight comes, and it is Saturday", one, _opened, at_midnight(5), why={"pence": DAY}),
        Situation("a Saturday is over", one, _saturday, at_midnight(6), why={"pence": DAY}),
        Situation("the surcharge changes on a Saturday", one, _saturday, changed(saturday=333), why=PRICE),
        Situation("a tab stands in a postcode", lambda f, w: f("kc1\t4al"), _opened),
        Situation(
            "a district that does not exist is asked for twice", twice(lambda f, w: f("ZZ9 1AA")), _opened
        ),
        *(
            Situation(
                "a district has another letter behind its name", lambda f, w, d=d: f(f"{d}X 1AA"), _opened
            )
            for d in districts[:3]
        ),
        Situation("nothing was typed, twice", twice(lambda f, w: f(" ")), _opened),
    )
    same(label, None, situations)


def check_known_districts_cost_little(label, squares, same, rng):
    """A district that was seen before is not worked out again."""
    far, near = _far(squares), min(squares, key=squares.get)
    walks = [_walk(same, squares[district]) for district in far]
    limit = SHARE * min(walks)
    _one_district_again(label, rng.choice(far), limit, rng)
    order, most = rng.sample(list(squares), len(squares)), 0
    for district in order:
        label(_typed(district, rng))
    runs = {district: work(label, _typed(district, rng)) for district in order}
    again = [district for district, run in runs.items() if _worked(run, limit)]
    assert not again, (
        f"A district is remembered only until others come: when all {len(order)} take turns, {len(again)} "
        f"are worked out again each time; {_room(label, [*far, near], limit, rng)}. How many places are needed?"
    )
    most = max(run.instructions for run in runs.values())
    walk = sum(walks) / len(walks)
    return f"A parcel to a known district costs at most {most:,} instructions; as merged, it was {walk:,.0f}."


def check_no_walk_in_c(label, squares, same, rng):
    """Nor is it worked out again where Python's instructions do not show it."""
    district = max(squares, key=squares.get)
    postcodes = [_typed(district, rng) for _ in range(20)]
    label(postcodes[0])
    room = peak_bytes(label, postcodes[1])
    assert room < ROOM, (
        f"A label for a known district fills {room / 1000:,.0f} kB with something and drops it again: "
        "C code lays all of it out anew for each label. What could be made once?"
    )
    ratio = compare(
        lambda: [same.merged.rings_out(squares[district]) for _ in postcodes[:2]],
        lambda: [label(postcode) for postcode in postcodes],
        clock="cpu",
        at_least=1,
    )
    times = 10 * ratio.best_ratio
    if 8 <= times < 12:
        raise Undecided("It could not be told whether a known district is worked out again in C code.")
    assert times >= 12, (
        f"Few instructions of Python, and still a label for a known district takes 1/{max(times, 1):.0f} of the "
        "processor time of a whole walk. What does C code do again for each label?"
    )


def check_memory_is_bounded(label, tariff, clock, squares, rng):
    """What is remembered does not grow for ever."""
    near = min(squares, key=squares.get)  # its walk is so short that it can be made thousands of times
    stated = _stated_size(label)

    def new_texts(count):
        for _ in range(count):
            label(_typed(near, rng))
        return count

    def mistyped(count):
        for _ in range(count):
            with suppress(KeyError):
                label(_typed(f"ZZ{rng.getrandbits(32)}", rng))
        return count

    def new_days(count):
        for _ in range(count):
            clock.day += timedelta(days=1)
            tariff.base += 1
            label(f"{near} 1AA")
        return count

    # What is stated is filled in the first step: the probe has to see it come in order to see it go.
    for feed, count, what in (
        (new_texts, TEXTS, "postcode that was not typed before"),
        (new_days, 1_000, "day"),
        (mistyped, 1_000, "district that does not exist"),
    ):
        growth = unbounded_growth(
            lambda step, feed=feed, count=count: feed(
                count - step % 2 * count // 3 if step else min(stated, CAP) + count
            )  # in turn more and fewer: else what is emptied when full may grow a little in each step
        )
        assert stated > CAP or growth is None, (
            f"Each {what} leaves {growth.per_item:,.0f} bytes behind, and nothing was thrown out after "
            f"{sum(growth.counts):,} of them. What is the key, and what bounds it?"
        )


def interest_how_much_faster(as_merged, label, squares, rng):
    """How much faster one label is here."""
    postcodes = [_typed(district, rng) for district in list(squares)[:10]]
    ratio = compare(
        lambda: [as_merged(postcode) for postcode in postcodes],
        lambda: [label(postcode) for postcode in postcodes],
        repeat=5,
        most=5,
    )
    return f"Here, your label is {ratio}, for districts that are known."


# --- the exercise: an answer that depends on what is not among the arguments


def check_exercise_same_answers(may_refund, same, rng):
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


def check_exercise_asks_the_directory(may_refund, till, directory):
    """What the directory is there to tell, the directory is asked for."""
    _shift_begins(_World({"till": till, "directory": directory}))
    with count_calls(type(directory), "limit") as asked:
        till.clerk = "fay"
        may_refund(100)
    assert asked.count, (
        "After a change, the directory was not asked a single question: your code reads what the directory keeps "
        "for itself. Another directory may keep it elsewhere; what it promises is `limit(name)`."
    )


def check_exercise_few_questions(may_refund, till, directory, rng):
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


def check_exercise_memory(may_refund, till, directory):
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


# --- what the checks share

LIMITS = [(name, 1_000 * place + 7) for place, name in enumerate(
    ("ada", "ben", "chloe", "dev", "emre", "fay", "gus", "hana"), 1
)]  # fmt: skip
WHOSE = "That is right for one of them only: what besides the amount does the answer depend on?"
NOTICED = "The old limit was remembered: how can your code notice a change?"


class _World:
    def __init__(self, names):
        self.names = names


def _opened(w):
    """A Friday, with the usual prices."""
    vars(w.names["tariff"]).update(base=290, per_km=3, saturday=150)
    w.names["clock"].day = MONDAY + timedelta(days=4)


def _saturday(w):
    _opened(w)
    w.names["clock"].day = MONDAY + timedelta(days=5)


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


def _typed(district, rng):
    """A postcode as customers type it; new nearly every time."""
    bits = rng.getrandbits(32)  # all at once: thousands are typed while memory is watched
    text = f"{' ' * (bits & 1)}{district} {' ' * (bits >> 1 & 1)}{bits >> 4:07X}"
    return text.lower() if bits & 12 == 12 else text


def _walk(same, square):
    """Instructions of a whole walk to a square, on this version of Python."""
    few, many = (work(same.merged.rings_out, side**2).instructions for side in (81, 481))
    return (many - few) / 200 * square**0.5 / 2


def _worked(run, limit):
    return run.instructions > limit or run.processes or run.sent_away


def _far(squares):
    return [district for district, square in squares.items() if square > 1_000_000]


def _one_district_again(label, district, limit, rng):
    postcode = _typed(district, rng)
    label(postcode)
    again, new = work(label, postcode), work(label, _typed(district, rng))
    assert not (again.processes or again.sent_away), (
        f"The second parcel to {district} is worked out again in another process: "
        "the same work elsewhere. What is already known?"
    )
    where = f", in {again.threads} other thread{'s' * (again.threads > 1)}" if again.threads else ""
    assert not _worked(again, limit), (
        f"The second parcel to {district} does the same work again: {again.instructions:,} instructions{where}, "
        "for an answer that was known. Is it kept, and does what keeps it live until the next parcel?"
    )
    assert not _worked(new, limit), (
        f"The same postcode costs {again.instructions:,} instructions the second time, another postcode of "
        f"{district} {new.instructions:,}: the key is the text as typed, which hardly ever comes again. What do the rings depend on?"
    )


def _room(label, order, limit, rng):
    """Say after how many other districts one is forgotten."""
    for others in (1, 2, 4, 8, 16, 32, len(order) - 1):
        for district in order[: others + 1]:
            label(_typed(district, rng))
        if _worked(work(label, _typed(order[0], rng)), limit):
            return f"after {others} other{'s' * (others > 1)} the first is forgotten"
    return "not always the same ones"


def _stated_size(function):
    """The largest stated size among the caches of functools in the learner's namespace."""
    space = getattr(function, "__globals__", None) or getattr(sys.modules.get("__main__"), "__dict__", {})
    caches = [value for value in list(space.values()) if not isinstance(value, type)]
    sizes = (cache.cache_parameters()["maxsize"] for cache in caches if hasattr(cache, "cache_parameters"))
    return max((size or 0 for size in sizes), default=0)

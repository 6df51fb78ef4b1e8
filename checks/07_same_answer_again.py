"""The same answer again: a pure result is computed anew for each caller, or remembered where it must not be."""

import asyncio
import math
import sys
from contextlib import contextmanager
from datetime import date, timedelta

from kettle.checking import Question, Undecided
from kettle.probes.calls import count_calls
from kettle.probes.memory import peak_bytes, retained_growth
from kettle.probes.ratio import compare
from kettle.probes.work import work

MISTAKE = "does the same work again"
EXERCISE_MISTAKE = "asked the directory again for what it had answered"

HINTS = (
    "Look at the bars: `rings_out` was called once for each parcel. How many of these calls asked something new?",
    "A *pure* result may be remembered: it depends on its arguments and on nothing else. "
    "The rings are pure; the price and the day are not, and the dictionary is written into.",
    "`@functools.lru_cache(maxsize=…)` above one function remembers its answers by its arguments. "
    "Which function, and how many different arguments does it get? Or is there a formula with `math.isqrt`?",
    "Leave `label` as it is, `import functools`, and write `@functools.lru_cache(maxsize=64)` "
    "above `def rings_out`: 40 districts, so 64 places are enough.",
)

EXERCISE_HINTS = (
    "Look at the bars: what does the directory get asked, and which of these questions were new?",
    "The answer depends on the amount, on who is logged in and on the directory's version. "
    "Which of these does the slow part depend on? Those make the key.",
    "A dictionary of your own can hold what `lru_cache` cannot: the *result* of an await. "
    "What has to be in the key or the value, and what keeps it from growing with each new version?",
    "Keep `known[name] = (version, limit)`. If the version found there is `directory.version`, use the limit; "
    "else read the version, await `directory.limit(name)`, and store both. There are only as many names as staff.",
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

SHARE = 0.05  # of one walk's instructions: an answer that is at hand costs far less, half a walk far more
TEXTS = 2_000  # new postcodes a step
CAP = 60_000  # entries of a stated size that are filled before memory is looked at
ROOM = 16_000  # bytes that a label may need for a moment; it is made of three small things
BYTES = 8  # a key that is kept costs at least the eight bytes of a reference to it
STEPS = 14  # in which memory is looked at; the first half may fill what is bounded


def check_same_labels(label, tariff, clock, squares, rng):
    """The labels say what they said before."""
    for district in rng.sample(list(squares), len(squares)):
        postcode = _typed(district, rng)
        _same_label(postcode, _label(label, postcode), _expected(district, tariff, clock, squares))


def check_each_label_is_its_own(label, tariff, clock, squares, rng):
    """What is written into one label is not on another."""
    for district in rng.sample(list(squares), 3):
        postcode = _typed(district, rng)
        expected = _expected(district, tariff, clock, squares)
        first, second = _label(label, postcode), _label(label, postcode)
        try:
            first["parcel"], first["pence"] = 4711, first["pence"] - 100
        except (TypeError, AttributeError):
            raise AssertionError(
                f"The label is a {type(first).__name__} that cannot be written into, "
                "and the label run writes the parcel's number into it."
            ) from None
        assert first is not second and dict(second) == expected and dict(label(postcode)) == expected, (
            f"A voucher that was written into one label for {district} is on the next one too: "
            "both callers hold the same dictionary. What may be remembered, and what has to be made anew?"
        )


def check_price_change(label, tariff, clock, squares, rng):
    """A change of prices is on the next label."""
    with _restored(tariff, clock):
        for name in ("base", "per_km", "base"):
            district = rng.choice(_far(squares))  # near the depot, a kilometre's price makes no difference
            postcode = _typed(district, rng)
            before = _label(label, postcode)["pence"]
            setattr(tariff, name, getattr(tariff, name) + rng.randrange(10, 90))
            expected = _expected(district, tariff, clock, squares)
            after = _label(label, postcode)
            assert after["pence"] != before, (
                f"Priya changed the prices, and the label still says {before} pence instead of "
                f"{expected['pence']}: the old price was remembered. What does a price depend on "
                "besides the postcode?"
            )
            _same_label(postcode, after, expected)


def check_midnight(label, tariff, clock, squares, rng):
    """After midnight the label knows the new day."""
    monday = date(2027, 1, 4) + timedelta(weeks=rng.randrange(40))
    with _restored(tariff, clock):
        district = rng.choice(list(squares))
        postcode = _typed(district, rng)
        seen = {}
        for name, days in (("Friday", 4), ("Saturday", 5), ("Sunday", 6), ("Saturday", 12)):
            clock.day = monday + timedelta(days=days)
            expected = _expected(district, tariff, clock, squares)
            given = _label(label, postcode)
            stale = [day for day, pence in seen.items() if pence == given["pence"] != expected["pence"]]
            assert not stale, (
                f"{stale[-1]}'s price is on {name}'s label, {given['pence']} pence instead of "
                f"{expected['pence']}: the day was remembered. What does a clock's answer depend on?"
            )
            assert given["pence"] == expected["pence"], (
                f"The shop's clock says {name}, {clock.day}, and the label says {given['pence']} pence instead "
                f"of {expected['pence']}. Is the day read from `clock`, for each label?"
            )
            seen[name] = given["pence"]


def check_known_districts_cost_little(label, squares, rng):
    """A district that was seen before is not worked out again."""
    far = _far(squares)
    limit = SHARE * min(_walk(squares[district]) for district in far)
    _one_district_again(label, rng.choice(far), _nearest(squares), limit, rng)
    most = 0
    for _ in range(2):
        order = rng.sample(list(squares), len(squares))
        for district in order:
            label(_typed(district, rng))
        runs = {district: work(label, _typed(district, rng)) for district in order}
        again = [district for district, run in runs.items() if _worked(run, limit)]
        assert not again, (
            f"A district is remembered only until others come: when all {len(order)} take turns, {len(again)} "
            f"are worked out again each time; {_room(label, [*far, _nearest(squares)], limit, rng)}. How many places are needed?"
        )
        most = max(most, *(run.instructions for run in runs.values()))
    walk = sum(_walk(squares[district]) for district in far) / len(far)
    return f"A parcel to a known district costs at most {most:,} instructions; as merged, it was {walk:,.0f}."


def check_no_walk_in_c(label, squares, rng):
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
        lambda: [_rings_out(squares[district]) for _ in postcodes[:2]],
        lambda: [label(postcode) for postcode in postcodes],
        clock="cpu",
        at_least=1,
    )
    times = 10 * ratio.best_ratio
    if times >= 12:
        return
    if times >= 8:
        raise Undecided("It could not be told whether a known district is worked out again in C code.")
    raise AssertionError(
        f"Few instructions of Python, and still a label for a known district takes 1/{max(times, 1):.0f} of the "
        "processor time of a whole walk. What does C code do again for each label?"
    )


def check_memory_is_bounded(label, tariff, clock, squares, rng):
    """What is remembered does not grow for ever."""
    near = _nearest(squares)
    _bounded_in_texts(label, near, rng)

    def next_days(count):
        for _ in range(count):
            clock.day += timedelta(days=1)
            tariff.base += 1
            label(f"{near} 1AA")
        return count

    stated, days = _stated_size(label), 1_000
    with _restored(tariff, clock):
        # What is stated is filled in the first step: the probe has to see it come in order to see it go.
        growth = _growth(lambda step: next_days(days if step else min(stated, CAP) + days))
    assert stated > CAP or _rests(growth), (
        f"Each day with new prices leaves {growth.per_item:,.0f} bytes behind for one district, "
        f"and nothing was thrown out in {sum(growth.counts):,} days. What bounds it?"
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
#
# The first three checks ask for amounts of their own, each with another remainder of 4: an answer that was
# remembered in one of them for another clerk would be found in the next, which could not say whose it was.


async def check_exercise_same_answers(may_refund, clerk, directory, rng):
    """Each clerk is told what the directory says."""
    with _quick(directory):
        amounts = rng.sample(range(100, 9_000, 4), 3 * len(directory.staff))
        for turn, pence in enumerate(amounts):
            await _right(may_refund, clerk, directory, directory.staff[turn % len(directory.staff)], pence)


async def check_exercise_asked_twice(may_refund, clerk, directory, rng):
    """The same question can be asked a second time."""
    with _quick(directory):
        pence, name = rng.randrange(101, 9_000, 4), rng.choice(directory.staff)
        for _ in range(2):
            await _right(may_refund, clerk, directory, name, pence)


async def check_exercise_own_answer(may_refund, clerk, directory, rng, notes):
    """No clerk is told what another one may do."""
    with _quick(directory):
        for _ in range(3):
            low, high = sorted(rng.sample(directory.staff, 2), key=directory._limits.get)
            pence = rng.randrange(directory._limits[low] + 3, directory._limits[high], 4)
            pairs = [(low, high), (high, low)]
            for one, other in pairs:
                amount = pence if one == low else pence - 1
                for name in (one, other):
                    await _right(may_refund, clerk, directory, name, amount, other=one)
        # The only calls that wait for each other: a lock made in a cell serves the one loop it first waits in.
        directory.change(low, directory._limits[low])  # a new version, the same limits
        amounts = rng.sample(range(100, 9_000), 12)
        turns = [(directory.staff[turn % 4], pence) for turn, pence in enumerate(amounts)]
        with count_calls(type(directory), "limit") as asked:
            await asyncio.gather(*(_right(may_refund, clerk, directory, *turn) for turn in turns))
    if 4 < asked.count < 12:
        notes.append(f"12 pages of 4 clerks, opened at the same moment, made {asked.count} questions.")
    if asked.count == 12:
        notes.append(
            "When 12 pages of 4 clerks are opened at the same moment, 12 questions go to the directory: none "
            "of them waits for another's answer. Lesson 23 is about that."
        )


async def check_exercise_change(may_refund, clerk, directory, rng):
    """A limit that was changed holds at once."""
    with _quick(directory):
        for name in rng.sample(directory.staff, 3):
            limit = rng.randrange(2_000, 8_000)
            for new in (limit, 0, limit + 1_000):
                directory.change(name, new)
                for pence in (limit, limit + 500):
                    answer = await _asked(may_refund, clerk, name, pence)
                    assert bool(answer) == (pence <= new), (
                        f"The limit of {name} was changed to {new} pence, and {pence} pence are still "
                        f"{'allowed' if answer else 'refused'}: the old limit was remembered. "
                        "How can your code notice a change?"
                    )


async def check_exercise_few_questions(may_refund, clerk, directory, rng):
    """The directory is not asked again for what it has answered."""
    with _quick(directory):
        names, amounts = rng.sample(directory.staff, 3), rng.sample(range(100, 9_000), 6)
        directory.change(names[0], 1_234)  # nothing from earlier counts as known
        await _nothing_new(may_refund, clerk, directory, names[:1], amounts[:1] * 4, "the same amount")
        await _nothing_new(may_refund, clerk, directory, names[:1], amounts, "another amount")
        await _nothing_new(may_refund, clerk, directory, names, amounts, "clerks in turn")
    return f"{len(amounts)} more pages of {len(names)} clerks asked the directory nothing that was known."


def check_exercise_memory(may_refund, clerk, directory, rng):
    """What is remembered does not grow for ever."""
    staff = directory.staff

    async def amounts(step, count=1_000):
        for turn in range(count):
            await _asked(may_refund, clerk, staff[turn % len(staff)], 1_000_000 * (step + 1) + turn)
        return count

    async def versions(step, count=100):
        for turn in range(count):
            directory.change(staff[0], 500)
            for name in staff:
                await _asked(may_refund, clerk, name, 400 + turn % 7)
        return count

    for feed, of_what in ((amounts, "amount that is asked for"), (versions, "change of a limit")):
        with _quick(directory):
            growth = _growth(feed)
        assert _rests(growth), (
            f"Each new {of_what} leaves {growth.per_item:,.0f} bytes behind, and nothing was thrown out after "
            f"{sum(growth.counts):,} of them. What bounds it?"
        )


# --- what the checks of the lesson share


def _typed(district, rng):
    """A postcode as customers type it; new nearly every time."""
    bits = rng.getrandbits(32)  # all at once: thousands are typed while memory is watched
    text = f"{' ' * (bits & 1)}{district} {' ' * (bits >> 1 & 1)}{bits >> 4:07X}"
    return text.lower() if bits & 12 == 12 else text


def _expected(district, tariff, clock, squares):
    rings = (math.isqrt(squares[district] - 1) + 1) // 2
    return {"district": district, "rings": rings, "pence": type(tariff).price(tariff, rings, clock.day)}


def _label(label, postcode):
    given = label(postcode)
    assert hasattr(given, "keys"), f"The label is of type {type(given).__name__}, not a dictionary any more."
    assert "pence" in given, "The label has no `pence` any more."
    return given


def _same_label(postcode, given, expected):
    for part, value in expected.items():
        assert part in given, f"The label has no `{part}` any more."
        assert given[part] == value, (
            f"The label of {postcode!r} says {part}: {given[part]!r} and not {value!r}, as the merged code does."
        )
    more = [part for part in given if part not in expected]
    assert not more, f"The label of {postcode!r} has something more on it: `{more[0]}`."


@contextmanager
def _restored(tariff, clock):
    before = dict(vars(tariff)), dict(vars(clock))
    try:
        yield
    finally:
        vars(tariff).update(before[0])
        vars(clock).update(before[1])


def _rings_out(square):
    ring, last = 0, 1
    while last < square:
        ring += 1
        last += 8 * ring
    return ring


def _walk(square):
    """Instructions of a whole walk to a square, on this version of Python."""
    few, many = work(_rings_out, 81**2).instructions, work(_rings_out, 481**2).instructions
    return (many - few) / 200 * math.isqrt(square) / 2


def _worked(run, limit):
    return run.instructions > limit or run.processes or run.sent_away


def _far(squares):
    return [district for district, square in squares.items() if square > 1_000_000]


def _nearest(squares):
    """The district whose walk is so short that it can be made thousands of times."""
    return min(squares, key=squares.get)


def _one_district_again(label, district, near, limit, rng):
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
        "for an answer that was known. What of it cannot have changed?"
    )
    if _worked(new, limit):
        _bounded_in_texts(label, near, rng)
        raise AssertionError(
            f"The same postcode costs {again.instructions:,} instructions the second time, another postcode of "
            f"{district} {new.instructions:,}: the key is the text as typed. "
            "What does the number of rings depend on?"
        )


def _room(label, order, limit, rng):
    """Say after how many other districts one is forgotten."""
    for others in (1, 2, 4, 8, 16, 32, len(order) - 1):
        for district in order[: others + 1]:
            label(_typed(district, rng))
        if _worked(work(label, _typed(order[0], rng)), limit):
            return f"after {others} other{'s' * (others > 1)} the first is forgotten"
    return "not always the same ones"


def _bounded_in_texts(label, district, rng):
    def new_texts(count):
        for _ in range(count):
            label(_typed(district, rng))
        return count

    stated = _stated_size(label)
    if stated > CAP:
        return  # too large to be filled here, but bounded by its own word
    growth = _growth(lambda step: new_texts(TEXTS if step else stated + TEXTS))
    assert _rests(growth), (
        f"Each postcode that was not typed before leaves {growth.per_item:,.0f} bytes behind, and nothing was "
        f"thrown out after {sum(growth.counts):,} of them. What is the key, and what bounds it?"
    )


def _growth(feed):
    return retained_growth(feed, STEPS, until=_rests)


def _rests(growth):
    """Whether memory did not grow in a step of the second half: what is bounded falls or rests at times."""
    pairs = list(zip(growth.steps, growth.steps[1:], growth.counts[1:], strict=False))[STEPS // 2 :]
    return any(later - earlier <= BYTES * count for earlier, later, count in pairs)


def _stated_size(function):
    """The largest stated size among the caches of functools in the learner's namespace."""
    space = getattr(function, "__globals__", None) or getattr(sys.modules.get("__main__"), "__dict__", {})
    sizes = [0]
    for value in list(space.values()):
        parameters = getattr(value, "cache_parameters", None)
        if callable(parameters) and not isinstance(value, type):
            sizes.append(parameters()["maxsize"] or 0)
    return max(sizes)


# --- what the checks of the exercise share


@contextmanager
def _quick(directory):
    """Let the directory answer at once, and put its limits back."""
    before, seconds = dict(directory._limits), directory.seconds
    directory.seconds = 0.0
    try:
        yield
    finally:
        directory.seconds = seconds
        for name, limit in before.items():
            directory.change(name, limit)


async def _asked(may_refund, clerk, name, pence):
    clerk.set(name)
    try:
        return await may_refund(pence)
    except RuntimeError as error:
        if "awaited" not in str(error):
            raise
        raise AssertionError(
            f"The second await fails with “{error}”: what was remembered is a coroutine, not its answer, and a "
            "coroutine can be awaited only once. `lru_cache` on `async def` remembers just that. "
            "What should be remembered instead?"
        ) from None


async def _right(may_refund, clerk, directory, name, pence, other=None):
    answer = await _asked(may_refund, clerk, name, pence)
    limit = directory._limits[name]
    said = f"{name} was told {answer!r} for {pence} pence, with a limit of {limit}"
    assert isinstance(answer, bool), f"{said}: the page needs True or False."
    assert answer == (pence <= limit) or other in (None, name), (
        f"{said}: that is the answer which {other} got a moment before. What besides the amount does it depend on?"
    )
    assert answer == (pence <= limit), f"{said}. Whose limit was it, and from when?"


async def _nothing_new(may_refund, clerk, directory, names, amounts, what):
    for name in names:
        await _asked(may_refund, clerk, name, amounts[0])
    with count_calls(type(directory), "limit") as asked:
        for pence in amounts:
            for name in names:
                await _asked(may_refund, clerk, name, pence)
    pages, again = len(amounts) * len(names), f"{asked.count} questions"
    messages = {
        "the same amount": f"{pages} pages with one clerk and one amount asked the directory again for what it had "
        f"answered: {again}. Which of them was new?",
        "another amount": f"{pages} pages of a clerk whose limit was known made {again} to the directory, "
        "one for each amount that was new: the amount is in the key. Does the limit depend on it?",
        "clerks in turn": f"{pages} pages of {len(names)} clerks whose limits were known made {again} to the "
        "directory: when clerks take turns, one is forgotten for the next. How many have to be kept?",
    }
    assert asked.count == 0, messages[what]

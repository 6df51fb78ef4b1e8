"""The same answer again: a pure result is computed again for each caller, or cached where it must not be."""

import sys
from contextlib import suppress
from datetime import date, timedelta

from kettle.checking import Undecided
from kettle.checking.equivalence import Situation, twice
from kettle.probes.memory import peak_bytes, unbounded_growth
from kettle.probes.ratio import compare, far_from
from kettle.probes.work import work

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
        rounds=5,
        enough=far_from(1),
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

    def in_turn(feed, count):
        """Feed more and fewer in turn: else what is emptied when full may grow a little in each step."""
        return lambda step: feed(count - step % 2 * count // 3 if step else min(stated, CAP) + count)

    # What is stated is filled in the first step: the probe has to see it come in order to see it go.
    for feed, count, what in (
        (new_texts, TEXTS, "postcode that was not typed before"),
        (new_days, 1_000, "day"),
        (mistyped, 1_000, "district that does not exist"),
    ):
        growth = unbounded_growth(in_turn(feed, count))
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
    )
    return f"Here, your label is {ratio}, for districts that are known."


def _opened(w):
    """A Friday, with the usual prices."""
    vars(w.names["tariff"]).update(base=290, per_km=3, saturday=150)
    w.names["clock"].day = MONDAY + timedelta(days=4)


def _saturday(w):
    _opened(w)
    w.names["clock"].day = MONDAY + timedelta(days=5)


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

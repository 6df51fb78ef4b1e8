"""The same answer again: a pure result is computed again for each caller, or cached where it must not be."""

import sys
from contextlib import contextmanager, nullcontext
from datetime import date, timedelta
from types import SimpleNamespace

from kettle.checking import Case, Contract
from kettle.checking.worlds import World
from kettle.probes.memory import peak_bytes, unbounded_growth
from kettle.probes.work import work

FRIDAY = date(2027, 1, 8)
SHARE = 0.05  # of one road's instructions: a look-up costs far less, a road that is added up far more
ROOM = 4_000  # bytes that a label may need for a moment; an array of a road's legs is larger
MANY = 5_000  # postcodes a step; a cache of functools that states a larger bound is believed


def typed(district, rng):
    """Type a postcode as customers do; nearly every one is new."""
    bits = rng.getrandbits(32)  # all at once: thousands are typed while memory is watched
    text = f"{' ' * (bits & 1)}{district} {' ' * (bits >> 1 & 1)}{bits >> 4:07X}"
    return text.lower() if bits & 12 == 12 else text


def night(ROUTES, rng):  # noqa: N803 - the notebook's name
    """Return what makes a night with a postcode of each district."""
    texts = [typed(district, rng) for district in rng.sample(sorted(ROUTES), len(ROUTES))]
    return lambda: nullcontext(SimpleNamespace(texts=texts))


def friday(w):
    """Set the usual prices and the day."""
    vars(w.names["tariff"]).update(base=290, per_km=2, saturday=150)
    w.names["clock"].day = FRIDAY


def new_prices(w):
    """Change the prices."""
    vars(w.names["tariff"]).update(base=377, per_km=3)


def midnight(w):
    """Let Saturday come."""
    w.names["clock"].day = FRIDAY + timedelta(days=1)


def written_into(label, w):
    """Write into the first label of a district, and return the next one."""
    first = label(w.texts[0])
    if isinstance(first, dict):
        first.update(parcel=4711, km=-1)
    return label(w.texts[0])


lesson = Contract(
    "label",
    world=World(("ROUTES", "rng"), night),
    call=lambda label, w: label(w.texts[0]),
    cases={
        "the run writes into a label, and another one follows": Case(
            call=written_into, prepare=friday, why="shared"
        ),
        "every district is asked for": Case(
            call=lambda label, w: [label(text) for text in w.texts], prepare=friday, why="typed"
        ),
        "Priya changes the prices between two labels": Case(
            prepare=friday, between=new_prices, why={"pence": "price"}
        ),
        "midnight comes between two labels, and it is Saturday": Case(
            prepare=friday, between=midnight, why={"pence": "day"}
        ),
        "there is no such district": Case(
            call=lambda label, w: label("ZZ9 1AA"), prepare=friday, raises=KeyError
        ),
    },
)


@lesson.cause
def measured_once(label, ROUTES, equivalence, rng):  # noqa: N803
    """Count what Python does for a district that was seen before."""
    order = rng.sample(sorted(ROUTES), len(ROUTES))
    far = [district for district in order if len(ROUTES[district]) > 100]
    walk = min(work(equivalence.merged.kilometres, district).instructions for district in far[:5])

    def measures(run):
        return run.instructions > SHARE * walk or run.sent_away or run.processes

    text = typed(far[0], rng)
    label(text)
    again, other = work(label, text), work(label, typed(far[0], rng))
    how = "setdefault" if "setdefault" in label.__code__.co_names else "again"
    assert not measures(again), lesson.say(how, n=again.instructions)
    assert not measures(other), lesson.say("as_typed", n=other.instructions)
    for district in order:
        label(typed(district, rng))
    runs = [work(label, typed(district, rng)) for district in order]
    forgotten = sum(bool(measures(run)) for run in runs)
    assert not forgotten, lesson.say("forgotten", n=forgotten, of=len(order))
    room = peak_bytes(label, text)
    assert room < ROOM, lesson.say("in_c", kilobytes=room / 1000)
    return lesson.say("known", most=max(run.instructions for run in runs), walk=walk)


@lesson.cause
def bounded(label, tariff, clock, ROUTES, rng):  # noqa: N803
    """Watch the memory while new postcodes and new days come."""
    near = min(ROUTES, key=lambda district: len(ROUTES[district]))

    def new_texts(count):
        for _ in range(count):
            label(typed(near, rng))

    def new_days(count):
        for _ in range(count):
            clock.day += timedelta(days=1)
            tariff.base += 1
            label(f"{near} 1AA")

    if stated_size(label) > MANY:
        return
    for feed, most, what in ((new_texts, MANY, "postcode"), (new_days, 1_000, "day")):
        growth = unbounded_growth(a_step(feed, most))
        assert growth is None, lesson.say("grows", what=what, bytes=growth.per_item, n=sum(growth.counts))


def a_step(feed, most):
    """Feed much first, and then in turn more and less: what is emptied when full may grow a little in a step."""

    def step(number):
        count = most + 1_000 if number == 0 else 1_000 - number % 2 * 333
        feed(count)
        return count

    return step


def stated_size(function):
    """Return the largest bound that a cache of functools states in the learner's namespace."""
    space = getattr(function, "__globals__", None) or getattr(sys.modules.get("__main__"), "__dict__", {})
    caches = [each for each in list(space.values()) if hasattr(each, "cache_parameters")]
    return max((each.cache_parameters()["maxsize"] or 0 for each in caches), default=0)


@lesson.faster
@contextmanager
def ten_labels(ROUTES, rng):  # noqa: N803
    """Print labels for ten districts."""
    texts = [typed(district, rng) for district in sorted(ROUTES)[:10]]
    yield lambda label: [label(text) for text in texts]

"""The same answer again: a pure result is computed again for each caller, or cached where it must not be."""

from contextlib import contextmanager
from datetime import date, timedelta
from itertools import count

from kettle.checking import Case, Contract
from kettle.probes.memory import peak_bytes, unbounded_growth
from kettle.probes.work import work

FAR, NEAR = "KC7", "KC1"  # a district with a road of hundreds of legs, and our own with one of twenty
FRIDAY = date(2027, 1, 8)
SHARE = 0.05  # of one road's instructions: a look-up costs far less, a road that is added up far more
ROOM = 4_000  # bytes that a label may need for a moment; an array of a road's legs is larger
MANY = 5_000  # postcodes a step; a cache of functools that states a larger bound is believed


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
    first = label(f"{FAR} 1AA")
    if isinstance(first, dict):
        first.update(parcel=4711, km=-1)
    return label(f"{FAR} 1AA")


def every_district(label, w):
    """Ask for each district, typed in capital letters and in small ones."""
    typed = [(f"{district} 1AA", f" {district.lower()}  1aa") for district in w.names["ROUTES"]]
    return [label(text) for both in typed for text in both]


lesson = Contract(
    "label",
    cases={
        "the run writes into a label, and another one follows": Case(
            call=written_into, prepare=friday, why="shared"
        ),
        "every district is asked for": Case(call=every_district, prepare=friday, why="typed"),
        "Priya changes the prices between two labels": Case(
            f"{FAR} 1AA", prepare=friday, between=new_prices, why={"pence": "price"}
        ),
        "midnight comes between two labels, and it is Saturday": Case(
            f"{FAR} 1AA", prepare=friday, between=midnight, why={"pence": "day"}
        ),
        "there is no such district": Case("ZZ9 1AA", prepare=friday, raises=KeyError),
    },
)


@lesson.cause
def measured_once(label, ROUTES, equivalence):  # noqa: N803 - the notebook's name
    """Count what Python does for a district that was seen before."""
    walk = work(equivalence.merged.kilometres, FAR).instructions

    def measures(run):
        return run.instructions > SHARE * walk or run.sent_away or run.processes

    label(f"{FAR} 1AA")
    again, other = work(label, f"{FAR} 1AA"), work(label, f"{FAR} 2BB")
    code = getattr(label, "__code__", None)
    how = "setdefault" if code and "setdefault" in code.co_names else "again"
    assert not measures(again), lesson.say(how, n=again.instructions)
    assert not measures(other), lesson.say("as_typed", n=other.instructions)
    for district in ROUTES:
        label(f"{district} 3CC")
    runs = [work(label, f"{district} 4DD") for district in ROUTES]
    forgotten = sum(bool(measures(run)) for run in runs)
    assert not forgotten, lesson.say("forgotten", n=forgotten, of=len(runs))
    room = peak_bytes(label, f"{FAR} 1AA")
    assert room < ROOM, lesson.say("in_c", kilobytes=room / 1000)
    return lesson.say("known", most=max(run.instructions for run in runs), walk=walk)


@lesson.cause
def bounded(label, tariff, clock, equivalence):
    """Watch the memory while new postcodes and new days come."""
    caches = [each for each in list(equivalence.names.values()) if hasattr(each, "cache_parameters")]
    if any((cache.cache_parameters()["maxsize"] or 0) > MANY for cache in caches):
        return
    numbers = count()

    def new_texts(step):
        for _ in range(fed(step)):
            label(f"{NEAR} {next(numbers):06}")
        return fed(step)

    def new_days(step):
        for _ in range(fed(step)):
            clock.day += timedelta(days=1)
            tariff.base += 1
            label(f"{NEAR} 1AA")
        return fed(step)

    for feed, what in ((new_texts, "postcode"), (new_days, "day")):
        growth = unbounded_growth(feed)
        assert growth is None, lesson.say("grows", what=what, bytes=growth.per_item, n=sum(growth.counts))


def fed(step):
    """Say how many a step brings: many at first, and then in turn more and fewer."""
    # What is emptied when it is full may grow a little in a step.
    return MANY + 1_000 if step == 0 else 1_000 - step % 2 * 333


@lesson.faster
@contextmanager
def ten_labels(ROUTES):  # noqa: N803
    """Print labels for ten districts."""
    yield lambda label: [label(f"{district} 1AA") for district in list(ROUTES)[:10]]

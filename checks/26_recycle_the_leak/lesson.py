"""Recycle the leak: each new URL leaves a page behind, and restarting the workers only hides that."""

import inspect
from collections.abc import Sized
from contextlib import contextmanager

from kettle.checking import Case, Contract
from kettle.lessons.reviews import PRODUCTS
from kettle.probes.calls import count_calls
from kettle.probes.memory import unbounded_growth

MANY = 1_000  # requests; after these nothing may be added to what is kept, as the notebook says
NEW = min(PRODUCTS, key=lambda code: len(PRODUCTS[code].reviews))  # its page is small, and quickly made
GIVEN = {"In", "Out", "PRODUCTS"}  # names of containers that are not the learner's


def ask(respond, _, *urls):
    """Answer requests, one after another."""
    return {
        number: {"status": getattr(page, "status", page), "body": getattr(page, "body", page)}
        for number, page in enumerate(map(respond, urls), 1)
    }


lesson = Contract(
    "respond",
    call=ask,
    noun="request",
    why="path",
    cases={
        "a product is asked for": Case(
            "/products/KC-00017?utm_source=mail&session=1f", "/products/KC-00017?next=/products/KC-00042"
        ),
        "a path is asked for that does not exist": Case(
            "/products/KC-99999?session=4c",
            "/products/KC-00017/",
            "/products/KC-00017",
            "/wp-admin/setup.php",
        ),
    },
)


def fresh(rng, code):
    """Return the URL of a product with a session that nobody had before."""
    return f"/products/{code}?utm_source=mail&session={rng.getrandbits(48):012x}"


@lesson.cause
def bounded(respond, rng):
    """Watch the memory while new sessions and invented paths come: it may grow at first only."""
    urls = {
        "session": lambda: fresh(rng, NEW),
        "invented": lambda: f"/wp-admin/{rng.getrandbits(48):012x}.php",
    }
    for what, new_url in urls.items():
        growth = unbounded_growth(feeding(respond, new_url))
        if growth is not None:
            why, n = "collected" if "collect" in names_used(respond) else what, sum(growth.counts)
            raise AssertionError(lesson.say(why, bytes=growth.per_item, n=n, who=holders(respond, n)))


def feeding(respond, new_url):
    """Return a step: it asks for as much as may be kept in the first half of the steps, then for much more."""

    def step(number):
        n = MANY - 300 if number == 0 else 50 if number < 7 else 400
        for _ in range(n):
            respond(new_url())
        return n

    return step


def holders(respond, fed):
    """Name what the notebook defines and what has more entries than half of what was fed."""
    names = getattr(inspect.unwrap(respond), "__globals__", {})
    grown = [
        f"`{name}`"
        for name, value in list(names.items())
        if not name.startswith("_") and name not in GIVEN and size_of(value) > fed / 2
    ]
    return " and ".join(grown) or "Something"


def size_of(value):
    """Return how many entries a container has, or a cache around a function of the notebook."""
    if hasattr(value, "cache_info"):
        return value.cache_info().currsize if value.__module__ == "__main__" else 0
    return len(value) if isinstance(value, Sized) else 0


def names_used(respond):
    """Return the names that the function's code uses."""
    return getattr(getattr(inspect.unwrap(respond), "__code__", None), "co_names", ())


@lesson.cause
def found_again(respond, render, rng):
    """Count how often pages are rendered that were asked for before."""
    codes = rng.sample(sorted(PRODUCTS), len(PRODUCTS))

    def rendered(urls):
        with count_calls(inspect.unwrap(render)) as calls:
            for url in urls:
                respond(url)
        return calls.count

    once = fresh(rng, codes[0])
    respond(once)
    again = rendered([once] * 3)
    assert not again, lesson.say(why_again(respond), n=again)
    n = rendered(fresh(rng, codes[0]) for _ in range(10))
    assert not n, lesson.say("parameters", n=n)
    for _ in range(2):  # what is emptied when it is full may be emptied in between
        rendered(fresh(rng, code) for code in codes)
    n = rendered(fresh(rng, code) for code in codes * 6)
    assert not n, lesson.say("turns", n=n, of=len(codes))
    return lesson.say("kept", of=len(codes))


def why_again(respond):
    """Return the key of what to say where a page is not found again: what keeps nothing, or is full by now."""
    kinds = [type(each).__name__ for each in getattr(respond, "__globals__", {}).values()]
    if any(kind.startswith("Weak") for kind in kinds) or {"weakref", "ref"} & {*names_used(respond)}:
        return "weak"
    return "again" if holders(respond, 10) == "Something" else "full"


@lesson.faster
@contextmanager
def ten_pages(rng):
    """Ask for ten products, each time in sessions that nobody had before."""
    codes = rng.sample(sorted(PRODUCTS), 10)
    yield lambda respond: [respond(fresh(rng, code)) for code in codes]

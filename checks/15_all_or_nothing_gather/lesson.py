"""All or nothing: one failed call takes down the whole page or is hidden, and orphaned tasks run on."""

import asyncio
from contextlib import asynccontextmanager
from functools import partial

import aiohttp

from kettle.checking import words_of
from kettle.checking.causes.virtually import counted_shop, virtually
from kettle.checking.ends import end_of, judge_cancelled, judge_raised, judge_running
from kettle.checking.equivalence import Situation, Told, asked_otherwise, revised
from kettle.checking.equivalence.sentences import short
from kettle.checking.faults import Faults, all_of
from kettle.checking.runner.errors import alone, leaves, told
from kettle.checking.words import many
from kettle.probes.logs import watch_logs
from kettle.shop.data import Data

from .world import BUG, LEFT

MISTAKE = words_of(__file__).lesson.mistake

SKU, COUNTRY = "KC-0042", "GB"


PATHS = {
    "product": f"/products/{SKU}",
    "tax": f"/tax/{COUNTRY}",
    "rating": f"/products/{SKU}/reviews",
    "related": f"/products/{SKU}/related",
}


FAULTS = Faults(PATHS)


VISITS = (("rating",), ("rating",), ())


DOWN = (aiohttp.ClientError, TimeoutError)


BUGS = {"rating": (FileNotFoundError, RuntimeError), "related": (ValueError, NotImplementedError)}


PATIENCE = 400  # virtual seconds that the session gives a call


SLOW, TOO_SLOW = 350, 1000  # that calls take


REFUSED = ("503", "clientresponseerror")  # words of the log that name an error


BROKEN = ("connect",)


LATE = ("timeout", "timed out", "too late", "too long", "too slow")


HIDDEN = "a fallback hides a bug. Which errors say that a service is down?"


UNTOLD = "what is required is missing, and the caller is not told."


ENDLESS = 8  # calls for one part: it goes on like that


def check_same_page_on_a_good_day(product_page, same, rng):
    """While nothing fails, the page is what it was, and its calls are in flight together."""
    page, other = _page(), rng.choice([sku for sku in Data.products if sku != SKU])
    slow = all_of(*(FAULTS.slow(part, SLOW - 10 * number) for number, part in enumerate(PATHS)))

    async def two(f, w):
        pages = await asyncio.gather(f(w.api, SKU, COUNTRY), f(w.api, other, "DE"))
        if len({call.started for call in w.shop.calls}) > 1:
            raise Told(
                "some calls are sent only when others have been answered. What do the two pages share?"
            )
        return pages

    situations = (
        Situation("all services answer", page, seen=_asked),
        Situation("the services' answers change between two visits", page, between=revised),
        Situation("a page is asked for again", page, again=True),
        Situation(f"the services take up to {SLOW} s, and `api` waits for that", page, slow, seen=_asked),
        Situation(
            f"only the related products take {SLOW} s", page, FAULTS.slow("related", SLOW), seen=_asked
        ),
        Situation("there are no related products", page, FAULTS.answers("related", [])),
        Situation("there are no reviews", page, FAULTS.answers("rating", [])),
        Situation("two pages are asked for at once", two, seen=_asked),
    )
    _play(product_page, same, rng, situations)


def check_same_page_when_something_fails(product_page, same, rng):
    """An optional part that is down costs itself, a required one the page; bugs and cancellation pass."""
    bug = FAULTS.answers("rating", [{"by": "Ada", "text": "lovely"}])
    slow_too, twice = FAULTS.slow("related", 0.9), FAULTS.down("rating", calls=(1, 2))
    cut, late = FAULTS.down("rating", status=None), FAULTS.slow("related", TOO_SLOW)

    async def visits(f, w):
        return [await _page(missing)(f, w) for missing in VISITS]

    situations = (
        _degraded("the reviews service is down", FAULTS.down("rating"), "rating"),
        _degraded("the service for related products is down", FAULTS.down("related"), "related"),
        _degraded("an optional part's connection breaks", cut, "rating", named=BROKEN),
        _degraded("both optional parts are down", FAULTS.down("rating", "related"), "rating", "related"),
        Situation(
            "the reviews are down on two visits, and back on a third", visits, twice, truth=_three_visits
        ),
        _ends("the product service is down", FAULTS.down("product"), DOWN),
        _ends("the tax service is down, and another one is slow", all_of(FAULTS.down("tax"), slow_too), DOWN),
        _ends("nobody knows the product", FAULTS.down("product", status=404), DOWN),
        _ends("the product takes longer than `api` waits", FAULTS.slow("product", TOO_SLOW), DOWN),
        _ends("all services are down", FAULTS.down(*PATHS), DOWN),
        _ends("a review has no stars", bug, BUG),
        _ends("a review has no stars, and another service is down", all_of(bug, FAULTS.down("related")), BUG),
        _ends("a review has no stars, and another service is slow", all_of(bug, slow_too), BUG),
        _ends("a related product has no number", FAULTS.answers("related", [{"price": 1}]), BUG),
        _ends("a product has no price", FAULTS.answers("product", {"sku": SKU, "name": "tea"}), BUG),
        *(
            _ends(f"the call for `{part}` ends in a {each.__name__}", FAULTS.raises(part, each), each)
            for part, errors in BUGS.items()
            for each in errors
        ),
        *(
            _ends(f"the visitor leaves after {1000 * at:.0f} ms", None, LEFT, at)
            for at in (0.005, 0.03, 0.08)
        ),
        _ends("the visitor leaves while an optional part is down", FAULTS.down("rating"), LEFT, 0.08),
        _ends("a call for the reviews is cancelled by somebody else", FAULTS.raises("rating", LEFT), LEFT),
        _ends("the call for the product is cancelled by somebody else", FAULTS.raises("product", LEFT), LEFT),
        _degraded("an optional part takes longer than `api` waits", late, "related", named=LATE),
    )
    _play(product_page, same, rng, situations)
    return f"{many(len(situations), 'fault')} were played, and nothing ran on after any of them."


def _play(product_page, same, rng, situations):
    seed, patience = rng.randrange(1 << 30), aiohttp.ClientTimeout(total=PATIENCE)

    async def body():
        with watch_logs() as logs:

            @asynccontextmanager
            async def world():
                async with counted_shop(seed, most=ENDLESS, timeout=patience) as w:
                    w.logs = logs
                    yield w

            await same(product_page, world, situations, why={"seen": asked_otherwise})

    virtually(body)


def _page(missing=(), raises=None, at=None, named=REFUSED):
    """Return a situation's call: ask for one page, and say what its end leaves to be desired."""

    async def call(f, w):
        logged, sent = len(w.logs.records), len(w.shop.calls)
        w.main = asyncio.current_task()
        end = await end_of(f(w.api, SKU, COUNTRY), lambda: _stands_still(w), at)
        _judge_together(w.shop.calls[sent:])
        if raises is LEFT:
            judge_cancelled(end, "page")
        elif raises:
            judge_raised(end, raises, "page", UNTOLD if raises is DOWN else HIDDEN)
        elif end.error:
            _judge_no_page(end, missing)
        judge_running(end, "page", [each.route for each in w.shop.calls if each.ended is None])
        if not raises:
            _judge_logged(w.logs.texts[logged:], missing, named)
        return end.value

    return call


def _degraded(when, prepare, *missing, named=REFUSED):
    """Return a situation in which optional parts are missing, and the rest is what the services know."""
    right = partial(_right_page, missing=missing)
    return Situation(when, _page(missing, named=named), prepare, truth=right, why=_left_out)


def _left_out(found):
    """Ask about a part that is there and ought not to be, or the other way round."""
    if found.expected is None:
        return "Whoever reads it takes it for an answer."
    return (
        "Its own service answers. What does the failure of another one cost it?"
        if found.given is None
        else ""
    )


def _right_page(w, missing=()):
    data = w.shop.data
    product, reviews = data.product(SKU), data.reviews(SKU)
    stars = sum(review["stars"] for review in reviews) / len(reviews)
    page = {
        "name": product["name"],
        "price": product["price"] * (100 + data.tax(COUNTRY)["percent"]) // 100,
        "rating": {"stars": stars, "reviews": len(reviews)},
        "related": [each["sku"] for each in data.related(SKU)],
    }
    return page | dict.fromkeys(missing)


def _three_visits(w):
    return [_right_page(w, missing) for missing in VISITS]


def _ends(when, prepare, raises, at=None):
    """Return a situation that leaves no page, but an error; which one, its call has to judge by itself."""
    return Situation(when, _page(raises=raises, at=at), prepare, truth=lambda w: None)


def _asked(w):
    return dict(w.sent)


def _stands_still(w):
    if w.endless:
        return f"`{w.endless}` was asked for {ENDLESS} times, and it goes on like that."
    return "the page waits for what never comes."


def _judge_together(calls):
    # The first of each: where a connection breaks, aiohttp asks again by itself.
    starts = {call.path: call.started for call in reversed(calls)}
    if unasked := [part for part, path in PATHS.items() if path not in starts]:
        raise Told(f"`{unasked[0]}` is not asked for. Who decides that, and on what grounds?")
    first_end = min((call.ended for call in calls if call.ended is not None), default=float("inf"))
    together = sum(started < first_end for started in starts.values())
    if together < len(PATHS):
        one = "1 is" if together == 1 else f"{together} are"
        raise Told(f"of the 4 calls, {one} in flight at once. What do the others wait for?")


def _judge_no_page(end, missing):
    """Say why there is no page where there ought to be one."""
    if missing and end.has(DOWN):
        name = type(alone(leaves(end.error)[0])).__name__
        raise Told(f"the page ends with {name}: an optional part that is down {MISTAKE}. What may it cost?")
    raise Told(f"there ought to be a page, and it ends with {told(end.error)}")


def _judge_logged(texts, missing, named):
    if texts and not missing:
        raise Told(f"the log says {short(texts[0])}, though no service is down. What made it a failure?")
    for part in missing:
        about = [text for text in texts if part in text or (part == "rating" and "review" in text)]
        if not about:
            of = "no warning names" if texts else "nothing is logged, as a warning or worse, of"
            raise Told(f"{of} `{part}`. Who hears that it is missing?")
        if not any(word in text.lower() for text in about for word in named):
            raise Told(f"the log tells of `{part}`, and not of the error: {short(about[0])}. What was wrong?")

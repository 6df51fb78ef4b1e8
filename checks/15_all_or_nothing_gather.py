"""All or nothing: a failed call takes the whole page along, or is hidden, and orphans run on."""

import asyncio
from collections import Counter
from contextlib import asynccontextmanager
from types import SimpleNamespace

import aiohttp

from kettle.checking import DOES_NOT_HOLD, PARTLY, Claim, Question
from kettle.checking.errors import alone, leaves, told
from kettle.checking.same import Situation, Told, fails, revised
from kettle.checking.virtually import counted_shop, moving, virtually
from kettle.checking.words import many
from kettle.probes.leftovers import tasks_of_cells
from kettle.probes.logs import watch_logs
from kettle.shop.data import Data

MISTAKE = "takes the whole page along"
EXERCISE_MISTAKE = "takes the others along"
GONE = "All or nothing is gone: each call costs what its failure has to cost, and nothing runs on for nobody."
EXERCISE_GONE = "All or nothing is gone: a bounce costs one letter, and a bug still stops the evening."

HINTS = (
    "Look at the lanes of one visitor: which failure ends the page, and which calls does it end? "
    "Which of the four is worth that?",
    "What a failure may cost is said where the call is made: around each optional part, and not around the whole. "
    "What may be caught there, and what has to pass?",
    "A helper `async def optional(name, part)` with `try: return await part` and `except DOWN`, which logs and "
    "returns None. For the rest an `asyncio.TaskGroup`, which ends what it has begun.",
    "`async with asyncio.TaskGroup() as group:`, in it `product = group.create_task(get(…))`, the same for the "
    'tax, and `stars = group.create_task(optional("rating", rating(api, sku)))`, the same for `related`; '
    "after the block, `product.result()` and so on.",
)

EXERCISE_HINTS = (
    "Look at the numbers: which letters went out before the first bounce, and what became of the others then?",
    "A bounce is the result of one letter. Where does it have to be caught, so that it is not the group's affair?",
    "A function that sends one letter and catches `Bounced`, and nothing else, around that; the group is given "
    "many of it. Its results, in the customers' order, make the report.",
    "`async def bounces(office, customer): try: await send(office, customer)`, `except Bounced: return True`, "
    "else `return False`; `tasks = [group.create_task(bounces(office, c)) for c in customers]`.",
)

RECALL = (
    Question(
        "`await asyncio.gather(a(), b())`, and `a` fails. What becomes of `b`?",
        ("It is cancelled", "It runs on, and its result is thrown away", "gather waits for it"),
        1,
        "gather raises at once and leaves the others alone. A TaskGroup cancels them, and waits for their end.",
    ),
    Question(
        "After `gather(…, return_exceptions=True)` a colleague writes `if isinstance(result, Exception)`. "
        "Which of these is not caught?",
        ("TimeoutError", "KeyError", "CancelledError"),
        2,
        "CancelledError is a BaseException only, so it passes for data. And the KeyError, a bug, is hidden.",
    ),
)

GUESS = Question(
    "Of four calls that `asyncio.gather` was given, the first one fails. What does `gather` do about the others?",
    ("It cancels them", "Nothing", "It waits until they have ended"),
    1,
    "It raises at once, and they run on with nobody to take their answers.",
)

CLAIMS = (
    Claim(
        name="kills",
        said="“If one task fails, gather kills all.”",
        truth=PARTLY,
        why="It costs the answer of all. The other calls are not stopped: they run to their end for nobody, and "
        "load what they call.",
        ids=("S2.27",),
    ),
    Claim(
        name="handles",
        said="“`return_exceptions=True` handles the errors.”",
        truth=DOES_NOT_HOLD,
        why="It turns errors into values in a list. Whether anybody looks at them is up to the next line.",
        ids=("S2.17",),
    ),
    Claim(
        name="graceful",
        said="“`None if isinstance(result, Exception) else result` is graceful degradation.”",
        truth=DOES_NOT_HOLD,
        why="It hides bugs, lets a CancelledError pass as data, and accepts that what is required is missing.",
        ids=("S2.28",),
    ),
    Claim(
        name="same",
        said="“A TaskGroup is gather in newer words.”",
        truth=DOES_NOT_HOLD,
        why="When a task fails, a TaskGroup cancels the others and waits for their end before it raises. gather "
        "does neither.",
        ids=("S2.27", "S2.28"),
    ),
)

EXCUSED = {"arguments": "A page is given a session and two texts: neither can be changed."}
EXERCISE_EXCUSED = {"overlap": "One job an evening; within it, all letters have to be under way together."}

SKU, COUNTRY = "KC-0042", "GB"
PATHS = {
    "product": f"/products/{SKU}",
    "tax": f"/tax/{COUNTRY}",
    "rating": f"/products/{SKU}/reviews",
    "related": f"/products/{SKU}/related",
}
PATIENCE = 1.0  # virtual seconds that the session gives a call
TURNS = 30  # of the loop, in which what has been cancelled ends
ENDLESS = 8  # calls for one part of one page: it goes on like that
WHOSE = "Who stops it, or waits for it?"


# --- the lesson: the matrix of faults, in virtual time


def check_same_page_on_a_good_day(product_page, same, rng):
    """While nothing fails, the page is what it was, and its calls are in flight together."""
    other = rng.choice([sku for sku in Data.products if sku != SKU])
    page = _page()

    async def two(f, w):
        pages = await asyncio.gather(f(w.api, SKU, COUNTRY), f(w.api, other, "DE"))
        starts = [call.started for call in w.shop.calls]
        if max(starts) > min(starts):
            raise Told("one waits while the other's calls are in flight. What do they share?")
        return pages

    situations = (
        Situation("all services answer", page, seen=_asked),
        Situation("the services' answers change between two visits", page, between=revised),
        Situation("a page is asked for again", page, again=True),
        Situation("a service is slow, and not down", page, _slow(0.9, "rating"), seen=_asked),
        Situation("there are no related products", page, lambda w: w.shop.answer_with(PATHS["related"], answer=[])),
        Situation("there are no reviews", page, lambda w: w.shop.answer_with(PATHS["rating"], answer=[])),
        Situation("two pages are asked for at once", two),
    )  # fmt: skip
    _play(product_page, same, rng, situations)
    return "On a good day the page and its calls are what they were."


def check_same_page_when_something_fails(product_page, same, rng):
    """An optional part that is down costs itself, a required one the page; bugs and cancellation pass."""

    def down(*parts, **how):
        return fails(*(PATHS[part] for part in parts), **how)

    def both(*steps):
        return lambda w: [step(w) for step in steps]

    def odd(part, answer):
        return lambda w: w.shop.answer_with(PATHS[part], answer=answer)

    def gone(part):
        return lambda w: w.wrong.update({PATHS[part]: asyncio.CancelledError})

    bug = odd("rating", [{"by": "Ada", "text": "lovely"}])
    rating, related = ("rating",), ("related",)
    situations = (
        _degraded("the reviews service is down", rating, down("rating")),
        _degraded("the service for related products is down", related, down("related")),
        _degraded("the connection of an optional part breaks", rating, down("rating", status=None)),
        _degraded("an optional part takes longer than `api` waits", related, _slow(9, "related")),
        _degraded("both optional parts are down", rating + related, down("rating", "related")),
        _refused("the product service is down", down("product")),
        _refused("the tax service is down, and another one is slow", both(down("tax"), _slow(0.9, "related"))),
        _refused("nobody knows the product", down("product", status=404)),
        _refused("the product takes longer than `api` waits", _slow(9, "product"), TimeoutError),
        _refused("all services are down", down(*PATHS)),
        _refused("a review has no stars", bug, KeyError),
        _refused("a review has no stars, and another service is down", both(bug, down("related")), KeyError),
        _refused("a related product has no number", odd("related", [{"price": 1}]), KeyError),
        _refused("a product has no price", odd("product", {"sku": SKU, "name": "tea"}), KeyError),
        *(_cancelled(f"the visitor leaves after {1000 * at:.0f} ms", at=at) for at in (0.005, 0.03, 0.08)),
        _cancelled("the visitor leaves while a part is down", down("rating"), 0.08),
        _cancelled("a call for the reviews is cancelled by somebody else", gone("rating")),
        _cancelled("the call for the product is cancelled by somebody else", gone("product")),
    )  # fmt: skip
    _play(product_page, same, rng, situations)
    return f"{many(len(situations), 'fault')} were played: nothing ran on after any of them."


def _play(product_page, same, rng, situations):
    seed = rng.randrange(1 << 30)

    async def body():
        with watch_logs() as logs:

            @asynccontextmanager
            async def world():
                patience = aiohttp.ClientTimeout(total=PATIENCE)
                async with counted_shop(seed, most=ENDLESS, timeout=patience) as w:
                    w.logs = logs
                    yield w

            await same(product_page, world, situations, why={"seen": _asked_otherwise})

    virtually(body)


def _page(missing=(), raises=None, cancelled=False, at=None):
    """Return a situation's call: ask for one page, and say what its end leaves to be desired."""

    async def call(f, w):
        before, logged = tasks_of_cells(), len(w.logs.records)
        end = await _end_of(f(w.api, SKU, COUNTRY), w, at)
        _together(w)
        if cancelled:
            _judge_cancelled(end)
        elif raises:
            _judge_refused(end, raises)
        elif isinstance(end.error, BaseException):
            _judge_no_page(end, missing)
        _judge_orphans(end, w, before)
        if not (raises or cancelled):
            _judge_logged(w.logs.texts[logged:], missing, w)
        return end.page

    return call


async def _end_of(page, w, at=None):
    """Let a page come to its end, in a task of its own; cancel it `at` so many seconds."""
    task, clock = asyncio.ensure_future(page), asyncio.get_running_loop().time
    began = clock()
    if at is not None:
        await asyncio.wait([task], timeout=at)
        task.cancel()
    try:
        await w.moving(asyncio.wait([task]), lambda: _stands_still(w))
    finally:
        task.cancel()
    for _ in range(TURNS):
        await asyncio.sleep(0)
    error = asyncio.CancelledError() if task.cancelled() else task.exception()
    late = 0.0 if at is None else clock() - began - at
    return SimpleNamespace(page=None if error else task.result(), error=error, late=late)


def _degraded(when, missing, prepare):
    async def without(w):
        merged = await _merged(w)
        return merged | dict.fromkeys(missing)

    return Situation(when, _page(missing), prepare, truth=without)


async def _merged(w):
    data = w.shop.data
    product, tax, reviews = data.product(SKU), data.tax(COUNTRY), data.reviews(SKU)
    stars = sum(review["stars"] for review in reviews) / len(reviews)
    return {
        "name": product["name"],
        "price": product["price"] * (100 + tax["percent"]) // 100,
        "rating": {"stars": stars, "reviews": len(reviews)},
        "related": [each["sku"] for each in data.related(SKU)],
    }


def _refused(when, prepare, raises=aiohttp.ClientError):
    return Situation(when, _page(raises=raises), prepare, truth=lambda w: None)


def _cancelled(when, prepare=None, at=None):
    return Situation(when, _page(cancelled=True, at=at), prepare, truth=lambda w: None)


# --- the exercise: a post office in virtual time, some of whose addresses are bad


def check_exercise_same_letters(send_letters, same, rng):
    """All letters that do not bounce go out, what bounces is reported, and nothing else is."""
    numbers = rng.sample(range(100, 1000), 12)
    customers = [{"name": f"customer {number}", "address": f"{number} Mill Lane"} for number in numbers]
    slowest_first = sorted(customers, key=lambda each: -_seconds(each["address"]))
    bad = [each["address"] for each in slowest_first[::4]]

    def evening(customers=slowest_first, **judged):
        return _evening(lambda: [dict(each) for each in customers], **judged)

    def bounce(*addresses):
        return lambda w: w.unknown.update(addresses)

    def wrong(error):
        return lambda w: w.wrong.update({slowest_first[1]["address"]: error})

    nameless = [*slowest_first[:3], {"address": "7 Mill Lane"}, *slowest_first[3:]]
    known = slowest_first[1]["address"]
    situations = (
        Situation("no letter bounces", evening(), seen=_delivered),
        Situation("there are no customers", evening([])),
        Situation("one letter of twelve bounces", evening(), bounce(bad[1]), seen=_delivered, truth=_right(slowest_first)),
        Situation("three letters of twelve bounce", evening(), bounce(*bad), seen=_delivered, truth=_right(slowest_first)),
        Situation("an address is bad the next evening", evening(), between=bounce(*bad), truth=_right(slowest_first, 2)),
        Situation("the letters are sent once more", evening(), bounce(*bad), again=True, truth=_right(slowest_first, 2)),
        Situation("a customer whose letter goes out is named twice", evening([*slowest_first, slowest_first[1]]), bounce(*bad), seen=_delivered, truth=_right([*slowest_first, slowest_first[1]])),
        Situation("a customer whose letter bounces is named twice", evening([*slowest_first, slowest_first[0]]), bounce(*bad), seen=_delivered, truth=_right([*slowest_first, slowest_first[0]])),
        Situation("all letters bounce", evening(), bounce(*[each["address"] for each in customers]), truth=_right(slowest_first)),
        Situation("a customer has no name", evening(nameless, raises=KeyError), truth=_nothing),
        Situation("a customer has no name, and a letter bounces", evening(nameless, raises=KeyError), bounce(*bad), truth=_nothing),
        Situation("the connection to the post office breaks", evening(raises=ConnectionError), wrong(ConnectionError), truth=_nothing),
        Situation("the job is cancelled", evening(raises=asyncio.CancelledError, at=4.5), truth=_nothing),
        Situation("the job is cancelled after a letter has bounced", evening(raises=asyncio.CancelledError, at=4.5), bounce(*bad), truth=_nothing),
        Situation(f"the delivery to {known} is cancelled by somebody else", evening(raises=asyncio.CancelledError), wrong(asyncio.CancelledError), truth=_nothing),
    )  # fmt: skip
    why = {"seen": _delivered_otherwise}
    virtually(lambda: same(send_letters, _office, situations, why=why))
    return f"{many(len(situations), 'evening')} were played: every letter had a fate of its own."

"""All or nothing: one failed call takes down the whole page or is hidden, and orphaned tasks run on."""

import asyncio
import copy
from contextlib import asynccontextmanager
from functools import partial

import aiohttp

from kettle.checking import DOES_NOT_HOLD, PARTLY, Claim, Question
from kettle.checking.ends import end_of, judge_cancelled, judge_raised, judge_running
from kettle.checking.errors import alone, leaves, told
from kettle.checking.faults import Faults, all_of
from kettle.checking.post import WatchedOffice, post_office, seconds_to
from kettle.checking.same import Situation, Told, asked_otherwise, revised
from kettle.checking.same.sentences import short
from kettle.checking.virtually import counted_shop, virtually
from kettle.checking.words import many
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
BUG = KeyError
LEFT = asyncio.CancelledError
BUGS = {"rating": (FileNotFoundError, RuntimeError), "related": (ValueError, NotImplementedError)}
PATIENCE = 400  # virtual seconds that the session gives a call
SLOW, TOO_SLOW = 350, 1000  # that calls take
REFUSED = ("503", "clientresponseerror")  # words of the log that name an error
BROKEN = ("connect",)
LATE = ("timeout", "timed out", "too late", "too long", "too slow")
HIDDEN = "a fallback hides a bug. Which errors say that a service is down?"
UNTOLD = "what is required is missing, and the caller is not told."
MANY = 400  # letters of one evening
ENDLESS = 8  # calls for one part: it goes on like that


# --- the lesson: the matrix of faults, in virtual time


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


# --- what is said of a page


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


# --- the exercise: a post office in virtual time, with bad addresses


def check_exercise_same_report_on_a_good_evening(send_letters, same, rng):
    """While nothing goes wrong, all letters go out, and the report says so."""
    people, _ = _people(rng)
    situations = (
        _evening("no letter bounces", people),
        _evening("there are no customers", []),
        _evening(f"there are {MANY} customers", _crowd(rng)),
        _evening("a customer is named twice", [*people[:-1], dict(people[0])], why=TWICE),
        _evening("the letters are sent once more", people, again=True),
    )
    _post(send_letters, same, situations)


def check_exercise_same_report_when_letters_bounce(send_letters, same, rng):
    """What bounces is reported and costs one letter, and nothing else is."""
    people, bad = _people(rng)
    wrong = {"raises": ConnectionError, "wrong": {people[1]["address"]: ConnectionError}}
    nameless = [*people[:3], {"address": "7 Mill Lane"}, *people[3:]]
    situations = (
        _evening("one letter of twelve bounces", people, bad[1:2]),
        _evening("three letters of twelve bounce", people, bad),
        _evening("addresses are bad on the next evening", people, between=lambda w: w.unknown.update(bad)),
        _evening("the letters are sent once more", people, bad, again=True),
        _evening(
            "a customer whose letter goes out is named twice", [*people[:-1], people[1]], bad, why=TWICE
        ),
        _evening("a customer whose letter bounces is named twice", [*people[:-2], people[0]], bad, why=TWICE),
        _evening("two jobs are under way at one office", people, bad, jobs=2, why=OTHERS),
        _evening("all letters bounce", people, [each["address"] for each in people]),
        _evening("a customer has no name", nameless, raises=BUG),
        _evening("a customer has no name, and letters bounce", nameless, bad, raises=BUG),
        _evening("the connection to the post office breaks", people, **wrong),
        _evening("the connection to the post office breaks, and letters bounce", people, bad, **wrong),
        _evening("the job is cancelled", people, raises=LEFT, at=4.5),
        _evening("the job is cancelled after letters have bounced", people, bad, raises=LEFT, at=6.5),
    )
    _post(send_letters, same, situations)
    return f"{many(len(situations), 'evening')} were played: a bounce cost one letter, and nothing else."


def _post(send_letters, same, situations):
    virtually(lambda: same(send_letters, post_office, situations, why={"seen": _delivered_otherwise}))


def _people(rng):
    """Draw customers, the slowest first so that none comes in order, and three of their addresses.

    Their letters take from less than 2 s to more than 9, whatever is drawn: see `seconds_to`.
    """
    numbers = [97 * rng.randrange(2, 10) + 8 * place + rng.randrange(8) for place in range(12)]
    people = [{"name": f"customer {number}", "address": f"{number} Mill Lane"} for number in numbers]
    people.sort(key=lambda each: -seconds_to(each["address"]))
    return people, [each["address"] for each in people[::4]]


def _crowd(rng):
    return [{"name": f"customer {n}", "address": f"{n} Mill Lane"} for n in rng.sample(range(1000), MANY)]


def _evening(when, customers, bounce=(), raises=None, wrong=(), at=None, jobs=1, **more):
    """Return a situation: letters go out, and some bounce, or something else goes wrong."""

    def prepare(w):
        w.unknown.update(bounce)
        w.wrong.update(wrong)

    def truth(w):
        reports = [w.right(each["address"] for each in share) for share in shares]
        return None if raises else reports[0] if jobs == 1 else reports

    shares = [customers[number::jobs] for number in range(jobs)]
    seen = None if raises else WatchedOffice.books
    return Situation(when, _job(shares, raises, at), prepare, truth=truth, seen=seen, **more)


TWICE = dict.fromkeys(
    ("sent", "bounced"), "A customer who is named twice gets two letters, and counts twice."
)
OTHERS = dict.fromkeys(("sent", "bounced"), "A job reports on its own letters. Whose are these?")


def _job(shares, raises, at):
    async def under_way(f, w):
        # Copies: whoever is named twice by one dict, is so here, too.
        jobs = [f(w, copy.deepcopy(customers)) for customers in shares]
        return await jobs[0] if len(jobs) == 1 else await asyncio.gather(*jobs)

    async def call(f, w):
        begun = len(w.begun)
        end = await end_of(under_way(f, w), lambda: "it never ends.", at)
        if raises is LEFT:
            judge_cancelled(end, "job")
        elif raises:
            judge_raised(
                end, raises, "report", f"{raises.__name__} is hidden in it, or lost. Which error is a bounce?"
            )
        elif end.error:
            _judge_bounce(end, w)
        judge_running(end, "job", w.under_way)
        later = w.later(begun)
        if later and not raises:
            letters = sum(map(len, shares))
            together = letters - later
            one = "1 is" if together == 1 else f"{together} are"
            raise Told(f"of {letters} letters, {one} under way at once. What do the others wait for?")
        return end.value

    return call


def _delivered_otherwise(found):
    about, address = found.path[0], found.path[-1]
    if found.kind == "missing":
        return f"the letter to {address} does not go out: one that bounces {EXERCISE_MISTAKE}."
    how = "goes out" if about == "out" else "is handed to the post office"
    return f"the letter to {address} {how} {many(found.given, 'time')}; it ought to be {found.expected}."


def _judge_bounce(end, w):
    if end.has(w.names["Bounced"]):
        out = f"{many(len(w.begun) - len(w.delivered), 'letter')} did not go out"
        raise Told(f"the job ends with Bounced, and {out}: a bounce {EXERCISE_MISTAKE}.")
    raise Told(f"there ought to be a report, and the job ends with {told(end.error)}")

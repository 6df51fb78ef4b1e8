"""Wait forever: a call without a deadline holds its caller, and everything that the caller holds."""

import asyncio
from contextlib import asynccontextmanager, suppress
from functools import partial

import aiohttp

from kettle.checking import Case, Contract
from kettle.checking.causes.endings import end_of, judge_end, judge_running
from kettle.checking.causes.told_time import told_time
from kettle.checking.causes.virtually import counted_shop
from kettle.checking.equivalence import Told, asked_otherwise, fails, revised
from kettle.checking.worlds import World

from .budget import BUDGET, catchable, in_time, judge_late, judged

COURIER, CODE = 7, "NW1 6XE"
PATH = f"/couriers/{COURIER}/quote"
FAILURES = (404, 429, 502)  # one for each call
DOWN = (TimeoutError, aiohttp.ClientError)
LEFT = asyncio.CancelledError
LONG = 40.0  # seconds
BEYOND = 7.3  # seconds; aiohttp rounds up what is longer than 5
DEFAULT = aiohttp.client.DEFAULT_TIMEOUT
MOST = 1000  # calls: then it goes on forever


def couriers(rng):
    """Return what makes a shop in virtual time."""
    seed = rng.randrange(1 << 30)

    @asynccontextmanager
    async def world():
        async with counted_shop(seed, most=MOST) as w:
            w.main = asyncio.current_task()
            yield w

    return world


async def visit(quote, w, budget=BUDGET, code=CODE):
    """Ask for a price, which comes or does not; nothing of the visit may run on."""
    end = await end_of(quote(w.api, COURIER, code, budget))
    judge_running(end, "visit", under_way(w))
    if w.api.timeout != DEFAULT:
        raise Told(lesson.say("session"))
    if end.error:
        raise catchable(lesson, end.error)
    return end.value


async def too_late(quote, w, why="nothing", budget=BUDGET, api=None):
    """Ask for a price that does not come within the budget, and judge when and how the visit ends."""
    end = await end_of(quote(api or w.api, COURIER, CODE, budget))
    if why == "nothing" and end.took < (DEFAULT.total or LONG):
        why = "sum"
    judge_late(lesson, end, budget, why, DOWN)
    judge_running(end, "visit", under_way(w))


async def pool_is_lent(quote, w):
    """Ask for a price while somebody else has the only connection of the session."""
    w.shop.set("health", hang="mid body")
    async with w.shop.session(connector=aiohttp.TCPConnector(limit=1)) as api, api.get("/health"):
        await too_late(quote, w, "pool", api=api)


async def visitor_leaves(quote, w):
    """Cancel a visit after a moment."""
    end = await end_of(quote(w.api, COURIER, CODE, BUDGET), at=0.1)
    judge_end(end, LEFT, "visit", lesson.say("swallowed"))
    judge_running(end, "visit", under_way(w))


async def handler_works_on(quote, w):
    """Let the handler that got no price do something else afterwards."""

    async def handler():
        with suppress(*DOWN):
            await quote(w.api, COURIER, CODE, BUDGET)
        await asyncio.sleep(2 * BUDGET)

    end = await end_of(handler())
    if isinstance(end.error, LEFT):
        raise Told(lesson.say("outlived"))


def under_way(w):
    """Return the calls that the shop is still busy with, but for the one that lends a connection."""
    return [call.route for call in w.shop.calls if call.ended is None and call.route != "health"]


def courier(**settings):
    """Let the courier behave so."""
    return lambda w: w.shop.set("quote", **settings)


def fails_twice_and_hangs(w):
    """Let two calls fail, and the third one stop in the middle of its answer."""
    w.shop.set("quote", hang="mid body")
    w.shop.break_calls(PATH, calls=(1, 2))


def never(why="nothing", prepare=None, **options):
    """Return a case in which no price comes in time."""
    return judged(partial(too_late, why=why, **options), prepare)


async def three_failures(quote, w):
    """Let three calls fail, each in another way; the last error reaches the caller."""
    try:
        return await visit(quote, w)
    except aiohttp.ClientResponseError as error:
        if w.sent.total() < len(FAILURES):
            raise Told(lesson.say("given_up", n=w.sent.total(), status=error.status)) from None
        if error.status != FAILURES[-1]:
            raise Told(lesson.say("earlier", got=error.status, expected=FAILURES[-1])) from None
        raise


SILENT = courier(hang="first byte")

lesson = Contract(
    "quote",
    world=World(("rng",), couriers, run=told_time),
    call=visit,
    observe=lambda w: dict(w.sent),
    why={"seen": asked_otherwise},
    at_once=((9, CODE), (9, "NW2 6XE"), (9, CODE)),
    cases={
        "a price is asked for": Case(9),
        "prices change between two visits": Case(9, between=revised),
        "the first call fails": Case(9, prepare=fails(PATH, calls=(1,))),
        "all calls fail, with status 404, 429 and 502": Case(
            call=three_failures,
            prepare=lambda w: w.statuses.update({PATH: [*FAILURES]}),
            raises=aiohttp.ClientError,
        ),
        "an answer cannot be read": Case(
            9, prepare=lambda w: w.wrong.update({PATH: ValueError}), raises=ValueError
        ),
    },
)
lesson.further(
    "within_its_budget",
    {
        "the courier never answers": never(prepare=SILENT),
        "the courier stops in the middle of its answer": never("body", courier(hang="mid body")),
        "the courier's answer drips": never("drips", courier(drip=0.4 * BUDGET)),
        "no connection to the courier comes about": never("connect", lambda w: w.shop.take_up(False)),
        "all connections of the session are lent": judged(pool_is_lent),
        "each call fails after eight tenths of the budget": never(
            "sum", courier(latency=0.8 * BUDGET, fail=1.0)
        ),
        "each call fails shortly before the time is up": never(
            "below_zero", courier(latency=BUDGET - 0.05, fail=1.0)
        ),
        "two calls fail, and the third one is never answered in full": never("last", fails_twice_and_hangs),
        "the budget is 0.3 s, and the courier never answers": never("number", SILENT, budget=0.3),
        f"the budget is {BEYOND:g} s, and the courier never answers": never("rounded", SILENT, budget=BEYOND),
    },
)
lesson.further(
    "as_long_as_the_budget",
    {
        f"a price takes nearly all of the budget of {LONG:g} s": in_time(
            lesson, courier(latency=0.97 * LONG), LONG
        ),
    },
)
lesson.further(
    "nothing_runs_on",
    {
        "the visitor leaves while the courier hangs": judged(visitor_leaves, SILENT),
        "there is no price, and the handler has other work to do": judged(handler_works_on, fails(PATH)),
    },
)

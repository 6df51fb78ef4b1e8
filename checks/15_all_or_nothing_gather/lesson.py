"""All or nothing: one failed call takes down the whole page or is hidden, and orphaned tasks run on."""

import asyncio
from contextlib import asynccontextmanager
from functools import partial

import aiohttp

from kettle.checking import Case, Contract
from kettle.checking.causes.endings import end_of, judge_end, judge_running
from kettle.checking.causes.virtually import counted_shop, virtually
from kettle.checking.equivalence import Told, asked_otherwise, revised
from kettle.checking.runner.errors import alone, leaves, told
from kettle.checking.worlds import World
from kettle.lessons.logs import watch_logs
from kettle.shop.data import Data

SKU, COUNTRY = "KC-0042", "GB"
PATHS = {
    "product": f"/products/{SKU}",
    "tax": f"/tax/{COUNTRY}",
    "rating": f"/products/{SKU}/reviews",
    "related": f"/products/{SKU}/related",
}
DOWN = (aiohttp.ClientError, TimeoutError)
LEFT = asyncio.CancelledError
SLOW, TOO_SLOW = 250, 1000  # virtual seconds: aiohttp gives a call 300
MOST = 8  # calls for one part: then it goes on forever


def services(rng):
    """Return what makes a shop in virtual time, with a log."""
    seed = rng.randrange(1 << 30)

    @asynccontextmanager
    async def world():
        with watch_logs() as logs:
            async with counted_shop(seed, most=MOST) as w:
                w.logs, w.main = logs, asyncio.current_task()
                yield w

    return world


def down(*parts):
    """Let the services of some parts fail."""
    return lambda w: w.shop.break_calls(*(PATHS[part] for part in parts))


def slow(part, seconds):
    """Let the service of a part take its time."""
    return lambda w: w.shop.slow_down(PATHS[part], seconds=seconds)


def answers(part, answer):
    """Let the service of a part answer with this."""
    return lambda w: w.shop.answer_with(PATHS[part], answer=answer)


async def page(product_page, w, *missing, raises=None, at=None):
    """Ask for one page, and judge how it ends, what runs on, and what is logged."""
    sent = len(w.shop.calls)
    end = await end_of(product_page(w.api, SKU, COUNTRY), at)
    judge_together(w.shop.calls[sent:])
    if raises:
        judge_end(end, raises, "page", lesson.say("required" if raises is DOWN else "hidden"))
    elif end.error and missing and end.has(DOWN):
        raise Told(lesson.say("all_lost", error=type(alone(leaves(end.error)[0])).__name__, part=missing[0]))
    elif end.error:
        raise Told(lesson.say("no_page", error=told(end.error)))
    judge_running(end, "page", [each.route for each in w.shop.calls if each.ended is None])
    judge_logged(w.logs.texts, missing)
    return end.value


def judge_together(calls):
    """See that all four calls are made, and are in flight together."""
    starts = {call.path: call.started for call in reversed(calls)}  # aiohttp may ask again by itself
    first_end = min((call.ended for call in calls if call.ended is not None), default=float("inf"))
    together = sum(started < first_end for started in starts.values())
    if together < len(PATHS):
        raise Told(lesson.say("in_turn", n=together))


def judge_logged(texts, missing):
    """See that each part that is missing is named in the log, and nothing else is logged."""
    if texts and not missing:
        raise Told(lesson.say("logged", text=texts[0]))
    for part in missing:
        if not any(part in text or (part == "rating" and "review" in text) for text in texts):
            raise Told(lesson.say("not_logged", part=part))


def right_page(w, missing=()):
    """Make the page of what the services know."""
    data = w.shop.data
    product, reviews = data.product(SKU), data.reviews(SKU)
    found = {
        "name": product["name"],
        "price": product["price"] * (100 + data.tax(COUNTRY)["percent"]) // 100,
        "rating": {"stars": sum(each["stars"] for each in reviews) / len(reviews), "reviews": len(reviews)},
        "related": [each["sku"] for each in data.related(SKU)],
    }
    return found | dict.fromkeys(missing)


def without(prepare, *missing):
    """Return a case in which optional parts are missing."""
    return Case(
        *missing, prepare=prepare, truth=partial(right_page, missing=missing), why=left_out, observe=False
    )


def left_out(found):
    """Say what is wrong with a part that is there and should not be, or the other way round."""
    return lesson.say("an_answer" if found.expected is None else "its_own")


def ends(raises, prepare=None, at=None):
    """Return a case that leaves no page, but an error."""
    call = partial(page, raises=raises, at=at)
    return Case(call=call, prepare=prepare, truth=lambda w: None, observe=False)


async def two_pages(product_page, w):
    """Ask for two pages at once."""
    found = await asyncio.gather(
        product_page(w.api, SKU, COUNTRY), product_page(w.api, Data.products[7], "DE")
    )
    if len({call.started for call in w.shop.calls}) > 1:
        raise Told(lesson.say("two_pages"))
    return found


lesson = Contract(
    "product_page",
    world=World(("rng",), services, run=virtually),
    call=page,
    observe=lambda w: dict(w.sent),
    why={"seen": asked_otherwise},
    cases={
        "all services answer": Case(),
        "the services' answers change between two visits": Case(between=revised),
        "a service is slow": Case(prepare=slow("related", SLOW)),
        "there are no related products": Case(prepare=answers("related", [])),
        "two pages are asked for at once": Case(call=two_pages),
    },
)
lesson.further(
    "when_something_fails",
    {
        "the reviews service is down": without(down("rating"), "rating"),
        "the service for related products is down": without(down("related"), "related"),
        "both optional parts are down": without(down("rating", "related"), "rating", "related"),
        "an optional part takes longer than `api` waits": without(slow("related", TOO_SLOW), "related"),
        "the product service is down": ends(DOWN, down("product")),
        "the tax service is down": ends(DOWN, down("tax")),
        "a review has no stars": ends(KeyError, answers("rating", [{"by": "Ada"}])),
        "the visitor leaves after 30 ms": ends(LEFT, at=0.03),
    },
)

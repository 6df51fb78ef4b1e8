"""A synchronous client in async code: each call blocks the event loop until its response has arrived."""

import asyncio
from contextlib import asynccontextmanager

from kettle.checking import Case, Contract, worlds
from kettle.checking.equivalence import asked, asked_otherwise, fails, late, revised, shuffled
from kettle.lessons.held_calls import TOGETHER, blame, explain, held, why_not
from kettle.shop.data import Data


def draw(rng, _):
    """Draw four suppliers."""
    return dict(zip(("one", "two", "three", "four"), rng.sample(Data.suppliers, 4), strict=True))


def check(stock_of, w, *names):
    """Check the stock of some of the drawn suppliers."""
    return stock_of(w.url, [getattr(w, name) for name in names])


lesson = Contract(
    "stock_of",
    world=worlds.shop(draw, latency=0.0),
    call=check,
    observe=asked,
    noun="supplier",
    why={"seen": asked_otherwise},
    cases={
        "three suppliers are asked": Case("one", "two", "three"),
        "suppliers answer in another order": Case(
            "one", "two", "three", "four", prepare=shuffled("stock", most=0.02)
        ),
        "the stock changes between two checks": Case("one", "two", between=revised),
        "a supplier is late": Case("one", prepare=late(0.05, "stock"), impatient=True),
        "there is no supplier": Case(),
        "the connection to a supplier breaks": Case(
            "one",
            prepare=lambda w: fails(f"/suppliers/{w.one}/stock", status=None)(w),
            observe=False,
        ),
    },
    at_once=[("one", "two"), ("three",)],
    fails={"second supplier": "/suppliers/{two}/stock"},
)


@lesson.cause
async def loop_lives(stock_of, shop, rng):
    """Hold the calls until four of them are in flight and the loop has sent a call of its own."""
    number = rng.randint(5, 9)
    suppliers = rng.sample(shop.data.suppliers, number)

    async def ask():
        return await stock_of(shop.url, list(suppliers))

    seen = await held(ask, shop)
    if not seen.met:
        raise AssertionError(why_not(seen, number, TOGETHER, await explain(ask), lesson.say))
    assert not seen.waited, lesson.say("waited", n=number, what=seen.waited)
    return lesson.say("lived", n=TOGETHER)


@lesson.cause
async def two_checks(stock_of, shop, rng):
    """Hold the calls of two checks at once, one of them of a single supplier."""
    one, *three = rng.sample(shop.data.suppliers, TOGETHER)

    async def ask():
        return await asyncio.gather(stock_of(shop.url, [one]), stock_of(shop.url, list(three)))

    seen = await held(ask, shop, turns=1)
    if not seen.met:
        why = await explain(lambda: stock_of(shop.url, [one]))
        raise AssertionError(
            lesson.say("one_call", why=blame(why, lesson.say))
            if why.call
            else lesson.say("two_checks", n=seen.together, of=TOGETHER)
        )


@lesson.faster
@asynccontextmanager
async def five_suppliers(shop):
    """Let suppliers answer in a seventh of their usual time, and ask five of them."""
    shop.set("stock", latency=0.03)
    suppliers = list(shop.data.suppliers[:5])
    yield lambda stock_of: stock_of(shop.url, suppliers)

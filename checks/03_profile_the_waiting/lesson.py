"""Profile the waiting: no stack shows what a page is waiting for, so you have to ask its tasks."""

import asyncio
from itertools import chain, islice

from kettle.checking import Case, Contract
from kettle.checking.causes.virtually import virtually
from kettle.checking.equivalence import asked, asked_otherwise, fails, revised
from kettle.checking.worlds import World
from kettle.lessons.traces import recorded_traces
from kettle.shop.data import Data
from kettle.shop.traffic import peak

from .world import THINKS, services

MANY, CROWD = 60, 10  # orders of a page, and visitors: more than a fix in batches takes at a time
ORDERS, COURIER = "/customers/{customer}/orders", "/couriers/7/quote"
POSTCODES = "BS1 4DJ", "LA2 7RT"
CAUSES = "service", "lock", "pool", "gil"


def draw(rng, world):
    """Draw two customers of five orders each, and a page of orders for the first."""
    data = Data(world.seed)
    customer, other = rng.sample(distinct(data), 2)
    last = data.orders(customer)[-1]["lines"][0]["sku"]
    return {"customer": customer, "other": other, "last": last, "orders": orders(data, 11)}


def distinct(data):
    """Return customers of five orders, none of which begins with the same product as another."""
    each_has = ((each, data.orders(each)) for each in data.customers)
    return [each for each, made in each_has if len({order["lines"][0]["sku"] for order in made}) == 5]


def orders(data, number):
    """Return so many orders, of any customers."""
    return list(islice(chain.from_iterable(map(data.orders, data.customers)), number))


def visit(orders_page, w, who="customer", postcode=POSTCODES[0]):
    """Open a page."""
    return orders_page(w.api, getattr(w, who), postcode)


def answer_with(w, made):
    """Let the customer have these orders."""
    w.shop.answer_with(ORDERS.format(customer=w.customer), answer=made)


def raised(w):
    """Let names and prices change; the orders keep their products, so nobody is asked for others."""
    revised(w)
    answer_with(w, [each | {"total": each["total"] + 1} for each in w.shop.data.orders(w.customer)])


def beside_the_courier(w):
    """Return what else was asked for, and how often."""
    return {path: times for path, times in asked(w).items() if "/couriers/" not in path}


def at_once(found):
    """Say what two visits at once have mixed up."""
    return (
        asked_otherwise(found)
        if isinstance(found.path[0], str)
        else lesson.say("theirs", part=found.path[-1])
    )


def fail(w, path):
    """Let a call fail once."""
    fails(path.format(**vars(w)), calls=(1,))(w)


lesson = Contract(
    "orders_page",
    world=World(("rng",), services, draw, "the call for the {} gets a 503 once", fail, virtually),
    call=visit,
    observe=beside_the_courier,
    why={"seen": asked_otherwise},
    cases={
        "two orders begin with the same product": Case(
            prepare=lambda w: answer_with(w, [*w.orders, w.orders[0] | {"id": 1}]), observe=False
        ),
        "products answer in another order": Case(prepare=lambda w: w.shop.set("product", shuffle=0.02)),
        "prices and names change between two visits": Case(between=raised, why="kept"),
        "two visitors open their pages at once": Case(
            call=lambda f, w: asyncio.gather(visit(f, w), visit(f, w, "other", POSTCODES[1])), why=at_once
        ),
        "the courier is late": Case(
            prepare=lambda w: w.shop.set("quote", latency=5.0), impatient=True, observe=False, why="waits"
        ),
        "the call for the courier gets a 404": Case(prepare=fails(COURIER, status=404), observe=False),
    },
    fails={"orders": ORDERS, "last product": "/products/{last}", "courier": COURIER},
)


@lesson.cause
def courier_is_asked_once(orders_page, rng):
    """Count what one visit asks the courier, then two at once with a price of 0."""
    world = services(rng)
    customer = rng.choice(Data.customers)
    many = orders(Data(world.seed), MANY)

    async def quotes(visits, made, price):
        async with world() as w:
            w.shop.answer_with(ORDERS.format(customer=customer), answer=made)
            w.shop.answer_with(COURIER, answer={"price": price, "days": price})
            await asyncio.gather(*(orders_page(w.api, customer, POSTCODES[0]) for _ in range(visits)))
            return [call for call in w.traffic.of("quote") if call.ended is not None]

    for_one = virtually(quotes, 1, many, 500)
    overlap = "overlap" if peak(for_one) > 1 else "in_turn"
    assert len(for_one) <= 1, lesson.say(overlap, n=len(for_one), orders=MANY)
    for_two = len(virtually(quotes, 2, many[:5], 0))
    assert for_two == 2, lesson.say("price_of_0" if for_two > 2 else "shared", n=for_two)
    return lesson.say("asked_once", orders=MANY)


@lesson.cause
def pages_overlap(orders_page, rng):
    """Let ten visitors wait for late products, and open one more page, whose products are not late."""
    world = services(rng)
    last, *crowd = rng.sample(distinct(Data(world.seed)), CROWD + 1)

    async def visitors():
        async with world() as w:
            w.shop.set("quote", latency=THINKS / 4)
            w.shop.set("product", latency=4 * THINKS)
            pages = [asyncio.ensure_future(orders_page(w.api, each, POSTCODES[0])) for each in crowd]
            await asyncio.sleep(THINKS)  # by now all of them wait for products, whatever they ask first
            w.shop.set("product", latency=0.001)
            page = asyncio.ensure_future(orders_page(w.api, last, POSTCODES[1]))
            await asyncio.wait((page,), timeout=2 * THINKS)
            served = page.done()
            await asyncio.gather(page, *pages)
            return peak(w.traffic.of("quote")), served

    together, served = virtually(visitors)
    assert together >= CROWD, lesson.say("one_by_one", n=together, visitors=CROWD)
    assert served, lesson.say("held_up", visitors=CROWD)
    return lesson.say("together", visitors=CROWD)


@lesson.cause
def traces_are_read(waits_for):
    """Compare the words with what the recorded programs did."""
    read = waits_for if isinstance(waits_for, dict) else {}
    traces = recorded_traces()
    unread = [each.letter for each in traces if read.get(each.letter, "?") in ("?", "", None)]
    assert not unread, lesson.say("unread", letters=", ".join(unread))
    unknown = [each.letter for each in traces if read[each.letter] not in CAUSES]
    assert not unknown, lesson.say(
        "unknown", letter=unknown[0], word=read[unknown[0]], words=", ".join(CAUSES)
    )
    wrong = [each for each in traces if read[each.letter] != each.cause]
    assert not wrong, lesson.say(
        "misread", letter=wrong[0].letter, word=read[wrong[0].letter], why=wrong[0].evidence, n=len(wrong)
    )
    return lesson.say("read")

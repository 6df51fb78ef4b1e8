"""Profile the waiting: no stack shows what a page is waiting for, so you have to ask its tasks."""

import asyncio

from kettle.checking import Case, Contract
from kettle.checking.causes.virtually import virtually
from kettle.checking.equivalence import asked, asked_otherwise, fails, revised
from kettle.checking.worlds import World
from kettle.lessons.traces import recorded_traces
from kettle.shop.data import Data
from kettle.shop.traffic import peak

from .world import THINKS, distinct, fail, orders, services

MANY, CROWD = 60, 10  # orders of a page, and visitors: more than a fix in batches takes at a time
ORDERS, COURIER = "/customers/{customer}/orders", "/couriers/7/quote"
POSTCODES = "BS1 4DJ", "LA2 7RT"


def draw(rng, world):
    """Draw two customers, whose orders begin with different products, and the last product of the first."""
    data = Data(world.seed)
    customer, other = rng.sample(distinct(data), 2)
    return {"customer": customer, "other": other, "last": data.orders(customer)[-1]["lines"][0]["sku"]}


def visit(orders_page, w, who="customer", postcode=POSTCODES[0]):
    """Open a customer's page."""
    return orders_page(w.api, getattr(w, who), postcode)


def beside_the_courier(w):
    """Return what else was asked for, and how often."""
    return {path: times for path, times in asked(w).items() if "/couriers/" not in path}


def same_product_again(w):
    """Let the customer have one more order, which begins with the product of the first."""
    made = w.shop.data.orders(w.customer)
    w.shop.answer_with(ORDERS.format(customer=w.customer), answer=[*made, made[0] | {"id": 1}])


lesson = Contract(
    "orders_page",
    world=World(("rng",), services, draw, "the call for the {} gets a 503 once", fail, virtually),
    call=visit,
    observe=beside_the_courier,
    why={"seen": asked_otherwise},
    cases={
        "two orders begin with the same product": Case(prepare=same_product_again, observe=False),
        "products answer in another order": Case(prepare=lambda w: w.shop.set("product", shuffle=0.02)),
        "the shop's answers change between two visits": Case(between=revised, observe=False, why="kept"),
        "two visitors open their pages at once": Case(
            call=lambda f, w: asyncio.gather(visit(f, w), visit(f, w, "other", POSTCODES[1])), why="theirs"
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
    world, customer = services(rng), rng.choice(Data.customers)

    async def quotes(visits, number, price):
        async with world() as w:
            w.shop.answer_with(ORDERS.format(customer=customer), answer=orders(w.shop.data, number))
            w.shop.answer_with(COURIER, answer={"price": price, "days": price})
            await asyncio.gather(*(orders_page(w.api, customer, POSTCODES[0]) for _ in range(visits)))
            return [call for call in w.traffic.of("quote") if call.ended is not None]

    for_one = virtually(quotes, 1, MANY, 500)
    overlap = "overlap" if peak(for_one) > 1 else "in_turn"
    assert len(for_one) <= 1, lesson.say(overlap, n=len(for_one), orders=MANY)
    for_two = len(virtually(quotes, 2, 5, 0))
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
    words = sorted(each.cause for each in traces)
    unread = [each.letter for each in traces if read.get(each.letter) not in words]
    assert not unread, lesson.say("unread", letters=", ".join(unread), words=", ".join(words))
    wrong = [each for each in traces if read[each.letter] != each.cause]
    assert not wrong, lesson.say(
        "misread", letter=wrong[0].letter, word=read[wrong[0].letter], why=wrong[0].evidence, n=len(wrong)
    )
    return lesson.say("read")

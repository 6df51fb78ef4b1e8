"""Profile the waiting: no stack shows what a page is waiting for, so you have to ask its tasks."""

import asyncio
from itertools import chain, islice

from kettle.checking.causes.virtually import virtual_shop_world
from kettle.checking.equivalence import Situation, asked, asked_otherwise, each_fails, revised
from kettle.files.traces import recorded_traces
from kettle.shop.data import Data
from kettle.shop.traffic import peak

from .world import THINKS

MANY, CROWD = 60, 10  # orders of a page, and visitors: more than anybody takes at a time


ORDERS, COURIER = "/customers/{}/orders", "/couriers/7/quote"


CAUSES = ("cpu", "service", "lock", "pool", "gil", "disk")


POSTCODES = ("BS1 4DJ", "LA2 7RT")


def check_same_page(orders_page, same, rng, told_time):
    """Whoever opens the page gets what the merged code gave, also when a call is late or fails."""
    world = virtual_shop_world(rng, latency=0.001)
    data, (here, there) = Data(world.seed), POSTCODES
    customer, other = rng.sample(_with_products_of_their_own(data), 2)
    orders, last = _orders(data, 11), data.orders(customer)[-1]["lines"][0]["sku"]
    calls = {"orders": ORDERS.format(customer), "last product": f"/products/{last}", "courier": COURIER}

    async def page(f, w):
        return await f(w.api, customer, here)

    async def two(f, w):
        return await asyncio.gather(f(w.api, customer, here), f(w.api, other, there))

    def has(*orders):
        return lambda w: w.shop.answer_with(ORDERS.format(customer), answer=orders)

    def changed(w):  # other orders would have products that nobody has asked for
        revised(w)
        has(*(order | {"total": order["total"] + 1} for order in data.orders(customer)))(w)

    situations = (
        Situation("the page is opened", page, seen=_beside_the_courier),
        Situation("two orders begin with the same product", page, has(*orders, orders[0] | {"id": 1})),
        Situation("there are no orders", page, has()),
        Situation("products answer in another order", page, lambda w: w.shop.set("product", shuffle=0.02)),
        Situation("prices and names change between two visits", page, between=changed, why=_kept),
        Situation("two visitors open their pages at once", two, seen=_beside_the_courier, why=_theirs),
        Situation("the page is opened again", page, again=True),
        Situation(
            "the courier is late",
            page,
            lambda w: w.shop.set("quote", latency=5.0),
            impatient=True,
            why=_waits,
        ),
        *each_fails(page, calls),
    )
    told_time(lambda: same(orders_page, world, situations, why={"seen": asked_otherwise}))


def check_courier_is_asked_once(orders_page, rng, told_time):
    """One visit asks the courier one question, once."""
    world = virtual_shop_world(rng)
    customer = rng.choice(Data.customers)
    orders = _orders(Data(world.seed), MANY)

    async def visits(number, has, price):
        async with world() as w:
            w.shop.answer_with(ORDERS.format(customer), answer=has)
            w.shop.answer_with(COURIER, answer={"price": price, "days": price})
            await asyncio.gather(*(orders_page(w.api, customer, POSTCODES[0]) for _ in range(number)))
            return [call for call in w.traffic.of("quote") if call.ended is not None]

    quotes = told_time(visits, 1, orders, 500)
    said = f"The courier was asked {len(quotes)} times for one page"
    assert len(quotes) <= 1, (
        f"{said}: they overlap now, and all of them ask the same. Ask once for the visit, and use the answer for each order."
        if peak(quotes) > 1
        else f"{said} with {MANY} orders, and the page waited for each of them. "
        "The question does not change from one order to the next: ask once, and use the answer for each."
    )
    times = len(told_time(visits, 2, orders[:5], 0))
    assert times == 2, (
        f"Two visits at once, with a price of 0, asked the courier {times} times; expected 2. "
        + (
            "A price of 0 is an answer, too: remember that you have asked."
            if times > 2
            else "Each visit has to ask for itself."
        )
    )
    return f"The courier was asked once for a page with {MANY} orders; as merged, it was {MANY} times."


def check_pages_overlap(orders_page, same, rng, told_time):
    """While one page waits, another one can be served."""
    world = virtual_shop_world(rng)
    last, *crowd = rng.sample(_with_products_of_their_own(Data(world.seed)), CROWD + 1)

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

    together, served = told_time(visitors)
    assert together >= CROWD or not same.compares("overlap"), (
        f"Of {CROWD} pages opened at once, only {together} of {CROWD} calls to the courier were in flight "
        "together: one visitor waits for the other. Look for a lock that all share, or for something that blocks the loop."
    )
    assert served or not same.compares("overlap"), (
        f"While {CROWD} visitors waited for late products, the page of another one, whose products were not "
        "late, was not served. Look for something that all visitors share and that only a few may have at once, such as a semaphore."
    )
    return f"{CROWD} pages at once asked the courier at the same time, and one more did not wait for them."


def check_traces_are_read(waits_for):
    """Each recorded program is said to wait for what it waited for."""
    traces = recorded_traces()
    read = waits_for if isinstance(waits_for, dict) else {}
    open_ones = [each.letter for each in traces if read.get(each.letter, "?") in ("?", "", None)]
    assert not open_ones, (
        f"Of the traces, {', '.join(open_ones)} {'is' if len(open_ones) == 1 else 'are'} not read yet. "
        "Put a word for each into `waits_for`."
    )
    unknown = [f"{each.letter}: {read[each.letter]!r}" for each in traces if read[each.letter] not in CAUSES]
    assert not unknown, f"{unknown[0]} is none of the six words: {', '.join(CAUSES)}."
    wrong = [each for each in traces if read[each.letter] != each.cause]
    assert not wrong, f"Trace {wrong[0].letter} is not “{read[wrong[0].letter]}”: {wrong[0].evidence}" + (
        f" ({len(wrong)} of the 6 are read otherwise.)" if len(wrong) > 1 else ""
    )
    return "All six traces are read: what they wait for is known."


def _orders(data, number):
    """Return so many orders, whoever made them."""
    return list(islice(chain.from_iterable(map(data.orders, data.customers)), number))


def _with_products_of_their_own(data):
    """Return customers of five orders, none of which begins with the same product as another."""
    orders = ((each, data.orders(each)) for each in data.customers)
    return [each for each, made in orders if len({order["lines"][0]["sku"] for order in made}) == 5]


def _beside_the_courier(world):
    return {path: times for path, times in asked(world).items() if "/couriers/" not in path}


def _kept(found):
    return f"`{_part(found)}` is not what the shop says now. Ask again in each visit."


def _waits(found):
    return f"A late price is a late page, and yours has another `{_part(found)}`: wait for the answer, however late it is."


def _theirs(found):
    if found.path[:1] and isinstance(found.path[0], str):
        return asked_otherwise(found)
    return f"One visitor gets the `{_part(found)}` of the other. Do not share answers between visits."


def _part(found):
    return found.path[-1] if found.path else "answer"

"""Profile the waiting: no stack shows what a page is waiting for, so you have to ask its tasks."""

import asyncio
from contextlib import asynccontextmanager
from itertools import chain, islice, repeat

from kettle.checking import HOLDS, PARTLY, Claim, Question
from kettle.checking.same import Situation, Told, asked, asked_otherwise, each_fails, revised
from kettle.checking.virtually import virtual_shop_world
from kettle.files.traces import recorded_traces
from kettle.shop.data import Data
from kettle.shop.sales import SalesPool
from kettle.shop.traffic import peak

MISTAKE = "The courier was asked"
EXERCISE_MISTAKE = "each report held a connection while"
GONE = "The page waits for the courier once, and all six traces are read."
EXERCISE_GONE = "Nobody holds a connection while waiting for a supplier."

HINTS = (
    "Look at the tree of waits: at which line does the page stand nearly all of the time, and how often does it "
    "come to that line? In the traces, look first at how late the loop was.",
    "What a question depends on decides how often it has to be asked. In a trace with a late loop the thread was "
    "kept; with a loop in time, the tasks really wait, at the innermost function.",
    "The courier's price depends on the postcode alone: ask before the loop, and use the answer in it. "
    "B and F are late for different reasons: whose seconds of the processor are they?",
    "`courier = await get(…)` stands above the `for`. Of the traces, three have a late loop: in one its own thread "
    "computes, in one another thread does, in one neither does.",
)

EXERCISE_HINTS = (
    "Look at the two longest bars: who waits for what, and what does the one who has it do meanwhile?",
    "A connection is held from the beginning of the block to its end, whatever happens in it.",
    "Which line of the block needs the connection, and which one does not?",
    "End the block after `fetch`: `levels = await stock_at(…)` and the `return` move out of it, to the left.",
)

RECALL = (
    Question(
        "A profile of an asynchronous service has 97% in `poll`. What does that mean?",
        ("The kernel is slow", "The loop sleeps until something arrives", "There are too many sockets"),
        1,
        "Somebody waits, and a profiler of threads cannot say who. Ask the tasks.",
    ),
    Question(
        "cProfile gives a coroutine that takes 3 s a cumtime of 0.01 s. Where are the others?",
        ("In the functions that it awaits", "They were not measured", "In the loop's poll"),
        2,
        "While it is suspended it is on no stack, and neither is what it awaits; the thread sleeps in poll.",
    ),
)

GUESS = Question(
    "An `await` waits for two seconds. What does the loop's thread do in these?",
    (
        "It stands in the function that awaits",
        "It runs other tasks, or sleeps",
        "It polls the socket, busily",
    ),
    1,
    "The task leaves the thread. If no other task is ready, the loop sleeps until something arrives.",
)

CLAIMS = (
    Claim(
        name="profilers",
        said="“Profilers fail on asynchronous code.”",
        truth=PARTLY,
        why="What such code computes, they find as ever. What it waits for they put into the loop's poll, "
        "whoever waits.",
        ids=("S4.17",),
    ),
    Claim(
        name="cheap",
        said="“py-spy looks 100 times a second and costs less than 1%.”",
        truth=PARTLY,
        why="The rate is its default. The program that is watched is stopped for each look, unless it is told "
        "--nonblocking, and loses a little; py-spy itself needs some percent of a processor beside it.",
        ids=("S3.15",),
    ),
    Claim(
        name="stuck",
        said="“When the loop is stuck, py-spy shows where.”",
        truth=HOLDS,
        why="What holds the loop is on the loop's thread, at its end. It is what only waits that is not.",
        ids=("S4.20",),
    ),
    Claim(
        name="monitor",
        said="“To see the tasks of a service one needs aiomonitor.”",
        truth=PARTLY,
        why="It lists them in a terminal, with their stacks. Any program can also ask its tasks itself, and from "
        "Python 3.14 `python -m asyncio ps` asks those of another process.",
        ids=("S4.19",),
    ),
)

EXCUSED = {"arguments": "A page is given a session, a number and a text: none of them can be changed."}
EXERCISE_EXCUSED = {
    "arguments": "A report is given a pool, a session and a number: none holds data of the caller."
}

# All of it in virtual time (`told_time`), so nothing here is a wait for anybody, and no machine is too slow.
THINKS = 60.0  # seconds: until then all that can be done meanwhile has been done
FOR_EVER = 1000.0  # seconds, for what takes milliseconds
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
        f"{said}: they overlap now, and all of them ask the same. What does the question depend on?"
        if peak(quotes) > 1
        else f"{said} with {MANY} orders, and the page waited for each of them. "
        "What does the question depend on, and does it change from one order to the next?"
    )
    times = len(told_time(visits, 2, orders[:5], 0))
    assert times == 2, (
        f"Two visits at once, with a price of 0, asked the courier {times} times, not twice: "
        + ("how does your code tell that it has asked?" if times > 2 else "each visit has to ask for itself.")
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
        "together: one visitor waits for the other. Is there one lock for all, or something that blocks the loop?"
    )
    assert served or not same.compares("overlap"), (
        f"While {CROWD} visitors waited for late products, the page of another one, whose products were not "
        "late, was not served: what do all of them share, and how many may have it at once?"
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


# --- the exercise: the wait for a connection, logged as a slow statement


def check_exercise_same_report(reorder, same, rng, told_time):
    """Whoever asks for a report gets what the merged code gave, and the pool its connection."""
    shops = virtual_shop_world(rng)
    supplier, other = rng.sample(Data.suppliers, 2)

    @asynccontextmanager
    async def world():
        async with shops() as w:
            w.pool = SalesPool(w.shop.data, size=2, latency=0.001)
            yield w

    async def report(f, w):
        return await f(w.pool, w.api, supplier)

    async def failing(f, w):
        try:
            return await report(f, w)
        finally:
            _all_back(w.pool)

    async def cancelled(f, w):
        w.pool.latency = THINKS
        one = asyncio.ensure_future(report(f, w))
        await asyncio.sleep(THINKS / 2)
        one.cancel()
        await asyncio.sleep(FOR_EVER)  # a statement that is shielded may run to its end
        _all_back(w.pool)

    async def several(f, w):
        w.shop.set("stock", latency=1.0)  # so that each is made while the others are
        made = asyncio.gather(*(f(w.pool, w.api, each) for each in (supplier, other, supplier)))
        await asyncio.wait((made,), timeout=FOR_EVER)
        if not made.done():
            made.cancel()
            held = f"{w.pool.in_use} of {w.pool.size} connections are held"
            raise Told(f"the reports never end: {held}, and somebody waits.")
        return await made

    def sells(w):
        w.pool.sell(supplier, quantity=11)

    def nothing_sold(w):
        w.pool._rows.execute("DELETE FROM sales WHERE supplier = ?", (supplier,))

    situations = (
        Situation("a report is made", report, seen=_used),
        Situation("something is sold between two reports", report, between=sells),
        Situation("the stock changes between two reports", report, between=revised),
        Situation("a report is made again", report, again=True),
        Situation("nothing was sold", report, nothing_sold, seen=_used),
        Situation("several reports, two on one supplier, are made at once", several, seen=_used),
        Situation("the pool has one connection", several, _one_connection),
        *each_fails(failing, {"supplier": f"/suppliers/{supplier}/stock"}),
        Situation("the statement fails once", failing, _interrupted),
        Situation("a report is cancelled in its statement", cancelled),
    )
    why = {"seen": _used_otherwise}
    told_time(lambda: same(reorder, world, situations, noun="row", why=why))


def check_exercise_no_connection_is_held(reorder, rng, told_time):
    """No report holds a connection while it waits for its supplier."""
    world, suppliers = virtual_shop_world(rng), rng.sample(Data.suppliers, 5)

    async def look():
        async with world() as w:
            pool = SalesPool(w.shop.data, size=2, latency=0.001)
            w.shop.set("stock", latency=THINKS)  # the suppliers think, until everything else is done
            reports = asyncio.gather(*(reorder(pool, w.api, supplier) for supplier in suppliers))
            await asyncio.wait((reports,), timeout=THINKS / 2)
            found = w.traffic.in_flight("stock"), pool.in_use
            await reports
            return found

    asked_now, held = told_time(look)
    because = "each report held a connection while it waited for its supplier"
    assert asked_now >= 5, (
        f"With a pool of 2 connections only {asked_now} of 5 suppliers were asked at the same time: {because}, and "
        "the others waited for a connection."
        if held
        else f"Only {asked_now} of 5 suppliers were asked at the same time. What do the other reports wait for?"
    )
    assert not held, f"All 5 suppliers were asked, and {held} connections were still in use: {because}."
    return "All 5 suppliers were asked at the same time, and both connections of the pool were free."


# --- what the checks share


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
    return f"`{_part(found)}` is not what the shop says now. What is kept from one visit to the next?"


def _waits(found):
    return f"A late price is a late page, and yours has another `{_part(found)}`: who stopped waiting?"


def _theirs(found):
    if found.path[:1] and isinstance(found.path[0], str):
        return asked_otherwise(found)
    return f"One visitor gets the `{_part(found)}` of the other: what do they share?"


def _part(found):
    return found.path[-1] if found.path else "answer"


def _one_connection(world):
    world.pool = SalesPool(world.shop.data, size=1, latency=0.001)


def _interrupted(world):
    world.pool._rows.set_progress_handler(chain((True,), repeat(False)).__next__, 1)


def _all_back(pool):
    if pool.in_use:
        raise Told("one connection of the pool does not go back to the pool. Who gives it back?")


def _used(world):
    asked_for = sum(asked(world).values())
    return {"calls": asked_for, "statements": world.pool.statements, "size": world.pool.size}


def _used_otherwise(found):
    if found.path[0] == "size":
        return f"the pool has {found.given} connections, and had {found.expected}: its size is not ours to change."
    to = {"calls": "to suppliers", "statements": "on the pool that it was given"}[found.path[0]]
    return f"your code makes {found.given} {found.path[0]} {to}, and the merged one {found.expected}."

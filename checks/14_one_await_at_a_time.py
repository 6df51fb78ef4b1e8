"""One await at a time: independent calls wait for each other."""

import asyncio

from kettle.checking import DOES_NOT_HOLD, HOLDS, PARTLY, Claim, Question
from kettle.checking.same import (
    Situation,
    asked,
    asked_otherwise,
    fails,
    late,
    revised,
    shop_world,
    shuffled,
    slow_timers,
)
from kettle.checking.words import many
from kettle.probes.calls import count_calls
from kettle.probes.ratio import compare_async
from kettle.probes.tasks import watch_tasks
from kettle.shop import Shop
from kettle.shop.data import SOLD_OUT, Data

MISTAKE = EXERCISE_MISTAKE = "each await waits for the one before it"
GONE = "The staircase is gone: what needs nothing from each other is under way together."
EXERCISE_GONE = "The staircase is gone: every supplier is asked before the first one has answered."

HINTS = (
    "Look at the picture of one page: which bars could start earlier, because they need nothing from the bars above?",
    "An `await` waits on the spot. Calls can only overlap if all of them are started before the first is awaited.",
    "`asyncio.gather(a, b, c)` starts what it is given together and returns the results in that order; "
    "`async with asyncio.TaskGroup() as group` with `group.create_task(...)` does it too. "
    "What of the page has to stay outside?",
    "`profile, orders, alerts = await asyncio.gather(get(…), get(…), get(…))`, "
    "and after it the address, whose number is in the profile.",
)

EXERCISE_HINTS = (
    "Look at the picture: twelve suppliers are asked. When does the second call start?",
    "An `await` inside a comprehension is a loop of awaits: each turn waits before the next one begins.",
    "Build a list of coroutines without awaiting them, then hand the whole list to `asyncio.gather(*calls)`.",
    "`answers = await asyncio.gather(*(stock_at(api, supplier) for supplier in suppliers))`; "
    "the results come in the order of the suppliers, so `zip` still fits.",
)

RECALL = (
    Question(
        "Two awaits stand under each other; neither needs the other's answer. How long do both take?",
        ("As long as the slower one", "As long as both together", "It depends on the number of threads"),
        1,
        "An await waits on the spot: the second call has not even been sent while the first is under way.",
    ),
    Question(
        "`task = asyncio.create_task(a()); x = await task; y = await b()`. What overlaps?",
        ("a and b", "Nothing", "Only their network part"),
        1,
        "The task is awaited before b is started. Start everything first, then await.",
    ),
)

GUESS = Question(
    "`answer = fetch(7)`, and `fetch` is an `async def`. What has happened after this line?",
    ("The request is on its way", "The answer is there", "Nothing yet"),
    2,
    "Calling an asynchronous function gives a coroutine, which begins when it is awaited or made a task.",
)

CLAIMS = (
    Claim(
        name="gather",
        said="“gather takes calls of 80, 120 and 60 ms from 260 ms down to 120 ms, 2.2 times as fast.”",
        truth=HOLDS,
        why="The sum becomes the longest, where nothing else is shared. Here it is measured with waits of that length.",
        ids=("S2.15", "S2.16"),
    ),
    Claim(
        name="wasted",
        said="“Awaiting them in turn wastes 180 ms.”",
        truth=DOES_NOT_HOLD,
        why="What is wasted is the sum less the longest call: 260 less 120 are 140 ms. 180 is the sum less the first.",
        ids=("S2.13", "S2.14"),
    ),
    Claim(
        name="threads",
        said="“gather runs its calls in parallel threads.”",
        truth=DOES_NOT_HOLD,
        why="Everything stays in one thread; only the waiting overlaps. Calls that compute gain nothing from it.",
        ids=("S4.11", "S4.12"),
    ),
    Claim(
        name="promise_all",
        said="“gather is Promise.all.”",
        truth=PARTLY,
        why="When one call fails, both report it at once, and neither stops the others. A TaskGroup does stop them. "
        "And nothing is “one loop iteration”: each call takes as many turns of the loop as it has waits.",
        ids=("S3.38",),
    ),
)

EXCUSED = {"arguments": "A page is given a session and a number: neither can be changed."}

INDEPENDENT = ("profile", "orders", "alerts")
ROUTES = (*INDEPENDENT, "address")
PATIENCE = 2.0  # seconds; paid by wrong answers only
SHIP_TO = "The address's number is in the profile: its call has to wait for that one, and for no other."


async def check_same_page(account_page, same, rng):
    """Whoever asks for a page gets what the merged code gave, also when a call is late or fails."""
    world = shop_world(rng, watched=True)
    customer, other = rng.sample(Data.customers, 2)
    about = f"/customers/{customer}"

    async def page(f, w):
        return await f(w.api, customer)

    def changed_and_late(w):
        revised(w)
        late(0.06, "alerts")(w)

    async def two(f, w):
        return await asyncio.gather(f(w.api, customer), f(w.api, other))

    async def twice(f, w):
        return await asyncio.gather(f(w.api, customer), f(w.api, customer))

    def no_address(w):
        w.shop.break_calls(f"/addresses/{w.shop.data.profile(customer)['address']}", calls=(1,))

    situations = (
        Situation("one page is asked for", page, seen=asked),
        Situation("the shop's answers change between two visits", page, between=revised, seen=asked),
        Situation("the alerts have changed and are late on a second visit", page, between=changed_and_late),
        Situation(
            "orders and alerts are late", page, late(0.1, "orders", "alerts"), seen=asked, impatient=True
        ),
        Situation("the profile comes last", page, late(0.02, "profile", "address"), impatient=True),
        Situation("two pages are asked for at once", two, seen=asked),
        Situation("one page is asked for twice at once", twice, seen=asked),
        Situation("a page is asked for again", page, again=True),
        Situation("there is no such customer", lambda f, w: f(w.api, 999)),
        *(
            Situation(f"the call for the {name} fails once", page, fails(path, calls=(1,)))
            for name, path in (
                ("profile", about),
                ("orders", f"{about}/orders"),
                ("alerts", f"{about}/alerts"),
            )
        ),
        *(
            Situation(f"there are no {name} of that customer", page, fails(f"{about}/{name}", status=404))
            for name in ("orders", "alerts")
        ),
        Situation("the call for the address fails once", page, no_address),
    )
    await same(
        account_page,
        world,
        situations,
        why={"ship_to": SHIP_TO, "seen": asked_otherwise, "error": _too_early},
    )


async def check_independent_calls_overlap(account_page, shop):
    """Calls that do not need each other are in flight together."""
    shop.set(*ROUTES, latency=0.0)  # they are held as long as they have to be
    customer = shop.any_customer()
    with count_calls("asyncio.tasks:gather") as gathers, watch_tasks() as tasks:
        async with (
            shop.session() as api,
            shop.traffic() as traffic,
            shop.rendezvous(routes=INDEPENDENT, patience=PATIENCE) as meeting,
        ):
            with slow_timers():  # who asks by the clock asks too late
                await account_page(api, customer)
            # before aiohttp closes the session with a gather of its own
            one_by_one, made = tasks.peak <= 1, (gathers.count, tasks.created)
    one_by_one &= meeting.most_together == 1
    assert meeting.met, _why_not(*made) if one_by_one else _alone(meeting, traffic)
    return f"{meeting.most_together} calls of one page were in flight together; as merged, it was 1."


async def check_pages_overlap(account_page, same, shop):
    """While one page waits, another one can be served."""
    shop.set(*ROUTES, latency=0.0)
    async with shop.session() as api:
        pages = [account_page(api, shop.any_customer()) for _ in range(2)]
        meeting = await same.together(shop, INDEPENDENT * 2, *pages, patience=PATIENCE)
    assert meeting.met, (
        f"Of two pages asked for at once, only {meeting.most_together} of 6 calls were in flight together: "
        "while one page waits, nothing else runs. Is there a thread that is joined, a client that blocks, "
        "or one lock for all pages?"
    )
    return "Two pages at once had all 6 of their independent calls in flight together."


async def interest_how_much_faster(as_merged, account_page):
    """How much faster one page is here."""
    with Shop() as shop:
        for route, settings in shop.settings.items():
            shop.set(route, latency=settings.latency / 2)
        async with shop.session() as api:
            customer = shop.any_customer()
            ratio = await compare_async(
                lambda: as_merged(api, customer), lambda: account_page(api, customer), repeat=5
            )
    return f"Here, your page is {ratio}, with the shop answering in half its usual time."


# --- the exercise: the same mistake in a comprehension


async def check_exercise_same_board(stock_board, same, rng):
    """Whoever makes a board gets what the merged code gave, whoever answers first or fails."""
    sold_out = rng.choice([number for number in Data.suppliers if number % SOLD_OUT == 0])
    suppliers = [sold_out, *rng.sample([number for number in Data.suppliers if number != sold_out], 4)]
    doubled = [*suppliers[:2], suppliers[0]]

    def board(which):
        return lambda f, w: f(w.api, list(which))

    def down(*which, **calls):
        return fails(*(f"/suppliers/{number}/stock" for number in which), **calls)

    def no_levels(w):
        w.shop.answer_with(f"/suppliers/{suppliers[2]}/stock", answer={"supplier": suppliers[2]})

    situations = (
        Situation("a board is made", board(suppliers), seen=asked, ordered_keys=True),
        Situation(
            "suppliers answer in another order", board(suppliers), shuffled("stock"), ordered_keys=True
        ),
        Situation("the suppliers are late", board(suppliers), late(0.05, "stock"), impatient=True),
        Situation("the stock changes between two boards", board(suppliers), between=revised),
        Situation("a board is made again", board(suppliers), again=True),
        Situation("there is no supplier", board([])),
        Situation("there is one supplier", board(suppliers[:1])),
        Situation("a supplier is named twice", board(doubled)),
        Situation(f"supplier {suppliers[3]} fails once", board(suppliers), down(suppliers[3], calls=(1,))),
        Situation(
            f"supplier {suppliers[0]}, named twice, fails once",
            board(doubled),
            down(suppliers[0], calls=(1,)),
        ),
        Situation("a supplier's answer has no levels", board(suppliers), no_levels),
        Situation("all suppliers fail", board(suppliers[:2]), down(*suppliers[:2])),
    )
    await same(
        stock_board, shop_world(rng, watched=True), situations, noun="supplier", why={"seen": asked_otherwise}
    )


async def check_exercise_calls_overlap(stock_board, shop, rng):
    """All suppliers are asked before the first one has answered."""
    shop.set("stock", latency=0.0)  # they are held as long as they have to be
    for number in (2, 5, len(shop.data.suppliers)):
        suppliers = rng.sample(shop.data.suppliers, number)
        with (
            count_calls("asyncio.tasks:gather") as gathers,
            count_calls("asyncio.tasks:sleep") as sleeps,
            watch_tasks() as tasks,
        ):
            async with (
                shop.session() as api,
                shop.rendezvous(number, ("stock",), patience=PATIENCE) as meeting,
            ):
                with slow_timers():  # who asks by the clock asks too late
                    await stock_board(api, suppliers)
                one_by_one, made = tasks.peak <= 1, (gathers.count, tasks.created)
        pauses = sum(slept["delay"] > 0 for slept in sleeps.arguments)
        assert meeting.met or not pauses, (
            f"{many(pauses, 'call')} waited by the clock before being sent, while those sent first were being "
            "answered. What do the pauses wait for?"
        )
        assert meeting.met, (
            _why_not(*made)
            if one_by_one and meeting.most_together == 1
            else f"Of {number} calls only {meeting.most_together} were in flight together. "
            "What do the others wait for?"
        )
    return f"All {meeting.most_together} calls were in flight together."


async def check_exercise_boards_overlap(stock_board, same, shop, rng):
    """While one board waits, another one can be made."""
    shop.set("stock", latency=0.0)
    async with shop.session() as api:
        boards = [stock_board(api, rng.sample(shop.data.suppliers, 4)) for _ in range(2)]
        meeting = await same.together(shop, ("stock",) * 8, *boards, patience=PATIENCE)
    assert meeting.met, (
        f"Of two boards made at once, only {meeting.most_together} of 8 calls were in flight together: "
        "while one board waits, nothing else runs. Is there a thread that is joined, a client that blocks, "
        "or one lock for all boards?"
    )


# --- what the checks share


def _too_early(error):
    """Say why an address is not found."""
    status, url = getattr(error, "status", 0), str(getattr(getattr(error, "request_info", ""), "url", ""))
    return SHIP_TO if status == 404 and "/addresses/" in url else ""


def _alone(meeting, traffic):
    together = (
        f"At most {meeting.most_together} of the 3 independent calls were in flight together, not all 3"
    )
    calls = {call.route: call for call in traffic.of(*INDEPENDENT)}
    for route, call in calls.items():
        others = [other for name, other in calls.items() if name != route]
        if all(call.ended <= other.started for other in others):
            return f"{together}: `{route}` was answered before the others were sent. Do they need its answer?"
        if all(call.started >= other.ended for other in others):
            return f"{together}: `{route}` was sent when the others had been answered. Does it need theirs?"
    return f"{together}. Which of them waits for another?"


def _why_not(gathers, tasks):
    if gathers:
        return (
            "At most 1 call was in flight at once: gather was called with one call at a time, "
            "and it can overlap only what it is given together."
        )
    if tasks:
        return (
            "At most 1 call was in flight at once: tasks were made, but each was awaited before the next was made. "
            "Start all of them first, then await."
        )
    return "At most 1 call was in flight at once: each await waits for the one before it, and a coroutine that nobody awaits yet has not begun. What could start earlier?"

"""One await at a time: independent calls wait for each other."""

import asyncio

import aiohttp

from kettle.checking import Question
from kettle.probes.calls import count_calls
from kettle.probes.ratio import compare_async
from kettle.probes.tasks import watch_tasks
from kettle.shop import Shop

MISTAKE = EXERCISE_MISTAKE = "each await waits for the one before it"

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

INDEPENDENT = ("profile", "orders", "alerts")
PATIENCE = 2.5  # seconds; paid by wrong answers only


async def check_same_page(account_page, shop, rng):
    """The page shows what it showed before."""
    customers = rng.sample(shop.data.customers, 3)
    async with shop.traffic() as traffic, shop.session() as api:
        for customer in customers:
            _same(await _page(account_page, api, customer), _expected(shop.data, customer))
    for route in (*INDEPENDENT, "address"):
        asked = traffic.by_route.get(route, 0)
        assert asked == len(customers), (
            f"{len(customers)} pages asked for `{route}` {asked} times: each page asks once for each part. "
            + (
                "Where did the others come from, an earlier run?"
                if asked < len(customers)
                else "Is it asked twice?"
            )
        )


async def check_independent_calls_overlap(account_page, shop, notes):
    """Calls that do not need each other are in flight together."""
    customer = shop.any_customer()
    with count_calls("asyncio.tasks:gather") as gathers, watch_tasks() as tasks:
        async with (
            shop.session() as api,
            shop.traffic() as traffic,
            shop.rendezvous(routes=INDEPENDENT, patience=PATIENCE) as meeting,
        ):
            await account_page(api, customer)
            # before aiohttp closes the session with a gather of its own
            one_by_one, made = tasks.peak <= 1, (gathers.count, tasks.created)
    one_by_one &= meeting.most_together == 1
    assert meeting.met, _why_not(*made) if one_by_one else _alone(meeting, traffic)
    async with shop.traffic() as traffic, shop.session() as api:
        await account_page(api, customer)
    address, *others = (traffic.of(route)[0] for route in ("address", "orders", "alerts"))
    if address.started >= max(call.ended for call in others):
        notes.append(
            "The address waits for the orders too, though it needs only the profile. Worth a thought."
        )
    return f"{meeting.most_together} calls of one page were in flight together; as merged, it was 1."


async def check_pages_overlap(account_page, shop):
    """While one page waits, another one can be served."""
    first, second = shop.any_customer(), shop.any_customer()
    async with shop.session() as api, shop.rendezvous(routes=INDEPENDENT * 2, patience=PATIENCE) as meeting:
        await asyncio.gather(account_page(api, first), account_page(api, second))
    assert meeting.met, (
        f"Of two pages asked for at once, only {meeting.most_together} of 6 calls were in flight together: "
        "while one page waits, nothing else runs. Is there a thread that is joined, or a client that blocks?"
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


async def check_exercise_same_board(stock_board, shop, rng):
    """The board shows what it showed before."""
    shop.set("stock", latency=0.02, jitter=0.04)  # answers come in another order than they were asked for
    suppliers = rng.sample(shop.data.suppliers, 8)
    expected = {supplier: shop.data.stock(supplier)["levels"] for supplier in suppliers}
    async with shop.traffic() as traffic, shop.session() as api:
        board = await stock_board(api, list(suppliers))
    assert isinstance(board, dict), f"The board is {_kind(board)}, not a dictionary: what was never awaited?"
    for supplier in suppliers:
        assert supplier in board, f"Supplier {supplier} is missing from the board."
        level = board[supplier]
        assert not asyncio.iscoroutine(level) and not asyncio.isfuture(level), (
            f"Supplier {supplier} has {_kind(level)} on the board, not its stock: what was never awaited?"
        )
        owner = next((other for other, levels in expected.items() if levels == level), None)
        assert level == expected[supplier], (
            f"Supplier {supplier} has the stock of supplier {owner} on the board: "
            "in which order do your results come?"
            if owner
            else f"The stock of supplier {supplier} is not what the supplier answers. Is it from an earlier run?"
        )
    asked = traffic.by_route.get("stock", 0)
    assert asked == len(suppliers), f"{len(suppliers)} suppliers were asked {asked} times: each once, please."


async def check_exercise_calls_overlap(stock_board, shop, rng):
    """All suppliers are asked before the first one has answered."""
    for number in (5, 9):
        suppliers = rng.sample(shop.data.suppliers, number)
        with count_calls("asyncio.tasks:gather") as gathers, watch_tasks() as tasks:
            async with (
                shop.session() as api,
                shop.rendezvous(number, ("stock",), patience=PATIENCE) as meeting,
            ):
                await stock_board(api, suppliers)
                one_by_one, made = tasks.peak <= 1, (gathers.count, tasks.created)
        assert meeting.met, (
            _why_not(*made)
            if one_by_one and meeting.most_together == 1
            else f"Of {number} calls only {meeting.most_together} were in flight together. "
            "What do the others wait for?"
        )
    return f"All {meeting.most_together} calls were in flight together."


async def check_exercise_boards_overlap(stock_board, shop, rng):
    """While one board waits, another one can be made."""
    suppliers = rng.sample(shop.data.suppliers, 4)
    async with shop.session() as api, shop.rendezvous(8, ("stock",), patience=PATIENCE) as meeting:
        await asyncio.gather(stock_board(api, suppliers), stock_board(api, suppliers))
    assert meeting.met, (
        f"Of two boards made at once, only {meeting.most_together} of 8 calls were in flight together: "
        "while one board waits, nothing else runs. Is there a thread that is joined, or a client that blocks?"
    )


# --- what the checks share


async def _page(account_page, api, customer):
    try:
        return await account_page(api, customer)
    except aiohttp.ClientResponseError as error:
        assert "/addresses/" not in str(error.request_info.url), (
            f"The shop answered {error.status} for an address: its number is in the profile, "
            "so it cannot be asked for before the profile has come. Which call has to wait?"
        )
        raise


def _expected(data, customer):
    profile = data.profile(customer)
    return {
        "name": profile["name"],
        "orders": data.orders(customer),
        "alerts": data.alerts(customer),
        "ship_to": data.address(profile["address"]),
    }


def _same(page, expected):
    assert isinstance(page, dict), f"The page is {_kind(page)}, not a dictionary: what was never awaited?"
    for part, value in expected.items():
        assert part in page, f"The page has no `{part}` any more."
        given = page[part]
        assert not asyncio.iscoroutine(given) and not asyncio.isfuture(given), (
            f"`{part}` is {_kind(given)}, not its result: what was never awaited?"
        )
        assert given == value or part != "ship_to", (
            "`ship_to` is not where the customer lives: the address's number is in the profile, "
            "so it cannot be asked for before the profile has come."
        )
        assert given == value, (
            f"`{part}` is not what the shop answers for this customer. Are the results in the order of the calls, "
            "and are they from this run?"
        )


def _kind(thing):
    name = type(thing).__name__
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"


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
    return "At most 1 call was in flight at once: each await waits for the one before it. What could start earlier?"

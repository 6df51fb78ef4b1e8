"""One await at a time: independent calls wait for each other."""

import asyncio

from kettle.checking.equivalence import (
    Situation,
    asked,
    asked_otherwise,
    fails,
    late,
    revised,
    shop_world,
    slow_timers,
)
from kettle.probes.calls import count_calls
from kettle.probes.ratio import compare_async
from kettle.probes.tasks import watch_tasks
from kettle.shop import Shop
from kettle.shop.data import Data

from .world import PATIENCE, _why_not

INDEPENDENT = ("profile", "orders", "alerts")


ROUTES = (*INDEPENDENT, "address")


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

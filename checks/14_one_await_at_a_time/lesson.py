"""One await at a time: independent calls wait for each other."""

from contextlib import asynccontextmanager

from kettle.checking import Case, Contract, worlds
from kettle.checking.equivalence import asked, asked_otherwise, fails, late, revised
from kettle.lessons.overlap import CallersOverlap, Overlap
from kettle.shop.data import Data

INDEPENDENT = ("profile", "orders", "alerts")


def address_unknown(error):
    """Say why there is no such address."""
    asked_for = str(getattr(getattr(error, "request_info", ""), "url", ""))
    return lesson.say("address") if "/addresses/" in asked_for else ""


lesson = Contract(
    "account_page",
    world=worlds.shop(
        lambda rng, _: dict(zip(("customer", "other"), rng.sample(Data.customers, 2), strict=True))
    ),
    call=lambda page, w, who="customer": page(w.api, getattr(w, who)),
    observe=asked,
    why={"ship_to": "address", "seen": asked_otherwise, "error": address_unknown},
    cases={
        "one page is asked for": Case(),
        "the shop's answers change between two visits": Case(between=revised),
        "orders and alerts are late": Case(prepare=late(0.1, "orders", "alerts"), impatient=True),
        "the profile comes last": Case(prepare=late(0.02, "profile", "address"), impatient=True),
        "there is no such customer": Case(call=lambda page, w: page(w.api, 999)),
        "there are no alerts of that customer": Case(
            prepare=lambda w: fails(f"/customers/{w.customer}/alerts", status=404)(w)
        ),
    },
    at_once=[("customer",), ("other",)],
    fails={
        "profile": "/customers/{customer}",
        "orders": "/customers/{customer}/orders",
        "alerts": "/customers/{customer}/alerts",
    },
)


def a_page(page, api, shop, *_):
    """Ask for one page."""
    return page(api, shop.any_customer())


lesson.cause(Overlap(a_page, INDEPENDENT))
lesson.cause(CallersOverlap(a_page, INDEPENDENT, "page"))


@lesson.faster
@asynccontextmanager
async def one_page(shop):
    """Let the shop answer in half its usual time, and ask for one page."""
    for route, settings in shop.settings.items():
        shop.set(route, latency=settings.latency / 2)
    customer = shop.any_customer()
    async with shop.session() as api:
        yield lambda page: page(api, customer)

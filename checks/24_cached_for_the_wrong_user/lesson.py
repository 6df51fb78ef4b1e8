"""Cached for the wrong user: a page is kept under a key that does not say who asked for it."""

import re
from collections import Counter

from kettle.checking import Case, Contract
from kettle.checking.worlds import World
from kettle.lessons.storefront import Storefront, name_of

from .world import CLOCK, site

MINUTE, NEARLY = 61.0, 45.0  # seconds; `NEARLY` a minute
PEOPLE = 10  # who visit in both languages
BROWSERS = {"en": ("en", "en-GB,en;q=0.8"), "de": ("de", "de-AT,de;q=0.9")}  # what they say of each language


def ready(sales, week=1, fails=False):
    """Let sales answer at once, or fail once, and forget what it was asked."""
    sales.seconds, sales.week, sales.fails = 0.0, week, fails
    sales.asked.clear()


def ask(front_page, w, who, language):
    """Ask for the page, and send its form."""
    w.shop = w.shop or Storefront(front_page)
    page = w.shop.visit(who, language)
    return {"name": page.name, "best": list(page.best), "form": w.shop.add(who)}


lesson = Contract(
    "front_page",
    world=World((), lambda: site),
    call=ask,
    again=False,
    why={"best": "ended"},
    cases={
        "a customer asks for the page": Case("Alice", "en", prepare=lambda w: ready(w.names["sales"])),
        "a guest asks for the page in another week": Case(
            "guest", "en", prepare=lambda w: ready(w.names["sales"], week=2)
        ),
        "the best sellers cannot be read": Case(
            "Alice", "en", prepare=lambda w: ready(w.names["sales"], week=3, fails=True)
        ),
    },
)


@lesson.cause
def nothing_crosses(front_page, sales, rng):
    """Let customers and guests visit in several orders, add to baskets, and compare each page with theirs."""
    two = [(who, language) for who in ("Alice", "Bob") for language in ("en", "de")]
    orders = [two * 2, [(who, "en") for who in ("guest 1", "guest 2", "Alice")]]
    orders += [rng.sample(two * 2, 8) for _ in range(3)]
    for analytics in (False, True):
        for order in orders:
            with site():
                ready(sales, rng.randrange(100))
                shop, baskets = Storefront(front_page, analytics), Counter()
                for who, language in order:
                    page = shop.visit(who, language)
                    compare(page, baskets[who], sales.now(language))
                    assert shop.add(who) == 302, lesson.say("form", who=who.capitalize())
                    baskets[who] += 1
    return lesson.say("own")


def compare(page, basket, best):
    """Say what is wrong on a page.

    Args:
        page: the Visit.
        basket, best: what belongs on the page.
    """
    name, kept = name_of(page.who), lesson.say("kept", at=page.key) if page.found else ""
    if page.name != name:
        vary = lesson.say("vary") if page.found and "Cookie" in page.headers.get("Vary", "") else ""
        raise AssertionError(
            lesson.say("crossed", who=name.capitalize(), got=page.name, kept=kept, vary=vary)
        )
    assert page.basket == basket, lesson.say("basket", who=page.who, expected=basket, got=page.basket)
    assert list(page.best) == best, lesson.say(
        "best", who=page.who, language=page.language, expected=best[0], got=(*page.best, "nothing")[0]
    )


@lesson.cause
def shared_once(front_page, sales, rng):
    """Count how often the best sellers are worked out within a minute; then see that they change after it."""
    visits = 0
    with site():
        ready(sales)
        shop, people = Storefront(front_page, analytics=True), [f"Customer {n}" for n in range(PEOPLE)]
        for moment in (0.0, NEARLY):
            CLOCK.later(moment)
            for who in rng.sample(people * 2, 2 * PEOPLE):
                for language, browsers in BROWSERS.items():
                    shop.visit(who, language, {"accept-language": rng.choice(browsers)})
                    visits += 1
            asked = len(sales.asked)
            why = "each" if asked == visits else "short" if moment else "often"
            assert asked <= 2, lesson.say(why, n=asked, of=visits, seconds=NEARLY)
        CLOCK.later(MINUTE)
        sales.week += 1
        for language in ("en", "de"):
            page = shop.visit("Alice", language)
            assert list(page.best) == sales.now(language), lesson.say(
                "old", expected=sales.now(language)[0], got=(*page.best, "nothing")[0]
            )
    return lesson.say("rate", rate=1 - asked / visits, n=visits)


@lesson.cause
def private(front_page, sales):
    """Read what the page says to the caches between the shop and the visitor."""
    with site():
        ready(sales)
        shop = Storefront(front_page)
        for who in ("Alice", "Bob"):
            page = shop.visit(who, "en")
            said = page.headers.get("Cache-Control", "")
            words = {each.strip().lower() for each in said.split(",")}
            assert words & {"private", "no-store"}, lesson.say("public", got=said or "no such header")
            aged = re.search(r"max-age=(\d*[1-9]\d*)", said)
            assert not aged or words & {"no-store", "no-cache"}, lesson.say("browser", got=said)

"""The shop's site is real Django: its cache, its sessions and its tokens do what Django's documentation says."""

import pytest
from django.core.cache import cache
from django.views.decorators.cache import cache_control, cache_page
from django.views.decorators.vary import vary_on_cookie

from kettle.lessons.storefront import Sales, Storefront, noted, set_up, short

set_up()
from django.shortcuts import render  # noqa: E402

SALES = Sales(0.0)


def personal(request):
    name, basket = request.session.get("name", "guest"), request.session.get("basket", [])
    page = {"name": name, "basket": basket, "best": SALES.best(request.LANGUAGE_CODE)}
    return render(request, "front_page.html", page)


ONLY_CACHED = cache_page(60)(personal)
VARY_ABOVE = vary_on_cookie(ONLY_CACHED)
VARY_BELOW = cache_page(60)(vary_on_cookie(personal))


def visits(view, analytics=False):
    shop = Storefront(view, analytics)
    return [shop.visit(who, language) for language in ("en", "de", "en") for who in ("Alice", "Bob")]


@pytest.mark.parametrize(
    ("view", "analytics", "crossed", "found"),
    [
        (personal, False, 0, 0),
        (ONLY_CACHED, False, 3, 4),
        (VARY_ABOVE, False, 3, 4),
        (VARY_BELOW, False, 0, 2),
        (VARY_BELOW, True, 0, 0),
        (cache_control(private=True)(ONLY_CACHED), False, 3, 4),
        (cache_page(60)(cache_control(private=True)(personal)), False, 0, 0),
    ],
    ids=["uncached", "plain", "above", "below", "below with analytics", "private above", "private below"],
)
def test_the_order_of_decorators_decides_who_gets_what(view, analytics, crossed, found):
    seen = visits(view, analytics)
    assert sum(visit.crossed for visit in seen) == crossed
    assert sum(visit.found for visit in seen) == found
    assert {visit.best[0] for visit in seen} == {"Teapot no. 1", "Teekanne no. 1"}


def test_the_header_is_there_though_the_page_crossed_over():
    second = visits(VARY_ABOVE)[1]
    assert second.crossed
    assert "Cookie" in second.headers["Vary"]


def test_a_form_needs_the_token_of_the_one_who_sends_it():
    shop = Storefront(ONLY_CACHED)
    for who, status in (("Alice", 302), ("Bob", 403)):
        shop.visit(who)
        assert shop.add(who) == status
    shop = Storefront(personal)
    for number in range(3):
        assert shop.visit("Alice").basket == number
        assert shop.add("Alice") == 302
    assert shop.visit("Bob").basket == 0


def test_guests_without_cookies_share_a_page_and_its_token():
    shop = Storefront(VARY_BELOW)
    assert [shop.visit(guest).crossed for guest in ("guest 1", "guest 2")] == [False, False]
    assert [shop.add(guest) for guest in ("guest 1", "guest 2")] == [302, 403]


def test_a_page_from_the_cache_has_an_age():
    shop = Storefront(ONLY_CACHED)
    assert ["Age" in shop.visit(who).headers for who in ("Alice", "Bob")] == [False, True]


def test_a_key_is_told_with_whether_it_was_found():
    assert noted([]) == ("", False)
    assert noted([("best", False), ("best", False), ("best", True)]) == ("best", False)
    assert noted([("views.decorators.cache.cache_header..0.en", True), ("best", True)]) == ("best", True)
    assert short("best-sellers:en") == "best-sellers:en"
    assert visits(VARY_BELOW)[0].key.startswith("page / en cookie ")
    assert visits(VARY_ABOVE)[0].key == "page / en"
    cache.clear()


def test_sales_fail_once_and_count():
    sales = Sales(0.0)
    sales.fails = True
    with pytest.raises(ConnectionError):
        sales.best("en")
    assert sales.best("en") == sales.now("en")
    assert sales.asked == ["en", "en"]

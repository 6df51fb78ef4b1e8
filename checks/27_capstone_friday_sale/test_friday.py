"""The sale, its meters, the lab book, and functions that are kept."""

import asyncio
import time

import pytest

from kettle.lessons.friday import CUSTOMERS, FIRST, ORDERS, Sale, Visit, open_books, sell, what_if
from kettle.lessons.lab_book import LabBook, kept, response_times
from kettle.shop import Shop


@pytest.fixture(scope="module")
def shop():
    with Shop(seed=27) as shop:
        yield shop


@pytest.fixture(scope="module")
def books():
    with open_books() as books:
        yield books


def sale(*seconds, **seen):
    meters = {"held": 0.0, "held_by": "", "busy": 0.0, "statements": 2.0, "connections": 1, "in_flight": 3}
    visits = tuple(Visit(number / 12, took, 200) for number, took in enumerate(seconds))
    return Sale(visits, **{**meters, "opened": 1, **seen})


def test_a_percentile_is_the_nearest_rank():
    seen = sale(*(number / 1000 for number in range(1, 21)))
    assert seen.late(95) == pytest.approx(19)
    assert seen.late(50) == pytest.approx(10)
    assert sale(0.5).late(95) == pytest.approx(500)


def test_the_books_belong_to_the_shops_customers(shop, books):
    owners = [row["customer_id"] for row in books.data.orders]
    assert set(owners) == set(range(FIRST, FIRST + CUSTOMERS)) <= set(shop.data.customers)
    assert {owners.count(each) for each in set(owners)} == {ORDERS}


def test_a_sale_counts_what_its_pages_do(shop, books):
    async def page(larder, customer, postcode):
        profile, *_ = await asyncio.gather(larder.get(f"/customers/{customer}"), larder.get("/health"))
        return {"name": profile["name"], "postcode": postcode}

    seen = asyncio.run(sell(page, shop, books, seconds=0.5))
    assert len(seen.visits) == 6
    assert seen.errors == 0
    assert seen.pages[0]["name"] == shop.data.profile(FIRST)["name"]
    assert seen.statements == 0
    assert seen.in_flight >= 2


def test_a_step_that_holds_the_loop_is_seen_and_later_visitors_wait(shop, books):
    async def page(larder, customer, postcode):
        time.sleep(0.12)  # noqa: ASYNC251 - it is what is looked for
        return {}

    seen = asyncio.run(sell(page, shop, books, seconds=1))
    assert seen.held >= 0.1
    assert "time.sleep in page" in seen.held_by
    assert seen.busy > 0.5
    assert seen.visits[-1].seconds > seen.visits[0].seconds


def test_a_page_that_fails_is_an_error(shop, books):
    async def page(larder, customer, postcode):
        raise LookupError(customer)

    assert asyncio.run(sell(page, shop, books, seconds=0.2)).errors == 2


def test_what_if_puts_everything_back(shop, books):
    async def page(larder, customer, postcode):
        return await larder.get(f"/customers/{customer}")

    usual, delay = dict(shop.settings), books.delay
    found = asyncio.run(what_if(page, shop, books, seconds=0.2))
    assert next(iter(found)) == "nothing is free"
    assert found["profile and alerts free"].late(50) < found["nothing is free"].late(50)
    assert (shop.settings, books.delay) == (usual, delay)


def test_the_lab_book_has_a_row_for_each_sale():
    book = LabBook(budget=200)
    book.note(sale(0.3, 0.4), hypothesis="the courier", change="a client")
    shown = book.note(sale(0.1, 0.1), hypothesis="the lines", change="selectinload")
    assert "200 ms" in shown.text
    assert "400 ms" in shown.text
    assert "selectinload" in shown.text
    assert len(book.entries) == 2


def test_response_times_are_drawn_beside_the_budget():
    drawn = response_times({"as merged": sale(0.3, 0.9)}, 200, "The sale")
    assert "the budget" in drawn.text


def test_kept_functions_go_on_calling_each_other():
    names = {}
    exec("def part():\n    return 1\n\n\ndef whole():\n    return part()\n", names)
    held = kept(names["part"], names["whole"])
    exec("def part():\n    return 2\n", names)
    assert (held.whole(), names["whole"]()) == (1, 2)

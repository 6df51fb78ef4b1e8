"""Calls that have to be in flight together are told apart from answers, and from callers that wait for one another."""

import asyncio
from types import SimpleNamespace

import pytest
from made_contracts import contract, told

from kettle.checking import Case, worlds
from kettle.lessons.overlap import CallersOverlap, Overlap
from kettle.shop import Shop


async def get(api, path):
    async with api.get(path) as response:
        response.raise_for_status()
        return await response.json()


def paths(customer):
    return f"/customers/{customer}", f"/customers/{customer}/orders", f"/customers/{customer}/alerts"


async def in_turn(api, customer):
    return [await get(api, path) for path in paths(customer)]


async def together(api, customer):
    return list(await asyncio.gather(*(get(api, path) for path in paths(customer))))


async def gathers_one(api, customer):
    return [(await asyncio.gather(get(api, path)))[0] for path in paths(customer)]


async def awaits_each_task(api, customer):
    return [await asyncio.create_task(get(api, path)) for path in paths(customer)]


async def first_alone(api, customer):
    first, *others = paths(customer)
    return [await get(api, first), *await asyncio.gather(*(get(api, path) for path in others))]


async def last_alone(api, customer):
    *others, last = paths(customer)
    return [*await asyncio.gather(*(get(api, path) for path in others)), await get(api, last)]


async def loses_one(api, customer):
    return (await together(api, customer))[:-1]


LOCK = SimpleNamespace()


async def one_caller_at_a_time(api, customer):
    async with LOCK.lock:
        return await together(api, customer)


ROUTES = ("profile", "orders", "alerts")


def a_page(page, api, shop, *_):
    return page(api, shop.any_customer())


@pytest.fixture(scope="module")
def pages():
    made = contract(
        "page",
        world=worlds.shop(lambda rng, _: {"customer": 1001}),
        cases={"a page is asked for": Case()},
        call=lambda page, w: page(w.api, w.customer),
        fails={"orders": "/customers/{customer}/orders"},
    )
    made.cause(Overlap(a_page, ROUTES))
    made.cause(CallersOverlap(a_page, ROUTES, "page"))
    return made


def told_of_page(pages, answer, check, monkeypatch):
    monkeypatch.setattr("kettle.lessons.overlap.PATIENCE", 0.5)
    LOCK.lock = asyncio.Lock()
    with Shop(seed=5) as shop:
        return told(pages, answer, in_turn, check, shop=shop)


RIGHT = {"answers": None, "overlap": "3 calls were in flight", "callers_overlap": "6 calls in flight"}


@pytest.mark.parametrize(
    ("answer", "wrong"),
    [
        (together, {}),
        (in_turn, {"overlap": "A coroutine starts when", "callers_overlap": "got 2. While one page waits"}),
        (gathers_one, {"overlap": "`gather` was given one call at a time", "callers_overlap": "got 2"}),
        (awaits_each_task, {"overlap": "Tasks were made, but each was awaited", "callers_overlap": "got 2"}),
        (first_alone, {"overlap": "`profile` is awaited alone, before", "callers_overlap": "expected 6"}),
        (last_alone, {"overlap": "`alerts` is sent after the others", "callers_overlap": "expected 6"}),
        (loses_one, {"answers": "When a page is asked for, expected 3 entries, got 2"}),
        (one_caller_at_a_time, {"callers_overlap": "Two pages were asked for at once: expected 6 calls"}),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_overlap_is_told_apart_from_answers_and_from_callers(pages, answer, wrong, monkeypatch):
    for check, right in RIGHT.items():
        said = told_of_page(pages, answer, check, monkeypatch)
        expected = wrong.get(check, right)
        assert said is None if expected is None else expected in said, check


def test_overlap_is_looked_for_with_each_number_of_calls(monkeypatch):
    def stock(api, number):
        return get(api, f"/suppliers/{number}/stock")

    async def board(api, suppliers):
        return await asyncio.gather(*(stock(api, number) for number in suppliers))

    async def five_at_a_time(api, suppliers):
        limit = asyncio.Semaphore(5)

        async def limited(number):
            async with limit:
                return await stock(api, number)

        return await asyncio.gather(*(limited(number) for number in suppliers))

    def a_board(board, api, shop, number):
        return board(api, list(shop.data.suppliers)[:number])

    made = contract("board")
    made.cause(Overlap(a_board, ("stock",), numbers=(2, 7)))
    assert told_of_page(made, board, "overlap", monkeypatch) == "7 calls were in flight together."
    assert "Expected 7 calls in flight together, got 5" in told_of_page(
        made, five_at_a_time, "overlap", monkeypatch
    )

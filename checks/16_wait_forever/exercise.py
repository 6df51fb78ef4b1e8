"""Wait for ever: a call without a deadline of its own holds whoever waits for it, and what they hold."""

import asyncio
from contextlib import asynccontextmanager
from types import SimpleNamespace

from kettle.checking.causes.virtually import moving, virtually
from kettle.checking.deadline import end_of
from kettle.checking.equivalence import Situation, Told
from kettle.checking.pages import WAITS, PagePool, Wait, page_ends, page_is_left, uncollected, used_otherwise
from kettle.checking.runner.errors import told

from .world import BUDGET, LONG, OTHER_CLOCK, OUTLIVED, SHORT, _given, _still, _why_none

AT_ONCE = 9  # pages, and connections


def check_same_pages(order_page, same, rng):
    """The same pages are made, as long as they can be had in time."""
    _play_pages(
        same,
        order_page,
        Situation("a page is asked for", _page(), seen=_books),
        Situation("an order changes between two visits", _page(), between=lambda w: w.pool.revise()),
        Situation("a page is asked for again", _page(), again=True),
        Situation(
            f"{AT_ONCE} pages are asked for at once, two of them of one order",
            _many_pages(same),
            _many_connections,
            seen=_books,
        ),
        Situation(
            "a query fails",
            _page(rest=2 * BUDGET),
            lambda w: w.pool.failing.add("lines"),
            raises=LookupError,
        ),
    )


def check_ends_within_its_budget(order_page, rng):
    """Whatever a page waits for, its visitor is told within the budget, and the connection is given back."""
    for budget in (rng.randint(31, 45) / 10, rng.randint(21, 45) / 100):
        for wait in WAITS:
            virtually(page_ends, order_page, budget, wait, OTHER_CLOCK)
    return f"At {len(WAITS)} kinds of wait, each page ended within its budget, and its connection was back."


def check_waits_as_long_as_the_budget(order_page, same):
    """A page that can be had within the budget is waited for."""
    said = f"the budget is {BUDGET} s, and "
    _play_pages(
        same,
        order_page,
        Situation(f"{said}seven tenths of it go by before a connection is free", _page(), _waits(lent=0.7)),
        Situation(f"{said}one query takes eight tenths of it", _page(), _waits(lines=0.8)),
        Situation(
            f"{said}the page before took {2 * BUDGET} s of its {LONG} s",
            _page_after_a_slow_one,
            lambda w: w.pool.takes(buyer=BUDGET, lines=BUDGET),
            why={"error": "It can be had in time. What is kept from one page to the next?"},
        ),
        Situation(
            f"the budget is {SHORT} s, and nearly all of it is needed",
            _page(SHORT, rest=2 * SHORT),
            lambda w: w.pool.begins(Wait("", lines=0.98), SHORT),
        ),
    )


def check_a_visitor_may_leave(order_page):
    """A visitor who leaves gives the connection back, or the place in the queue, at once."""
    for wait in WAITS[:2]:
        virtually(page_is_left, order_page, wait)


def _play_pages(same, order_page, *situations):
    virtually(
        lambda: same(order_page, _database, situations, why={"seen": used_otherwise, "error": _why_none})
    )


def _waits(**parts):
    return lambda w: w.pool.begins(Wait("", **parts), BUDGET)


@asynccontextmanager
async def _database():
    async with uncollected():
        yield SimpleNamespace(pool=PagePool(2))


def _many_connections(w):
    w.pool = PagePool(AT_ONCE)
    _waits(buyer=0.1, lines=0.1)(w)


def _books(w):
    return w.pool.books()


def _page(budget=BUDGET, rest=0.001):
    async def call(f, w):
        ended = await end_of(moving(f(w.pool, 1234, budget), _still))
        await moving(asyncio.sleep(rest), lambda: OUTLIVED)
        if w.pool.lost:
            raise Told(f"{w.pool.lost} A garbage collector comes when it likes.")
        page = _given(ended)
        if not w.pool.asked:
            raise Told(
                "nobody asks through the pool that is given. Whose connection is used, or is it a page from "
                "earlier?"
            )
        return page

    return call


async def _page_after_a_slow_one(f, w):
    slow = await end_of(moving(f(w.pool, 77, LONG), _still))
    if slow.error is not None:
        raise Told(f"that one stops with {told(slow.error)} {_why_none(slow.error)}".strip())
    w.pool.takes(buyer=0.01, lines=0.01)
    return await _page()(f, w)


def _many_pages(same):
    async def call(f, w):
        orders = (*range(1, AT_ONCE), 1)
        pages = asyncio.gather(*(f(w.pool, order, BUDGET) for order in orders))
        ended = await end_of(moving(pages, _still))
        if ended.took > 0.3 * BUDGET and same.compares("overlap"):
            raise Told(
                f"and {w.pool.size} connections are free, one page waits for another: the last ends after "
                f"{ended.took:.1f} s, and alone it takes {0.2 * BUDGET:.1f} s. What do they share?"
            )
        return _given(ended)

    return call

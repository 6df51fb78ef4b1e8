"""What has a deadline, where calls and pages hang, and how it is told that they did not end well."""

import asyncio

import pytest

from kettle.checking.causes.virtually import virtually
from kettle.checking.deadline import Ended, end_of, keeps, leaves_at_once, really_end, stopped
from kettle.checking.equivalence import Told
from kettle.checking.hangs import HANGS, REAL, hanging, really_hanging
from kettle.checking.pages import WAITS, PagePool, page_ends, page_is_left, uncollected


def in_virtual_time(body):
    return virtually(body)


async def ask(api, budget):
    async with asyncio.timeout(budget), api.get("/tax/GB") as response:
        response.raise_for_status()
        return await response.json()


@pytest.mark.parametrize("hang", HANGS, ids=lambda hang: hang.does)
def test_each_hang_lasts_until_it_is_over(hang):
    async def body():
        async with hanging(hang, "tax", 2.0, 1, lambda w: ask(w.api, 9)) as w:
            ended = await end_of(ask(w.api, 2.0 if not hang.fails else 1.5))
            assert isinstance(ended.error, TimeoutError), ended
            assert ended.took == pytest.approx(1.5 if hang.fails else 2.0)
            assert w.calls() == (0 if hang.silent or hang.lent else 1)
            await w.over("It has ended")
            assert await ask(w.api, 2.0) == w.shop.data.tax("GB")

    in_virtual_time(body)


@pytest.mark.parametrize(
    ("pause", "said"), [(0, "is still in flight"), (3, "1 call came to the courier afterwards")]
)
def test_what_goes_on_is_told(pause, said):
    async def body():
        async with hanging(HANGS[0], "tax", 2.0, 1) as w:

            async def goes_on():
                await asyncio.sleep(pause)
                await ask(w.api, 100)

            task = asyncio.create_task(goes_on())
            await asyncio.sleep(2)
            with pytest.raises(AssertionError, match=said):
                await w.over("It has ended")
            task.cancel()

    in_virtual_time(body)


def test_real_servers_hang_where_they_say(monkeypatch):
    monkeypatch.setattr(
        "kettle.checking.runner.patience.Patience.more", lambda self: 0.0
    )  # as on an idle machine

    async def body():
        async with really_hanging("tax") as real:
            assert set(REAL) < set(real.sessions)
            visits = {asyncio.create_task(ask(api, 0.1)): does for does, api in real.sessions.items()}
            await really_end(visits, 5.0, "With {} it")
            await real.over(5.0, "With {} it has ended")
            for does, api in real.sessions.items():
                endless = {asyncio.create_task(ask(api, None)): does}
                with pytest.raises(AssertionError, match=f"With {does} it did not end within 0.2 s"):
                    await really_end(endless, 0.2, "With {} it")
            well = asyncio.create_task(asyncio.sleep(0, "a price"))
            with pytest.raises(AssertionError, match="It returned 'a price'"):
                await really_end({well: ""}, 0.3, "It")

    asyncio.run(body())


def test_a_call_that_runs_on_at_a_real_server_is_told(monkeypatch):
    monkeypatch.setattr("kettle.checking.runner.patience.Patience.more", lambda self: 0.0)

    async def body():
        async with really_hanging("tax") as real:
            runs_on = asyncio.create_task(ask(real.sessions[HANGS[1].does], None))
            visits = {asyncio.create_task(asyncio.wait_for(asyncio.shield(runs_on), 0.1)): HANGS[1].does}
            await really_end(visits, 5.0, "With {} it")
            with pytest.raises(AssertionError, match="it has ended, and its call is still in flight"):
                await real.over(0.2, "With {} it has ended")
            runs_on.cancel()
            await real.over(5.0, "With {} it has ended")

    asyncio.run(body())


@pytest.mark.parametrize(
    ("ended", "said"),
    [
        (Ended(None, TimeoutError(), 3.0), "ended after 3.00 s: why"),
        (Ended({"error": 1}, None, 2.0), r"returned \{'error': 1\}: whoever reads it"),
        (Ended(None, ValueError("x"), 2.0), "stops with ValueError"),
        (Ended(None, ExceptionGroup("two", [TimeoutError()]), 2.0), "a group of errors"),
    ],
)
def test_an_end_that_is_late_or_otherwise_is_told(ended, said):
    keeps(Ended(None, TimeoutError(), 2.0), 2.0, "When, ", "f", "why")
    with pytest.raises(AssertionError, match=said):
        keeps(ended, 2.0, "When, ", "f", "why")


def test_who_is_cancelled_ends_at_once_and_as_cancelled():
    async def good():
        await asyncio.sleep(9)

    async def another():
        try:
            await asyncio.sleep(9)
        except asyncio.CancelledError:
            raise TimeoutError from None

    async def deaf():
        try:
            await asyncio.sleep(9)
        except asyncio.CancelledError:
            await asyncio.sleep(9)

    async def body():
        await leaves_at_once(good(), 1, "It")
        with pytest.raises(AssertionError, match="It stops with TimeoutError"):
            await leaves_at_once(another(), 1, "It")
        with pytest.raises(AssertionError, match="It goes on: the cancellation is swallowed"):
            await leaves_at_once(deaf(), 1, "It")

    in_virtual_time(body)


def test_what_stopped_an_answer_is_told():
    async def body():
        return stopped("With x, ", "never"), stopped("With x, ", "never", "/tax")

    cancelled, endless = in_virtual_time(body)
    assert cancelled.startswith("With x, your code stops with CancelledError")
    assert endless.startswith("With x, `/tax` is asked for again and again")
    assert issubclass(Told, AssertionError)


async def page(pool, budget):
    async with asyncio.timeout(budget), pool.connection() as connection:
        return {"order": 1, **{what: await connection.query(what, 1, budget) for what in ("buyer", "lines")}}


@pytest.mark.parametrize("wait", WAITS, ids=lambda wait: wait.does)
def test_each_wait_is_longer_than_the_budget_and_then_all_is_back(wait):
    async def body():
        pool = PagePool(2)
        pool.begins(wait, 2.0)
        ended = await end_of(page(pool, 2.0))
        assert isinstance(ended.error, TimeoutError)
        await pool.all_back()
        assert (pool.free, pool.waiting, pool.shared) == (2, 0, 0)
        assert await page(pool, 2.0) == pool.page(1)

    in_virtual_time(body)


def test_a_pool_of_pages_keeps_books():
    async def body():
        pool = PagePool(1)
        pool.revise()
        assert (await page(pool, 1))["buyer"].endswith("revised 1 times")
        assert pool.asked == {"buyer": 1, "lines": 1}
        async with pool.connection() as connection:
            await asyncio.gather(connection.query("buyer", 1, 1), connection.query("lines", 1, None))
            waits = asyncio.create_task(page(pool, 1))
            await asyncio.sleep(0.1)
            assert (pool.shared, pool.waiting, pool.free) == (1, 1, 0)
            waits.cancel()
        pool.failing.add("lines")
        with pytest.raises(LookupError):
            await page(pool, 1)
        assert pool._free.qsize() == pool.free == 1
        assert pool.looked_into == 1

    in_virtual_time(body)


def test_a_generator_that_nobody_closes_gives_nothing_back():
    async def body():
        pool = PagePool(1)

        async def parts():
            async with pool.connection() as connection:
                yield connection

        async with uncollected():
            await anext(parts())
            await asyncio.sleep(1)
            assert pool.lost.startswith("1 connection did not come back")
        await asyncio.sleep(1)
        assert not pool.lost

    in_virtual_time(body)


async def keeps_one(pool, order, budget):
    async with asyncio.timeout(budget):
        lending = pool.connection()
        connection = await lending.__aenter__()
        page = {
            "order": order,
            **{what: await connection.query(what, order, budget) for what in ("buyer", "lines")},
        }
        await lending.__aexit__(None, None, None)
        return page


async def asks_twice(pool, order, budget):
    async with asyncio.timeout(budget), pool.connection() as connection:
        try:
            await connection.query("buyer", order, budget / 2)
        except TimeoutError:
            await connection.query("buyer", order, budget)


async def in_the_queue(pool, order, budget):
    return await asyncio.wait_for(asyncio.shield(page(pool, 99)), budget)


@pytest.mark.parametrize(
    ("order_page", "wait", "said"),
    [
        (keeps_one, WAITS[1], "1 connection did not come back to the pool"),
        (asks_twice, WAITS[1], "`buyer` is asked for more than once"),
        (in_the_queue, WAITS[0], "still stands in the pool's queue"),
    ],
)
def test_a_page_that_leaves_something_behind_is_told(order_page, wait, said):
    with pytest.raises(AssertionError, match=said):
        virtually(page_ends, order_page, 2.0, wait, "otherwise")


def test_a_page_that_is_left_gives_its_connection_back():
    with pytest.raises(AssertionError, match="is cancelled, and 1 connection did not come back"):
        virtually(page_is_left, keeps_one, WAITS[1])

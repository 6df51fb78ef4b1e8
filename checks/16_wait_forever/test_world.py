"""A pool of pages: it lends, lets pages wait, and keeps books."""

import asyncio
from pathlib import Path

import pytest

from kettle.checking.causes.virtually import virtually
from kettle.checking.checks import load_module

world = load_module(Path(__file__).parent, "world")


async def page(pool):
    async with pool.connection() as connection:
        assert pool.lost == 1
        return [await connection.query(what, 7, timeout=1) for what in ("buyer", "lines")]


def test_a_page_is_made_and_the_connection_comes_back():
    async def body():
        pool = world.PagePool(2)
        pool.revise()
        found = await page(pool)
        return pool, found

    pool, found = virtually(body)
    assert found == ["the buyer of order 7, revision 1", "the lines of order 7, revision 1"]
    assert (pool.lost, pool.waiting, pool.shared, dict(pool.asked)) == (0, 0, 0, {"buyer": 1, "lines": 1})


def test_a_page_waits_until_the_others_give_back():
    async def body():
        pool, clock = world.PagePool(2), asyncio.get_running_loop().time
        pool.lend_all(3.0)
        waits = asyncio.create_task(page(pool))
        await asyncio.sleep(1)
        assert (pool.waiting, pool.lost) == (1, 0)
        await waits
        return clock(), pool.lost

    took, lost = virtually(body)
    assert 3 <= took < 3.1
    assert not lost


def test_a_connection_that_is_dropped_is_lost():
    async def body():
        pool = world.PagePool(2)
        await pool.connection().__aenter__()
        return pool.lost

    assert virtually(body) == 1


def test_a_query_can_fail_take_too_long_and_be_shared():
    async def body():
        pool = world.PagePool(1)
        pool.failing.add("lines")
        pool.seconds["buyer"] = 9.0
        async with pool.connection() as connection:
            with pytest.raises(LookupError):
                await connection.query("lines", 7, timeout=1)
            asked = (connection.query("buyer", 7, timeout=1) for _ in range(2))
            found = await asyncio.gather(*asked, return_exceptions=True)
        return pool.shared, found

    shared, found = virtually(body)
    assert shared == 1
    assert [type(each) for each in found] == [TimeoutError, TimeoutError]

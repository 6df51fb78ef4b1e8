"""The sales database: a pool lends so many connections, and notes how long each was waited for and held."""

import asyncio

import pytest

from kettle.lessons.sales import SalesPool
from kettle.shop.data import Data

COUNT = "SELECT count(*) AS rows FROM sales WHERE supplier = ?"


def test_a_pool_lends_no_more_than_it_has_and_whoever_is_late_waits():
    async def use(pool, seen):
        async with pool.connection() as connection:
            seen.append(pool.in_use)
            return await connection.fetch(COUNT, 1)

    async def morning():
        pool, seen = SalesPool(Data(3), size=2), []
        answers = await asyncio.gather(*(use(pool, seen) for _ in range(6)))
        return pool, seen, answers

    pool, seen, answers = asyncio.run(morning())
    assert answers == [[{"rows": 12}]] * 6
    assert max(seen) == 2
    assert (pool.in_use, pool.statements) == (0, 6)
    first, last = pool.log[0], max(pool.log, key=lambda query: query.logged)
    assert last.logged > last.at_work + first.at_work / 2


def test_a_connection_goes_back_after_a_failure_and_is_of_no_use_then():
    async def fails():
        pool = SalesPool(Data(3), size=1, latency=0.0)
        with pytest.raises(Exception, match="no such table"):
            async with pool.connection() as connection:
                await connection.fetch("SELECT 1 FROM parcels")
        assert pool.in_use == 0
        async with asyncio.timeout(5), pool.connection() as other:
            await other.fetch(COUNT, 1)
        with pytest.raises(RuntimeError, match="given back"):
            await connection.fetch(COUNT, 1)

    asyncio.run(fails())


def test_a_sale_shows():
    async def sold(pool):
        async with pool.connection() as connection:
            (row,) = await connection.fetch("SELECT sum(quantity) AS sold FROM sales WHERE supplier = ?", 7)
            return row["sold"]

    async def day():
        pool = SalesPool(Data(3), latency=0.0)
        before = await sold(pool)
        pool.sell(7, quantity=5)
        return await sold(pool) - before

    assert asyncio.run(day()) == 5

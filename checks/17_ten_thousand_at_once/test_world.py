"""Places are counted, gates are watched, and a pool keeps books."""

import asyncio
from pathlib import Path

import pytest

from kettle.checking.causes.virtually import virtually
from kettle.checking.checks import load_module

places, gates, pools = (load_module(Path(__file__).parent, name) for name in ("places", "gates", "pool"))


def test_places_that_are_full_to_the_end():
    use = places.use_of([(0, 5), (0, 1), (1, 2), (2, 7)], places=2, wanted=4)
    assert (use.most, use.unused, use.full, use.in_batches) == (2, 0.0, True, False)


def test_batches_leave_places_empty():
    use = places.use_of([(0, 10), (0, 2), (10, 11), (10, 12)], places=2, wanted=4)
    assert use.in_batches
    assert (use.unused, use.fewest, use.left) == (pytest.approx(0.4), 1, 2)


def test_work_that_is_dealt_out_leaves_places_empty():
    use = places.use_of([(0, 100), (0, 1), (1, 2), (2, 3), (100, 101)], places=2, wanted=5)
    assert not use.full
    assert (use.fewest, use.left) == (1, 1)


def test_one_that_ends_as_another_begins_does_not_overlap_it():
    use = places.use_of([(0, 1), (1, 2), (2, 3)], places=2, wanted=3)
    assert use.most == 1


def test_too_many_show():
    assert places.use_of([(0, 1)] * 5, places=2, wanted=5).most == 5


def test_a_pool_keeps_books():
    async def main():
        pool = pools.WatchedPool(2, slow=(3,))

        async def name(customer):
            async with pool.connection() as connection:
                return await connection.name_of(customer)

        names = await asyncio.gather(*map(name, (1, 2, 3)))
        async with pool.connection() as connection:
            await asyncio.gather(connection.name_of(4), connection.name_of(5))
        return names, pool

    names, pool = virtually(main)
    assert names == ["customer 1", "customer 2", "customer 3"]
    assert (pool.most_waiting, pool.takes, pool.served, pool.shared) == (1, 4, 5, 1)
    assert pool.spans[2] == (2.0, 202.0)


def test_gates_are_counted():
    async def main():
        older = asyncio.Semaphore(9)
        with gates.watch_gates() as found:
            asyncio.Semaphore(2)
            newer = asyncio.Semaphore(4)
            for gate in (older, newer, newer):
                await gate.acquire()
        return found

    found = asyncio.run(main())
    assert (found.made, found.widest, found.passed, found.older) == (2, 4, 2, 1)

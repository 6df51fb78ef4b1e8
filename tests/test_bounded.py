"""Work that has a bound: places and gates are counted, and what is said of them is true."""

import asyncio

import aiohttp
import pytest

from kettle.checking import Undecided
from kettle.checking.bounded import too_few, why_open
from kettle.checking.causes.virtually import counted_shop, moving, virtually
from kettle.checking.equivalence import Equivalence, Situation, Told
from kettle.checking.pool import WatchedPool
from kettle.probes.gates import watch_gates
from kettle.probes.places import use_of
from kettle.probes.virtual_time import VirtualShop, run_virtual


def test_places_that_are_full_to_the_end():
    use = use_of([(0, 5), (0, 1), (1, 2), (2, 7)], places=2, wanted=4)
    assert (use.most, use.unused, use.full, use.in_batches) == (2, 0.0, True, False)


def test_batches_leave_places_empty():
    use = use_of([(0, 10), (0, 2), (10, 11), (10, 12)], places=2, wanted=4)
    assert use.in_batches
    assert (use.unused, use.fewest, use.left) == (pytest.approx(0.4), 1, 2)
    assert "4 calls went out in 2 batches" in too_few(use, "call", "in flight", "been asked for")
    assert "40% of the places' time is lost" in too_few(use, "call", "in flight", "been asked for")


def test_work_that_is_dealt_out_leaves_places_empty():
    use = use_of([(0, 100), (0, 1), (1, 2), (2, 3), (100, 101)], places=2, wanted=5)
    assert not use.full
    assert "only 1 call was in flight while 1 had not been asked for yet" in too_few(
        use, "call", "in flight", "been asked for"
    )


def test_places_that_are_filled_one_after_the_other():
    use = use_of([(0, 9), (0.05, 9), (9, 11), (9, 12)], places=2, wanted=4)
    assert (use.full, use.filling) == (True, pytest.approx(0.05))
    assert "the first 2 calls began over 0.05 s, while places were free" in too_few(use, "call", "", "")


def test_one_that_ends_as_another_begins_does_not_overlap_it():
    use = use_of([(0, 1), (1, 2), (2, 3)], places=2, wanted=3)
    assert use.most == 1
    assert "each waits for the one before it" in too_few(use, "call", "in flight", "asked for")


def test_too_many_show():
    assert use_of([(0, 1)] * 5, places=2, wanted=5).most == 5


@pytest.mark.parametrize(
    ("width", "around", "says"),
    [
        (9, "each", "the semaphore was made to let 9 in"),
        (2, "all", "the semaphore was passed once"),
        (2, "start", "not every one was inside its block"),
        (2, "twice", "released 8 times"),
    ],
)
def test_gates_say_why_they_were_open(width, around, says):
    async def work(gate):
        async def one():
            if around == "each":
                async with gate:
                    await asyncio.sleep(0)
            elif around == "twice":
                async with gate:
                    await asyncio.sleep(0)
                gate.release()
            elif around == "start":
                async with gate:
                    pass

        if around == "all":
            async with gate:
                await asyncio.gather(*(one() for _ in range(4)))
        else:
            await asyncio.gather(*(one() for _ in range(4)))

    async def main():
        with watch_gates() as gates:
            await work(asyncio.Semaphore(width))
        return gates

    assert says in why_open(asyncio.run(main()), 2, 4)


def test_a_gate_for_each_and_none_at_all():
    with watch_gates() as gates:
        for _ in range(4):
            asyncio.Semaphore(2)
    assert "4 semaphores were made, a new one for each" in why_open(gates, 2, 4)
    with watch_gates() as gates:
        pass
    assert why_open(gates, 2, 4) == ""


def test_the_virtual_shop_takes_virtual_time_only():
    async def night():
        shop = VirtualShop(3)
        shop.set("catalogue", latency=50.0, late_body=10.0)
        shop.slow_down("/suppliers/7/items/2", seconds=100.0)
        shop.break_calls("/suppliers/7/items/3", status=None)
        async with shop.session() as api:

            async def get(item):
                async with api.get(f"/suppliers/7/items/{item}") as response:
                    return response.status, await response.json()

            found = await get(1)
            shop.revise()
            with pytest.raises(aiohttp.ServerDisconnectedError):
                await get(3)
            return found, await get(1), await get(2), shop

    run = run_virtual(night)
    (status, first), (_, revised), _, shop = run.value
    assert status == 200
    assert first != revised == shop.data.catalogue(7, 1)
    ended = [call.ended - call.started for call in shop.calls if call.status == 200]
    assert ended == pytest.approx([60, 60, 160])


def test_what_stands_still_is_told_at_once():
    async def stands():
        await moving(asyncio.Event().wait(), lambda: "nobody sets it")

    with pytest.raises(Told, match="nobody sets it"):
        virtually(stands)


def test_what_blocks_the_loop_is_told():
    async def blocks():
        while True:
            pass

    with pytest.raises(
        (AssertionError, Undecided), match="after 1 real seconds"
    ):  # busy machines are told so
        virtually(blocks, limit=1.0)


def test_a_situation_has_its_own_say():
    def answer():
        raise Told("the shop is closed.")

    situation = Situation("it is Sunday", lambda f, w: f())
    with pytest.raises(AssertionError, match=r"^When it is Sunday, the shop is closed\.$"):
        Equivalence({"f": answer}, {"f": lambda: 1})(answer, None, (situation,))


def test_a_session_counts_what_is_sent_and_stops_what_goes_on_for_ever():
    async def main():
        async with counted_shop(1, most=5) as w:

            async def again():
                while True:
                    async with w.api.get("/suppliers/7/items/10001"):
                        pass

            with pytest.raises(Told):
                await w.moving(again(), lambda: w.endless)
            return w

    w = virtually(main)
    assert w.endless == "/suppliers/7/items/10001"
    assert w.sent[w.endless] == 5


def test_a_pool_keeps_books():
    async def main():
        pool = WatchedPool(2, slow=(3,))

        async def name(customer):
            async with pool.connection() as connection:
                return await connection.name_of(customer)

        names = await asyncio.gather(*map(name, (1, 2, 3)))
        async with pool.connection() as connection:
            await asyncio.gather(connection.name_of(4), connection.name_of(5))
        pool._free.empty()
        return names, pool

    names, pool = virtually(main)
    assert names == ["customer 1", "customer 2", "customer 3"]
    assert (pool.most_waiting, pool.takes, pool.served, pool.shared, pool.looked_into) == (1, 4, 5, 1, 1)
    assert pool.spans[2] == (2.0, 202.0)


def test_a_gate_of_an_earlier_run_is_told_so():
    async def main():
        gate = asyncio.Semaphore(9)
        with watch_gates() as gates:
            asyncio.Semaphore(2)  # made, and never come to
            for _ in range(4):
                await gate.acquire()
        return gates

    assert "made for an earlier run" in why_open(asyncio.run(main()), 2, 4)

"""The shop in virtual time, what stands still or blocks, and sessions that count."""

import asyncio

import aiohttp
import pytest

from kettle.checking import Undecided
from kettle.checking.causes.virtually import counted_shop, moving, virtually
from kettle.checking.equivalence import Equivalence, Situation, Told
from kettle.probes.virtual_time import VirtualShop, run_virtual


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

"""A call stands in the middle of its answer, and whoever never asks is told."""

import asyncio

import pytest

from kettle.checking import midway
from kettle.checking.equivalence import Told
from kettle.checking.midway import Midway
from kettle.shop import Shop


def test_a_call_is_in_the_middle_of_its_answer():
    async def ask():
        noted, seen = Midway(), []
        with Shop(seed=3) as shop:
            shop.set("stock", hang="mid body")
            async with shop.session(trace_configs=[noted.trace]) as api:

                async def stock():
                    async with api.get("/suppliers/3/stock") as response:
                        seen.append(response.status)
                        return await response.json()

                task = await noted.begun(stock())
                seen.append(task.done())
                shop.set("stock", hang=None)
                return seen, noted.calls, (await task)["supplier"]

    assert asyncio.run(ask()) == ([200, False], ["/suppliers/3/stock"], 3)


def test_a_call_that_asks_nothing_is_told(monkeypatch):
    monkeypatch.setattr(midway, "PATIENCE", 0.1)

    async def ask():
        await Midway().begun(asyncio.Event().wait())

    with pytest.raises(Told, match="asks nothing until the first is done"):
        asyncio.run(ask())

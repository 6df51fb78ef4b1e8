"""Lesson 17 in other frameworks: what its learners are shown does what it says."""

import asyncio

import aiohttp
import httpx
import pytest
from own_code import run_snippet
from sqlalchemy import event, literal, select
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from kettle.probes.virtual_time import VirtualShop, run_virtual
from kettle.shop import Shop

STEM = "17_ten_thousand_at_once"


@pytest.fixture
def supplier():
    with Shop(seed=17) as shop:
        shop.set("catalogue", max_in_flight=20)
        yield shop


def test_fastapi_keeps_one_gate_for_all_visitors(supplier):
    names = run_snippet(STEM, "fastapi")

    async def visits():
        names["SUPPLIER"] = supplier.url
        app = names["app"]
        transport = httpx.ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://kettle") as client,
            supplier.traffic() as traffic,
            supplier.rendezvous(20, ("catalogue",), patience=5) as meeting,
        ):
            pages = [{"item": list(range(start, start + 25))} for start in (0, 25, 50)]
            answers = await asyncio.gather(*(client.get("/items", params=page) for page in pages))
        return [answer.json() for answer in answers], traffic, meeting

    answers, traffic, meeting = asyncio.run(visits())
    assert answers[1][0] == supplier.data.catalogue(7, 25)
    assert traffic.statuses == {200: 75}
    assert meeting.met, meeting
    assert traffic.peak_in_flight == 20


def test_the_clients_own_limit_lets_calls_wait(supplier):
    async def night():
        async with run_snippet(STEM, "httpx")["supplier_client"](supplier.url) as client:
            with supplier.traffic() as traffic:
                await asyncio.gather(*(client.get(f"/suppliers/7/items/{item}") for item in range(60)))
        return traffic

    traffic = asyncio.run(night())
    assert traffic.statuses == {200: 60}
    assert traffic.peak_in_flight <= 20


def test_who_is_refused_waits_in_its_place_and_asks_again():
    async def night():
        shop = VirtualShop(17)
        shop.break_calls("/suppliers/7/items/1", calls=(1, 2), status=429)
        shop.break_calls("/suppliers/7/items/2", status=429)
        fetch, gate = run_snippet(STEM, "retry")["fetch_patiently"], asyncio.Semaphore(1)
        async with shop.session() as api:
            found = await fetch(api, "/suppliers/7/items/1", gate)
            with pytest.raises(aiohttp.ClientResponseError, match="429"):
                await fetch(api, "/suppliers/7/items/2", gate)
        return found, shop

    run = run_virtual(night)
    assert run.error is None, run.error
    found, shop = run.value
    assert found == shop.data.catalogue(7, 1)
    assert [call.status for call in shop.calls] == [429, 429, 200, 429, 429, 429]
    assert run.elapsed == pytest.approx(4 + 6 * 0.02, abs=0.01)


def test_workers_hold_back_whoever_brings_the_work():
    async def evening():
        consume, under_way, most, brought = run_snippet(STEM, "workers")["consume"], 0, 0, []

        async def source():
            for number in range(30):
                brought.append(asyncio.get_running_loop().time())
                yield number

        async def handle(number):
            nonlocal under_way, most
            under_way += 1
            most = max(most, under_way)
            await asyncio.sleep(1)
            under_way -= 1

        await consume(source(), handle, 3)
        return most, brought

    run = run_virtual(evening)
    most, brought = run.value
    assert most == 3
    assert run.elapsed == pytest.approx(10)
    assert brought[-1] > 5, "nobody held the source back"


def test_a_worker_that_fails_ends_the_others():
    async def evening():
        async def source():
            for number in range(30):
                yield number

        async def handle(number):
            await asyncio.sleep(1)
            raise ValueError(number)

        await run_snippet(STEM, "workers")["consume"](source(), handle, 3)

    run = run_virtual(evening)
    assert isinstance(run.error, ExceptionGroup)
    assert run.elapsed == pytest.approx(1)


def test_nobody_waits_at_the_pool_of_the_database(tmp_path):
    lent = {"now": 0, "most": 0}

    async def evening():
        url = f"sqlite+aiosqlite:///{tmp_path / 'shop.db'}"
        pool = {"poolclass": AsyncAdaptedQueuePool, "pool_size": 5, "max_overflow": 0, "pool_timeout": 0.001}
        engine = create_async_engine(url, **pool)

        @event.listens_for(engine.sync_engine, "checkout")
        def borrowed(*_):
            lent["now"] += 1
            lent["most"] = max(lent["most"], lent["now"])

        @event.listens_for(engine.sync_engine, "checkin")
        def returned(*_):
            lent["now"] -= 1

        statements = [select(literal(number)) for number in range(40)]
        found = await run_snippet(STEM, "sqlalchemy")["scalars"](engine, statements)
        await engine.dispose()
        return found

    assert asyncio.run(evening()) == list(range(40))
    assert lent["most"] == 5

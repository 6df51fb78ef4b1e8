"""Lesson 16 in other frameworks: what its learners are shown does what it says."""

import asyncio
import contextlib
import subprocess
import sys
import time

import aiohttp
import httpx
import psycopg
import pytest
import requests
from own_code import run_snippet
from psycopg_pool import PoolTimeout
from sqlalchemy import make_url

from kettle.database import open_database
from kettle.probes.virtual_time import VirtualShop, run_virtual
from kettle.shop import Shop

STEM = "16_wait_forever"


@pytest.fixture
def courier():
    with Shop(seed=16) as shop:
        shop.set("quote", latency=0.0)
        yield shop


def visits(courier, *pages, budget=0.1):
    names = run_snippet(STEM, "fastapi")
    names |= {"COURIER": courier.url, "BUDGET": budget}
    names["price"].__globals__.update(COURIER=courier.url, BUDGET=budget)

    async def visit():
        app = names["app"]
        transport = httpx.ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://kettle") as client,
        ):
            return [await client.get(page) for page in pages]

    return asyncio.run(visit())


def test_fastapi_gives_a_price_as_long_as_there_is_one(courier):
    checkout, basket = visits(courier, "/checkout/NW1", "/basket/NW1", budget=5.0)
    price = courier.data.quote(7, "NW1")["price"]
    assert (checkout.status_code, checkout.json()) == (200, {"price": price})
    assert basket.json() == {"delivery": price, "complete": True}


@pytest.mark.parametrize("settings", [{"hang": "first byte"}, {"drip": 0.2}, {"fail": 1.0}])
def test_fastapi_says_when_there_is_none_and_when_to_come_again(courier, settings):
    courier.set("quote", **settings)
    with courier.traffic() as traffic:
        checkout, basket = visits(courier, "/checkout/NW1", "/basket/NW1")
    assert (checkout.status_code, checkout.headers["Retry-After"]) == (503, "30")
    assert basket.json() == {"delivery": None, "complete": False}
    assert traffic.cancelled == (0 if "fail" in settings else 2)


def test_httpx_has_no_total_which_is_why_there_is_a_block(courier):
    courier.set("tax", drip=0.02)

    async def ask():
        async with httpx.AsyncClient(base_url=courier.url, timeout=0.2) as client:
            began = asyncio.get_running_loop().time()
            await client.get("/tax/GB")
            return asyncio.get_running_loop().time() - began

    assert asyncio.run(ask()) > 0.2


def test_requests_has_a_timeout_for_each_read(courier):
    courier.set("tax", drip=0.02)
    began = time.monotonic()
    requests.get(f"{courier.url}/tax/GB", timeout=0.2)
    assert time.monotonic() - began > 0.2


@pytest.mark.parametrize(("total", "ends"), [(0, 50), (-1, 50), (2.5, 2.5), (7.5, 8)])
def test_what_aiohttp_makes_of_a_total(total, ends):
    async def ask():
        shop = VirtualShop(16)
        shop.set("tax", hang="first byte")
        async with shop.session() as api:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(50):
                    await api.get("/tax/GB", timeout=aiohttp.ClientTimeout(total=total))
        return asyncio.get_running_loop().time()

    assert run_virtual(ask).value == pytest.approx(ends)


def patiently(prepare, budget=60.0):
    async def ask():
        shop = VirtualShop(16)
        prepare(shop)
        async with shop.session() as api:
            try:
                answer = await run_snippet(STEM, "retry")["get_patiently"](api, "/tax/GB", budget)
            except Exception as error:  # noqa: BLE001 - it is looked at
                answer = error
        return answer, [call.status for call in shop.calls], asyncio.get_running_loop().time()

    run = run_virtual(ask)
    assert run.error is None, run.error
    return run.value


def test_a_retry_has_an_end_and_listens():
    answer, statuses, took = patiently(lambda shop: shop.break_calls("/tax/GB", calls=(1, 2)))
    assert (answer["country"], statuses) == ("GB", [503, 503, 200])
    answer, statuses, _ = patiently(lambda shop: shop.break_calls("/tax/GB"))
    assert isinstance(answer, aiohttp.ClientResponseError)
    assert statuses == [503, 503, 503]
    answer, statuses, took = patiently(lambda shop: shop.set("tax", rate_limit=0.1, latency=0.0))
    assert answer["country"] == "GB"
    answer, statuses, took = patiently(lambda shop: shop.set("tax", hang="first byte"), budget=3.0)
    assert isinstance(answer, TimeoutError)
    assert (len(statuses), took) == (1, pytest.approx(3.0))


def test_a_retry_waits_for_as_long_as_it_is_told():
    async def ask():
        shop = VirtualShop(16)
        shop.set("tax", rate_limit=0.25, latency=0.0)  # one in four seconds
        get, clock = run_snippet(STEM, "retry")["get_patiently"], asyncio.get_running_loop().time
        async with shop.session() as api:
            await get(api, "/tax/GB", 60.0)
            began = clock()
            await get(api, "/tax/GB", 60.0)
        return clock() - began, [call.status for call in shop.calls]

    took, statuses = run_virtual(ask).value
    assert statuses == [200, 429, 200]
    assert took >= 4


@pytest.fixture
def postgres():
    with open_database(16, customers=1, products=1, suppliers=1) as database:
        if database.kind == "SQLite":
            pytest.skip("no PostgreSQL here")
        yield make_url(database.url).set(drivername="postgresql").render_as_string(hide_password=False)


def test_psycopgs_pool_keeps_to_the_budget(postgres):
    names = run_snippet(STEM, "psycopg")

    async def orders():
        async with names["pool_of"](postgres) as pool:
            assert [row[0] for row in await names["lines_of"](pool, 7, 5.0)] == [7]
            async with pool.connection(), pool.connection(), pool.connection(), pool.connection():
                with pytest.raises((TimeoutError, PoolTimeout)):
                    await names["lines_of"](pool, 7, 0.1)
            async with pool.connection() as connection:
                with pytest.raises(psycopg.errors.QueryCanceled):
                    await connection.execute("SET statement_timeout = 50; SELECT pg_sleep(5)")
            return await names["lines_of"](pool, 8, 5.0)

    assert [row[0] for row in asyncio.run(orders())] == [8]


def test_ruff_knows_calls_of_requests_and_functions_that_take_a_timeout():
    code = "import requests\n\nrequests.get('http://x')\n\n\nasync def ask(timeout):\n    pass\n"
    code += "\n\nasync def hangs(api):\n    await api.get('/x')\n"
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "S113,ASYNC109", "-"]
    command += ["--output-format", "concise"]
    ran = subprocess.run(command, input=code, capture_output=True, text=True, check=False)
    assert [line.split(":")[1] for line in ran.stdout.splitlines() if line.startswith("-:")] == ["3", "6"]

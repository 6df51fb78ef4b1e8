"""Lesson 18 in other frameworks and tools: what its learners are shown does what it says."""

import asyncio
import gc
import json
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import httpx
import pytest
from aiohttp.test_utils import TestClient, TestServer
from own_code import cells_of, run_snippet

from kettle.database.django_setup import configure
from kettle.shop import Shop

STEM = "18_session_per_request"
NUMBER = 4


def open_clients():
    """Count the sessions of aiohttp and clients of httpx that nobody has closed."""
    gc.collect()
    found = [each for each in gc.get_objects() if type(each).__name__ in ("ClientSession", "AsyncClient")]
    return sum(not getattr(each, "closed", getattr(each, "is_closed", True)) for each in found)


@asynccontextmanager
async def fastapi_client(names):
    app = names["app"]
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://kettle") as client,
    ):

        async def get(path):
            return (await client.get(path)).raise_for_status().json()

        yield get


@asynccontextmanager
async def aiohttp_client(names):
    async with TestClient(TestServer(names["make_app"]()), raise_for_status=True) as client:

        async def get(path):
            async with client.get(path) as response:
                return await response.json()

        yield get


@pytest.mark.parametrize(("name", "client"), [("fastapi", fastapi_client), ("aiohttp", aiohttp_client)])
def test_requests_share_a_connection_and_few_are_opened_at_once(name, client):
    async def main(shop):
        names, before = run_snippet(STEM, name), open_clients()
        names["OFFICE"] = shop.url
        async with client(names) as get:
            async with shop.traffic() as in_turn:
                told = [await get("/tax/DE") for _ in range(NUMBER)]
            async with shop.traffic() as at_once:
                await asyncio.gather(*(get("/tax/FR") for _ in range(60)))
        return told, in_turn, at_once, open_clients() - before

    with Shop(seed=18) as shop:
        told, in_turn, at_once, left = asyncio.run(main(shop))
        assert told == [shop.data.tax("DE")["percent"]] * NUMBER
    assert in_turn.connections == 1
    assert len(at_once.requests) == 60
    assert 4 <= at_once.connections <= 20
    assert left == 0


def test_the_view_of_django_shares_a_connection_in_its_thread():
    from django.http import HttpRequest

    configure({"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"})
    names = run_snippet(STEM, "django")
    with Shop(seed=18) as shop:
        names["OFFICE"] = shop.url
        with shop.traffic() as traffic:
            answers = [json.loads(names["tax"](HttpRequest(), "DE").content) for _ in range(NUMBER)]
        names["kept"].session.close()
        assert answers == [{"percent": shop.data.tax("DE")["percent"]}] * NUMBER
    assert traffic.connections == 1


def test_a_session_that_is_made_where_no_loop_runs_is_refused_as_the_lesson_says():
    told = " ".join(cell.source for cell in cells_of(STEM))
    with pytest.raises(RuntimeError) as refused:
        aiohttp.ClientSession()
    assert f"`RuntimeError: {refused.value}`" in told


def test_idle_connections_are_kept_for_as_long_as_the_lesson_says():
    async def main():
        async with aiohttp.ClientSession() as session:
            connector: Any = session.connector
            return connector._keepalive_timeout, connector.limit

    told = " ".join(cell.source for cell in cells_of(STEM))
    assert asyncio.run(main()) == (15.0, 100)
    assert "lets it go after 15 seconds" in told
    assert "The limit is 100 unless you set it" in told


def test_the_crossover_lies_where_the_connection_is_let_go():
    names: dict = {"asyncio": asyncio, "aiohttp": aiohttp}
    with Shop(seed=18) as shop:
        names["shop"] = shop
        (source,) = (cell.source for cell in cells_of(STEM) if cell.id == "crossover")
        exec(source, names)
        needed = [asyncio.run(names["connections_for"](pause, keep=0.5)) for pause in (0, 0.7)]
    assert needed == [1, 2]

"""Lesson 22 in other frameworks: what its learners are shown does what it says."""

import asyncio

import httpx
import psycopg_pool
import pytest
from contract import answers_of, judge
from own_code import run_snippet

from kettle.database import open_database
from kettle.lessons.deployments import Site, Visit, simulate
from kettle.shop import Shop

STEM = "22_connection_churn"


@pytest.fixture(scope="module")
def database():
    with open_database(22, orders=8, customers=5) as opened:
        if opened.kind == "SQLite":
            pytest.skip("the snippet is for PostgreSQL")
        yield opened


def test_fastapi_asks_all_couriers_at_once_with_two_connections(database):
    names = run_snippet(STEM, "fastapi")
    names["DATABASE"] = database.url.replace("+psycopg", "+asyncpg")
    names["GRANTED"], names["WORKERS"] = 4, 2

    async def visit(shop):
        names["COURIERS"], app = shop.url, names["app"]
        transport = httpx.ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://kettle") as client,
            shop.rendezvous(5, ("quote",), patience=5) as meeting,
        ):
            answers = await asyncio.gather(*(client.post(f"/orders/{n}/booking") for n in range(1, 6)))
            missing = await client.post("/orders/999/booking")
        return [answer.json() for answer in answers], missing.status_code, meeting

    with Shop(seed=22) as shop, database.wire() as wire:
        shop.set(latency=0.0)
        booked, missing, meeting = asyncio.run(visit(shop))
    assert meeting.met, meeting
    assert [each["order"] for each in booked] == [1, 2, 3, 4, 5]
    assert missing == 404
    assert wire.most_connections <= 2
    with database.behind.connect() as connection:
        asked = "SELECT count(*) FROM orders WHERE status = 'booked'"
        assert connection.exec_driver_sql(asked).scalar() == 5


def test_djangos_settings_are_what_django_and_its_pool_take():
    (settings,) = run_snippet(STEM, "django")["DATABASES"].values()
    psycopg_pool.ConnectionPool(open=False, **settings["OPTIONS"]["pool"])
    site = Site("site", "ASGI", 2, 0, 20, visits=tuple(Visit(n / 100) for n in range(400)))
    evening = simulate(site, settings)
    assert (evening.failed, evening.refusals) == (0, 0)
    assert evening.connects <= 20


def test_without_a_server_the_fix_passes_and_the_starter_does_not(monkeypatch):
    monkeypatch.setenv("KETTLE_WITHOUT_POSTGRES", "1")
    both = [a for a in answers_of(STEM) if a.kind == "lesson" and a.role in ("fix", "starter")]
    verdicts = judge(both)
    assert {answer.role: verdicts[answer].solved for answer in both} == {"fix": True, "starter": False}

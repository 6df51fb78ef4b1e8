"""Lesson 06 in other frameworks: what its learners are shown does what it says."""

import asyncio

import httpx
import pytest
from own_code import run_snippet
from sqlalchemy import create_engine, text
from sqlalchemy.orm import sessionmaker
from sqlalchemy.pool import QueuePool

from kettle.probes.handles import handles
from kettle.shop import Shop

STEM = "06_leaky_handles"


def test_fastapi_closes_what_a_request_opened():
    names = run_snippet(STEM, "fastapi")

    async def visit(*paths):
        transport = httpx.ASGITransport(names["app"])
        async with httpx.AsyncClient(transport=transport, base_url="http://kettle") as client:
            await client.get("/quotes/1/N1")  # what is opened once, at its first use
            async with handles() as found:
                return [await client.get(path) for path in paths], found

    with Shop(seed=6) as shop:
        shop.set(latency=0.0)
        names["LARDER"] = shop.url.removeprefix("http://")
        (answer, missing), found = asyncio.run(visit("/quotes/1/N1", "/quotes/99/N1"))
        assert answer.json() == shop.data.quote(1, "N1")
        assert missing.status_code == 404
        assert found.connections == ()
        assert found.warnings == ()


def test_sqlalchemy_gives_the_connection_back_on_every_way_out(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path / 'shop.db'}", poolclass=QueuePool)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE stock (sku TEXT, level INTEGER)"))
        connection.execute(text("INSERT INTO stock VALUES ('KC-0001', 3), ('KC-0002', 0)"))
    in_stock = run_snippet(STEM, "sqlalchemy")["in_stock"]
    sessions = sessionmaker(engine)
    assert in_stock(sessions, "KC-0001")
    assert not in_stock(sessions, "KC-0002")
    with pytest.raises(LookupError) as kept:
        in_stock(sessions, "KC-9999")
    assert engine.pool.status().endswith("Current Checked out connections: 0"), kept
    engine.dispose()

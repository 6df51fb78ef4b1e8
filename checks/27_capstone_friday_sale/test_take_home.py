"""Lesson 27 in other frameworks: what its learners are shown does what it says."""

import asyncio

import httpx
from own_code import run_snippet

from kettle.database.models import Order
from kettle.lessons.friday import FIRST, ORDERS, open_books
from kettle.shop import Shop

STEM = "27_capstone_friday_sale"
CALLS = ("profile", "quote")


def test_fastapi_asks_together_and_sends_two_statements():
    with Shop(seed=27) as shop, open_books() as books:
        shop.set(latency=0.0)
        engine = books.async_engine()
        app = run_snippet(STEM, "fastapi", ENGINE=engine, SHOP=shop.url, Order=Order)["app"]

        async def visit():
            transport = httpx.ASGITransport(app)
            client = httpx.AsyncClient(transport=transport, base_url="http://kettle")
            async with app.router.lifespan_context(app), client:
                with books.wire() as wire:
                    async with shop.rendezvous(routes=CALLS, patience=5) as meeting:
                        answer = await client.get(f"/account/{FIRST}", params={"postcode": "BS1 4DJ"})
            await engine.dispose()
            return answer.json(), meeting.met, wire.count

        page, met, statements = asyncio.run(visit())
    assert len(page["orders"]) == ORDERS
    assert page["name"] == shop.data.profile(FIRST)["name"]
    assert met
    assert statements == 2

"""Lesson 03 in FastAPI: a dependency is asked once for each request, and the tasks say what they wait for."""

import asyncio
import linecache

import httpx
from own_code import run_snippet, snippet

from kettle.shop import Shop

STEM = "03_profile_the_waiting"
PAGE = "/orders/1001?customer=1001&postcode=BS1 4DJ"


def test_fastapi_asks_the_courier_once_and_tells_what_it_waits_for():
    names, source = run_snippet(STEM, "fastapi"), snippet(STEM, "fastapi")
    file = names["waits"].__code__.co_filename  # which is none: its lines are made known
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)

    async def visit(shop):
        names["LARDER"] = shop.url
        app = names["app"]
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://kettle") as client,
        ):
            async with shop.traffic() as traffic:
                answer = await client.get(PAGE)
            shop.set("quote", hang="first byte")
            page = asyncio.create_task(client.get(PAGE))
            for _ in range(500):
                await asyncio.sleep(0.01)
                if waiting := [line for line in await lines(client) if line.startswith("courier: ")]:
                    break
            shop.set("quote", hang=None)
            await page
        return answer.json(), traffic, waiting

    async def lines(client):
        return [line for task in (await client.get("/debug/waits")).json() for line in task]

    with Shop(seed=3) as shop:
        shop.set(latency=0.0)
        answer, traffic, waiting = asyncio.run(visit(shop))
        quote = shop.data.quote(7, "BS1 4DJ")
        assert answer["days"] == quote["days"]
        totals = {order["id"]: order["total"] + quote["price"] for order in shop.data.orders(1001)}
        assert {parcel["order"]: parcel["price"] for parcel in answer["parcels"]} == totals
        assert waiting == ['courier: return await ask(request, "/couriers/7/quote", postcode=postcode)']
        assert traffic.by_route == {"orders": 1, "quote": 1}

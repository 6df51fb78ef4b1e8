"""Lesson 04 in other frameworks: what its learners are shown does what it says."""

import asyncio

import httpx
from own_code import run_snippet

STEM = "04_benchmark_that_lies"


def test_fastapi_counts_answers_and_failures_in_buckets():
    names = run_snippet(STEM, "fastapi")
    app, registry = names["app"], names["registry"]

    @app.get("/orders/{customer}")
    async def orders(customer: int) -> int:
        await asyncio.sleep(0.02)
        if customer == 7:
            raise RuntimeError("the database is gone")
        return customer

    async def visit() -> str:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://kettle") as client:
            for customer in (1, 2, 3, 7):
                await client.get(f"/orders/{customer}")
            return (await client.get("/metrics")).text

    text = asyncio.run(visit())

    def sample(name, **labels):
        return registry.get_sample_value(f"request_seconds_{name}", {"route": "/orders/{customer}", **labels})

    assert sample("count", outcome="answered") == 3
    assert sample("count", outcome="failed") == 1
    assert sample("bucket", outcome="answered", le="0.01") == 0
    assert "request_seconds_bucket" in text

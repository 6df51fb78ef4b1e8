"""Lesson 24 in other frameworks: what its learners are shown does what it says."""

import asyncio

import httpx
from own_code import run_snippet

from kettle.lessons.storefront import Sales, Storefront, set_up

STEM = "24_cached_for_the_wrong_user"


def test_a_fragment_of_a_template_is_kept_alone():
    set_up()
    names, sales = run_snippet(STEM, "django"), Sales(0.0)
    shop = Storefront(lambda request: names["front_page"](request, sales))
    seen = [shop.visit(who, language) for language in ("en", "de", "en") for who in ("Alice", "Bob")]
    assert [visit.crossed for visit in seen] == [False] * 6
    assert [list(visit.best) for visit in seen] == [sales.now(visit.language) for visit in seen]
    assert sales.asked == ["en", "de"]
    assert shop.response.headers["Cache-Control"] == "private"


def test_fastapi_keeps_the_shared_part_by_language():
    names, asked = run_snippet(STEM, "fastapi"), []

    async def best(language):
        asked.append(language)
        return [f"best in {language}"]

    names["best_sellers"] = best
    asyncio.run(visit_fastapi(names["app"]))
    assert asked == ["en", "de"]


async def visit_fastapi(app):
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://kettle") as client:
        for language in ("en", "de", "en", "xx"):
            for name in ("Alice", "Bob"):
                headers = {"cookie": f"name={name}"}
                answer = await client.get("/front", params={"language": language}, headers=headers)
                right = language if language != "xx" else "en"
                assert answer.json() == {"name": name, "best": [f"best in {right}"]}
                assert answer.headers["cache-control"] == "private"

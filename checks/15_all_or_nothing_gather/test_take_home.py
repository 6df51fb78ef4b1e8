"""Lesson 15 in other frameworks: what its learners are shown does what it says."""

import asyncio
import json
import logging
import re
import subprocess
import sys

import httpx
import pytest
from contract import answers_of
from own_code import cells_of, run_snippet

from kettle.database.django_setup import configure
from kettle.shop import Shop

STEM = "15_all_or_nothing_gather"
SKU = "KC-0042"
ABOUT = f"/products/{SKU}"


@pytest.fixture
def shop():
    with Shop(seed=15) as opened:
        opened.set(latency=0.0)
        yield opened


def visit(shop):
    """Ask FastAPI's page, and return its answer."""
    names = run_snippet(STEM, "fastapi")
    names["LARDER"], app = shop.url, names["app"]

    async def ask():
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport) as client:
            return await client.get(f"http://kettle{ABOUT}")

    return asyncio.run(ask())


def test_fastapi_shows_the_page_without_its_reviews_and_says_so(shop, caplog):
    shop.break_calls(f"{ABOUT}/reviews")
    answer = visit(shop)
    assert answer.status_code == 200
    assert answer.json() == shop.data.product(SKU) | {"reviews": None}
    assert [record.levelno for record in caplog.records if record.name == "shop.page"] == [logging.WARNING]
    assert "reviews is missing" in caplog.text
    assert "503" in caplog.text


def test_fastapi_shows_the_whole_page_on_a_good_day(shop, caplog):
    assert visit(shop).json() == shop.data.product(SKU) | {"reviews": shop.data.reviews(SKU)}
    assert [record for record in caplog.records if record.name == "shop.page"] == []


def test_fastapi_answers_503_without_a_product_and_500_for_a_bug(shop):
    shop.break_calls(ABOUT)
    assert visit(shop).status_code == 503
    shop.break_calls(ABOUT, calls=[99])
    shop.answer_with(ABOUT, answer=[1])
    assert visit(shop).status_code == 500


@pytest.mark.parametrize(("bugs", "comes"), [((), LookupError), ((KeyError("stars"),), ExceptionGroup)])
def test_what_is_raised_inside_except_star_comes_alone_unless_something_is_left(bugs, comes):
    """So the text says: a bug beside an outage is not lost."""
    with pytest.raises((LookupError, ExceptionGroup)) as raised:
        try:
            raise ExceptionGroup("of a TaskGroup", [TimeoutError(), *bugs])
        except* TimeoutError as errors:
            raise LookupError("no product") from errors
    assert isinstance(raised.value, comes)


def view(shop):
    """Ask Django's view, and return what it answers."""
    from django.http import HttpRequest

    configure({"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"})
    names = run_snippet(STEM, "django")
    names["LARDER"] = shop.url
    return json.loads(asyncio.run(names["product_page"](HttpRequest(), SKU)).content)


def test_the_view_of_django_leaves_out_what_is_optional(shop, caplog):
    shop.break_calls(f"{ABOUT}/related")
    page = view(shop)
    assert (page["related"], page["reviews"]) == (None, shop.data.reviews(SKU))
    assert "related is missing" in caplog.text


def test_the_view_of_django_raises_what_is_required_and_bugs(shop):
    shop.break_calls(ABOUT)
    with pytest.raises(httpx.HTTPStatusError):
        view(shop)


def linted(source, tmp_path):
    told = " ".join(cell.source for cell in cells_of(STEM) if "ruff check" in cell.source)
    (rules,) = re.findall(r"--select ([A-Z0-9,]+)", told)
    (tmp_path / "code.py").write_text(source)
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--ignore-noqa", "--select", rules]
    return subprocess.run(
        [*command, "code.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    ).stdout


def test_ruff_finds_the_shortcuts_that_the_text_names_and_nothing_in_the_fix(tmp_path):
    answers = {answer.name: answer.source for answer in answers_of(STEM)}
    assert "BLE001" in linted(answers["lesson-wrong-blind"], tmp_path)
    silent = "import asyncio\n\n\nasync def f():\n    try:\n        asyncio.create_task(g())\n"
    said = linted(f"{silent}    except Exception:\n        pass\n", tmp_path)
    assert "S110" in said
    assert "RUF006" in said
    assert "All checks passed" in linted(answers["lesson-fix"], tmp_path)

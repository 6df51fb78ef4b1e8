"""Lesson 11 in other frameworks and tools: what its learners are shown does what it says."""

import asyncio
import inspect
import json
import logging
import re
import subprocess
import sys
from contextlib import asynccontextmanager

import httpx
import pytest
from contract import answers_of
from own_code import cells_of, run_snippet, snippet

from kettle.database.django_setup import configure
from kettle.probes.loop import watch_loop
from kettle.shop import Shop

STEM = "11_sync_client_in_async"
THREE = ("stock",) * 3


def linted(source, tmp_path):
    """Return what `ruff check --select ASYNC` says of some source."""
    (tmp_path / "code.py").write_text(source)
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "ASYNC", "code.py"]
    return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False).stdout


def answer(role):
    return next(a for a in answers_of(STEM) if (a.kind, a.role) == ("lesson", role))


def test_ruff_names_the_line_of_the_starter_and_finds_nothing_in_the_fix(tmp_path):
    told = " ".join(source for source in (c.source for c in cells_of(STEM)) if "ruff check" in source)
    (rule,) = re.findall(r"`(ASYNC\d+ [^`]+)`", told)
    starter = next(c.source for c in cells_of(STEM) if c.id == "fix")
    said = linted(f"import requests\n\n{starter}", tmp_path)
    assert rule in said
    assert "requests.get(" in said
    assert "All checks passed" in linted(answer("fix").source, tmp_path)


def test_ruff_does_not_see_through_a_plain_function(tmp_path):
    between = "import requests\n\n\ndef get():\n    return requests.get('x')\n"
    between += "\n\nasync def f():\n    return get()\n"
    assert "All checks passed" in linted(between, tmp_path)


def test_debug_mode_names_the_task_whose_step_was_long(caplog):
    names: dict = {}
    exec("import asyncio\nimport requests\n" + next(c.source for c in cells_of(STEM) if c.id == "fix"), names)
    with Shop(seed=11) as shop, caplog.at_level(logging.WARNING, "asyncio"):
        asyncio.run(names["stock_of"](shop.url, [1, 2]), debug=True)
    slow = [record.getMessage() for record in caplog.records if "Executing" in record.getMessage()]
    assert len(slow) >= 2
    assert "stock_at" in slow[0]
    assert re.search(r"took 0\.\d+ seconds$", slow[0])


@asynccontextmanager
async def fastapi_client(names, shop):
    names["LARDER"] = shop.url
    app = names["app"]
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://kettle") as client,
    ):
        yield client


async def together(shop, names, route, patience):
    async with fastapi_client(names, shop) as client, shop.rendezvous(routes=THREE, patience=patience) as met:
        answers = await asyncio.gather(*(client.get(f"/{route}/{number}") for number in (1, 2, 3)))
    return [each.json() for each in answers], met


@pytest.mark.parametrize("route", ["stock", "stock-in-a-thread"])
def test_both_routes_of_fastapi_overlap(route):
    with Shop(seed=11) as shop:
        shop.set(latency=0.0)
        answers, meeting = asyncio.run(together(shop, run_snippet(STEM, "fastapi"), route, 10))
        assert meeting.met, meeting
        assert [each["levels"] for each in answers] == [shop.data.stock(n)["levels"] for n in (1, 2, 3)]


def test_the_plain_route_of_fastapi_made_async_is_the_mistake():
    source = snippet(STEM, "fastapi").replace("\ndef stock_in_a_thread", "\nasync def stock_in_a_thread")
    names: dict = {}
    exec(source, names)
    assert inspect.iscoroutinefunction(names["stock_in_a_thread"])
    with Shop(seed=11) as shop:
        shop.set(latency=0.05)
        _, meeting = asyncio.run(together(shop, names, "stock-in-a-thread", 0.5))
        assert (meeting.met, meeting.most_together) == (False, 1)


def test_the_view_of_django_overlaps_and_leaves_the_loop_free():
    from django.http import HttpRequest

    configure({"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"})
    names = run_snippet(STEM, "django")

    async def visit(shop):
        names["LARDER"] = shop.url
        with watch_loop() as loop:
            async with shop.rendezvous(routes=THREE, patience=10) as meeting:
                answers = await asyncio.gather(*(names["stock"](HttpRequest(), n) for n in (1, 2, 3)))
        return [json.loads(each.content) for each in answers], meeting, loop

    with Shop(seed=11) as shop:
        shop.set(latency=0.1)
        answers, meeting, loop = asyncio.run(visit(shop))
        assert meeting.met, meeting
        assert not [call for call in loop.blocking if call.call.startswith("socket.")]
        assert answers[0]["levels"] == shop.data.stock(1)["levels"]

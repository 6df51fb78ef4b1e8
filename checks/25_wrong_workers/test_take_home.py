"""What lesson 25 gives away for other servers does what it says."""

import asyncio
import math

import httpx
import pytest
from own_code import run_snippet, snippet

from kettle.lessons.cores import granted
from kettle.lessons.gunicorns import AVAILABLE

STEM = "25_wrong_workers"


def test_gunicorns_file_follows_the_cores_and_the_requests():
    names = run_snippet(STEM, "gunicorn")
    assert names["granted"]() >= granted()
    assert names["workers"] == math.ceil(names["granted"]())
    places = names["workers"] * names["threads"]
    assert 10 / 0.9 <= places < 10 / 0.9 + names["workers"]


@pytest.mark.skipif(not AVAILABLE, reason="gunicorn does not run here")
def test_gunicorn_takes_the_file(tmp_path):
    from gunicorn.app.wsgiapp import WSGIApplication  # type: ignore[import-untyped]  # it has no types

    path = tmp_path / "gunicorn.conf.py"
    path.write_text(snippet(STEM, "gunicorn"))

    class Quiet(WSGIApplication):
        def load_config(self):
            self.load_config_from_file(str(path))

    config = Quiet("", prog="gunicorn").cfg
    assert (config.worker_class_str, config.preload_app) == ("gthread", False)


def test_fastapi_opens_its_client_in_each_worker():
    app = run_snippet(STEM, "fastapi")["app"]

    async def visit():
        transport = httpx.ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://kettle") as client,
        ):
            return (await client.get("/health")).json()

    assert asyncio.run(visit()) == {"open": True}

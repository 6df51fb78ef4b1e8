"""Lesson 13 in other frameworks: what its learners are shown does what it says."""

import asyncio
import logging
import logging.config
import threading

import httpx
from own_code import run_snippet

from kettle.lessons.desk import open_desk
from kettle.probes.loop import watch_loop
from kettle.shop import Shop

STEM = "13_hidden_blockers"


class Slow(logging.Handler):
    """Notes on which thread each line is written."""

    def __init__(self):
        super().__init__()
        self.wrote = []

    def emit(self, record):
        self.wrote.append((record.getMessage(), threading.get_ident()))


def test_fastapi_writes_its_log_elsewhere_and_all_of_it():
    names, slow = run_snippet(STEM, "fastapi"), Slow()
    names["slow"].close()

    async def visit():
        names["slow"] = names["lifespan"].__wrapped__.__globals__["slow"] = slow
        app = names["app"]
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://kettle") as client,
        ):
            return [(await client.get("/version")).json() for _ in range(2)], threading.get_ident()

    versions, loop = asyncio.run(visit())
    assert versions[0]["version"].startswith("Python 3.")
    assert [text for text, _ in slow.wrote] == ["somebody asked for the version"] * 2
    assert all(thread != loop for _, thread in slow.wrote)
    assert not names["log"].handlers


def test_fastapi_looks_names_up_without_holding_the_loop():
    names = run_snippet(STEM, "fastapi")
    names["slow"].close()

    async def visit():
        transport = httpx.ASGITransport(names["app"])
        with Shop(seed=1) as shop:
            async with (
                open_desk(shop) as desk,
                httpx.AsyncClient(transport=transport, base_url="http://kettle") as client,
            ):
                with watch_loop() as loop:
                    answer = await client.get(f"/address/{desk.courier}")
                return answer.json(), [call.call for call in loop.blocking]

    addresses, blocking = asyncio.run(visit())
    assert addresses == ["127.0.0.1"]
    assert "socket.getaddrinfo" not in blocking


def test_django_s_log_goes_through_the_queue(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = run_snippet(STEM, "django")
    log = logging.getLogger("orders")
    try:
        logging.config.dictConfig(names["LOGGING"])
        log.info("order %d", 7)
        assert [type(handler).__name__ for handler in log.handlers] == ["QueueHandler"]
    finally:
        names["atexit"].unregister(names["writer"].stop)
        names["writer"].stop()
        names["writer"].handlers[0].close()
        log.handlers.clear()
    assert (tmp_path / "orders.log").read_text() == "order 7\n"

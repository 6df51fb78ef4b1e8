"""Claims that lesson 11 answers for and does not ask about."""

import asyncio
import builtins
import importlib.metadata
import json
import threading
import time
from collections.abc import Awaitable, Callable
from statistics import median

import aiohttp
import requests

from kettle.probes.loop import watch_loop
from kettle.shop import Shop


async def _took(call: Awaitable) -> float:
    start = time.perf_counter()
    await call
    return time.perf_counter() - start


async def sleeping() -> str:
    """Let ten tasks sleep, both ways."""

    async def with_the_thread_in_hand():
        time.sleep(0.01)  # noqa: ASYNC251 (this is what is measured)

    held = await _took(asyncio.gather(*(with_the_thread_in_hand() for _ in range(10))))
    free = await _took(asyncio.gather(*(asyncio.sleep(0.01) for _ in range(10))))
    return f"Ten sleeps of 10 ms: {1000 * held:.0f} ms by time.sleep, {1000 * free:.0f} ms by asyncio.sleep."


async def run_inside() -> str:
    """Call asyncio.run where a loop runs, as in a notebook."""
    call = asyncio.sleep(0)
    try:
        asyncio.run(call)
    except RuntimeError as error:
        return f"Where a loop runs already: {error}."
    finally:
        call.close()
    return "It ran."


async def without_a_wait() -> str:
    """Call something that need not wait, as a plain function and as a coroutine."""

    def plain():
        return 1

    async def coroutine():
        return 1

    start = time.perf_counter()
    for _ in range(100_000):
        plain()
    middle = time.perf_counter()
    for _ in range(100_000):
        await coroutine()
    ratio = (time.perf_counter() - middle) / (middle - start)
    return f"A coroutine that waits for nothing takes {ratio:.1f} times as long as the plain function."


async def interleaved() -> str:
    """Wait fifty times, in turn and together."""
    threads = set()

    async def wait():
        threads.add(threading.get_ident())
        await asyncio.sleep(0.01)

    async def in_turn():
        for _ in range(50):
            await wait()

    ratio = await _took(in_turn()) / await _took(asyncio.gather(*(wait() for _ in range(50))))
    return f"Fifty waits together, in {len(threads)} thread, are over {ratio:.0f} times as soon as in turn."


async def two_mistakes() -> str:
    """Undo one of the two mistakes of the sample at a time."""
    with Shop(seed=11) as shop:
        paths = [f"/suppliers/{number}/stock" for number in range(1, 5)]
        async with aiohttp.ClientSession(shop.url) as api:

            async def get(path):
                async with api.get(path) as response:
                    return await response.read()

            async def blocking():
                for path in paths:
                    requests.get(shop.url + path)  # noqa: ASYNC210 (this is what is measured)

            async def in_turn():
                for path in paths:
                    await get(path)

            base = await _took(blocking())
            swapped, together = await _took(in_turn()), await _took(asyncio.gather(*map(get, paths)))
    return (
        f"Four calls, as in the sample: {base:.2f} s; with aiohttp, still in turn: {swapped:.2f} s; "
        f"with aiohttp and gather: {together:.2f} s."
    )


def drivers() -> str:
    """Say which of the drivers are here."""
    found = []
    for name in ("asyncpg", "aiomysql", "motor", "pymongo"):
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            continue
    return f"This course uses {', '.join(found)}."


def aioredis() -> str:
    """Make the class at which the import of aioredis 2.0.1 stops."""
    try:
        type("TimeoutError", (asyncio.TimeoutError, builtins.TimeoutError), {})
    except TypeError as error:
        return f"Its import defines an exception of two bases that are one since Python 3.11: {error}."
    return "Its exceptions can still be defined on this Python."


async def looks_asynchronous() -> str:
    """Watch the loop while something with an asynchronous face is called."""

    async def upload():
        time.sleep(0.05)  # noqa: ASYNC251 (this is what is measured)

    async def found(call: Callable) -> float:
        with watch_loop() as loop:
            await call()
        return 1000 * loop.longest_hold

    return f"An `async def upload` that only looks so held the loop for {await found(upload):.0f} ms."


def layers() -> str:
    """Post a basket of twenty lines to three applications, called as a server calls them: CPU time of a request."""
    try:
        from fastapi import FastAPI, Request
        from pydantic import BaseModel
        from starlette.applications import Starlette
        from starlette.responses import JSONResponse
        from starlette.routing import Route
    except ImportError:
        return LAYERS.format("Not installed here; recorded elsewhere", 0.02, 0.04, 0.06)

    class Line(BaseModel):
        sku: str
        number: int

    async def bare(request: Request) -> JSONResponse:
        return JSONResponse({"lines": len(await request.json())})

    async def checked(lines: list[Line]) -> dict:
        return {"lines": len(lines)}

    routed, validating = FastAPI(), FastAPI()
    routed.post("/")(bare)
    validating.post("/")(checked)
    apps = (Starlette(routes=[Route("/", bare, methods=["POST"])]), routed, validating)
    body = json.dumps([{"sku": f"KC-{number}", "number": 1} for number in range(20)]).encode()
    rounds = [[_milliseconds(app, body) for app in apps] for _ in range(5)]
    return LAYERS.format("CPU time of a request", *map(median, zip(*rounds, strict=True)))


LAYERS = "{}: Starlette alone {:.2f} ms, FastAPI {:.2f} ms, FastAPI that validates twenty lines {:.2f} ms."


def _milliseconds(app: Callable, body: bytes, number: int = 50) -> float:
    """Return the CPU time of one request to an ASGI application."""
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/",
        "raw_path": b"/",
        "root_path": "",
        "query_string": b"",
        "headers": headers,
    }

    async def receive() -> dict:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict) -> None:
        if message["type"] == "http.response.start" and message["status"] != 200:
            raise RuntimeError(f"status {message['status']}")

    async def requests_in_turn() -> float:
        await app(dict(scope), receive, send)
        start = time.process_time()
        for _ in range(number):
            await app(dict(scope), receive, send)
        return 1000 * (time.process_time() - start) / number

    return asyncio.run(requests_in_turn())


MEASURES = {
    "layers": layers,
    "sleeping": sleeping,
    "run_inside": run_inside,
    "slower": without_a_wait,
    "smarter": interleaved,
    "two_mistakes": two_mistakes,
    "drivers": drivers,
    "aioredis": aioredis,
    "verify": looks_asynchronous,
}
"""By the name of a claim in words.toml, what measures it: returns a sentence."""

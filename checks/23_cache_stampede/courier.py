"""A courier's server, for the exercise: only its newest token is good. Real, on loopback, in the notebook's loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web

SLOW = 1.0  # seconds that a log-in takes
GOOD = 600  # seconds that a token is good for, unless a newer one is given


@dataclass
class Counter:
    """The courier's counter: what was asked there, and how it was answered."""

    log_ins: int = 0
    answers: list[int] = field(default_factory=list)
    url: str = ""

    async def log_in(self, _: web.Request) -> web.Response:
        """Give a token; the one before is good no more."""
        await asyncio.sleep(SLOW)
        self.log_ins += 1
        return web.json_response({"token": f"token {self.log_ins}", "seconds": GOOD})

    async def label(self, request: web.Request) -> web.Response:
        """Print a label for whoever has the newest token."""
        good = request.headers.get("Authorization") == f"Bearer token {self.log_ins}"
        self.answers.append(200 if good else 401)
        return web.json_response({"label": request.match_info["order"]}, status=self.answers[-1])


@asynccontextmanager
async def courier_server() -> AsyncIterator[tuple[Counter, aiohttp.ClientSession]]:
    """Open the courier's server, and a session with it."""
    counter, app = Counter(), web.Application()
    app.add_routes([web.post("/log-in", counter.log_in), web.get("/labels/{order}", counter.label)])
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        async with aiohttp.ClientSession(f"http://{host}:{port}") as session:
            yield counter, session
    finally:
        await runner.cleanup()

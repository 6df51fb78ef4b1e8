"""larder: the web service behind the customers' pages of Kettle & Crumb.

It has a database of its own, and asks the shop's API for what others know: who the customer is, and what a
courier takes. What its pages share is made when the service starts, and closed when it ends.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncEngine

from kettle.database import Database

CONNECTIONS = 10  # to the database: as many as this service may have
PATIENCE = aiohttp.ClientTimeout(total=5)  # seconds for a call


@dataclass(frozen=True)
class Larder:
    """What the pages of the service share.

    url: of the shop's API. api: a client for it. engine: lends connections to the database.
    """

    url: str
    api: aiohttp.ClientSession
    engine: AsyncEngine

    async def get(self, path: str, **params: str) -> Any:
        """Ask the shop's API; `params` stand behind the question mark.

        Raises aiohttp.ClientError where there is no answer, or no good one.
        """
        async with self.api.get(path, params=params) as response:
            response.raise_for_status()
            return await response.json()


Page = Callable[[Larder, int, str], Awaitable[dict]]
"""Makes the page of a customer, who lives at a postcode."""


@asynccontextmanager
async def open_larder(url: str, database: Database) -> AsyncIterator[Larder]:
    """Open what the pages share, for as long as the block lasts."""
    engine = database.async_engine(pool_size=CONNECTIONS, max_overflow=0)
    try:
        async with aiohttp.ClientSession(url, timeout=PATIENCE) as api:
            yield Larder(url, api, engine)
    finally:
        await engine.dispose()


def application(larder: Larder, page: Page) -> web.Application:
    """Return the web application: `/account/{customer}?postcode=…`, and `/health`."""

    async def account(request: web.Request) -> web.Response:
        customer = int(request.match_info["customer"])
        return web.json_response(await page(larder, customer, request.query["postcode"]))

    async def health(_: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    app = web.Application()
    app.router.add_get("/account/{customer}", account)
    app.router.add_get("/health", health)
    return app

"""larder: the web service of Kettle & Crumb. Its routes, and what all of them share.

Seven routes: a customer's account, an order, a photo, the front page, new prices, the index of what is in
stock, and whether the service lives. The modules beside this one hold them; this one puts them together.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp import web
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from kettle.lessons.thumbnails import Photo

from . import account, checkout, front, photos, search

PATIENCE = aiohttp.ClientTimeout(total=5)  # seconds for a call to the shop's API
WORKERS = 2  # processes, for CPU work


@dataclass(frozen=True)
class Larder:
    """What the routes share, for as long as the service lives.

    url: of the shop's API. api: a client for it. engine: lends connections to the database. cache: a client
    of Redis. prefix: begins each key of ours there. workers: processes for CPU work.
    """

    url: str
    api: aiohttp.ClientSession
    engine: AsyncEngine
    cache: Redis
    prefix: str
    workers: ProcessPoolExecutor

    async def get(self, path: str, **params: str) -> Any:
        """Ask the shop's API; raise aiohttp.ClientError where there is no answer, or no good one."""
        async with self.api.get(path, params=params) as response:
            response.raise_for_status()
            return await response.json()


@asynccontextmanager
async def open_larder(url: str, engine: AsyncEngine, cache: Redis, prefix: str) -> AsyncIterator[Larder]:
    """Open what the routes share, and close it in the end; the engine and the cache are the caller's."""
    with ProcessPoolExecutor(WORKERS) as workers:
        async with aiohttp.ClientSession(url, timeout=PATIENCE) as api:
            yield Larder(url, api, engine, cache, prefix, workers)


def application(larder: Larder) -> web.Application:
    """Return the web application with its seven routes."""
    routes = web.RouteTableDef()

    @routes.get("/account/{customer}")
    async def account_page(request: web.Request) -> web.Response:
        customer, postcode = int(request.match_info["customer"]), request.query["postcode"]
        return web.json_response(await account.account_page(larder, customer, postcode))

    @routes.post("/orders")
    async def place_order(request: web.Request) -> web.Response:
        try:
            return web.json_response(await checkout.place_order(larder, **await request.json()))
        except checkout.SoldOut as nothing:
            raise web.HTTPConflict(reason=f"{nothing} is sold out") from None

    @routes.post("/photos/{name}")
    async def upload(request: web.Request) -> web.Response:
        pixels = await request.read()
        photo = Photo(request.match_info["name"], int(request.query["side"]), pixels)
        return web.Response(body=await photos.upload(larder, photo))

    @routes.get("/")
    async def front_page(_: web.Request) -> web.Response:
        return web.json_response(await front.front_page(larder))

    @routes.post("/prices")
    async def change_prices(request: web.Request) -> web.Response:
        return web.json_response(await front.change_prices(larder, **await request.json()))

    @routes.post("/index")
    async def reindex(_: web.Request) -> web.Response:
        return web.json_response(await search.reindex(larder))

    @routes.get("/health")
    async def health(_: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    app = web.Application()
    app.add_routes(routes)
    return app

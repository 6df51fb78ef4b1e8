"""One shop inside the server's process: its port, settings and counters, and how it answers a request."""

import asyncio
import hashlib
import json
import math
import random
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

from aiohttp import web

from kettle.shop.data import Data
from kettle.shop.routes import PIECES, ROUTES, Settings, defaults, find
from kettle.shop.watch import ROUNDS, Call, Connection, Rendezvous, Window

BROKEN_CONNECTION = -1  # in the place of a status
JSON = "application/json"


class Tenant:
    """One shop: everything that two notebooks, or a lesson and its check, must not share.

    clock: tells the seconds by which calls begin and end; another one than real time's in virtual time.
    """

    def __init__(self, seed: int, handshake: float, clock: Callable[[], float] = time.perf_counter) -> None:
        self.data = Data(seed)
        self.clock = clock
        self.handshake = handshake
        self.settings = defaults()
        self.watchers: dict[int, Window | Rendezvous] = {}
        self._connections: dict[Any, Connection] = {}
        self._count = 0
        self._in_flight: Counter[str] = Counter()
        self._admitted: dict[str, deque[float]] = {name: deque() for name in ROUTES}
        self._luck = {name: self._generator(name) for name in ROUTES}
        self._asked: Counter[str] = Counter()
        self._broken: dict[str, tuple[list[int], int | None]] = {}
        self._slow: dict[str, float] = {}
        self._instead: dict[str, tuple[Any, str]] = {}
        self._hanging = {name: asyncio.Event() for name in ROUTES}
        self.front = _Front(self)
        self._listener: asyncio.Server | None = None

    async def open(self) -> int:
        """Start to listen on loopback and tell the port, which the system picked."""
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(self.front, "127.0.0.1", 0, backlog=1024)
        return self._listener.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Let everything go that waits, and close every connection."""
        for watcher in self.watchers.values():
            if isinstance(watcher, Rendezvous):
                watcher.release()
        for event in self._hanging.values():
            event.set()
        if self._listener:
            self._listener.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(0.05):  # for the answers of those just let go
                while self._in_flight.total():  # noqa: ASYNC110 - calls end by themselves
                    await asyncio.sleep(0.001)
        await self.front.shutdown(0.001)  # connections that only wait for a next request end at once

    def set(self, routes: Iterable[str], changes: dict[str, Any]) -> None:
        """Change settings of routes; their random numbers start afresh, and their hanging calls go on."""
        for name in routes:
            self.settings[name] = replace(self.settings[name], **changes)
            self._luck[name] = self._generator(name)
            self._admitted[name].clear()
            self._hanging[name].set()
            self._hanging[name] = asyncio.Event()

    def break_calls(self, paths: Iterable[str], calls: list[int], status: int | None) -> None:
        """Let calls of paths fail, counted from now on; status None: their connection breaks."""
        for path in paths:
            self._broken[path] = (calls, status)
            self._asked.pop(path, None)

    def slow_down(self, paths: Iterable[str], seconds: float) -> None:
        """Let calls of paths take so many seconds more, from now on."""
        self._slow.update(dict.fromkeys(paths, seconds))

    def answer_with(self, paths: Iterable[str], answer: Any, content_type: str = JSON) -> None:
        """Let calls of paths be answered with this, from now on."""
        self._instead.update(dict.fromkeys(paths, (answer, content_type)))

    async def drop_idle(self) -> None:
        """Close the connections that carry no call just now, as a server does that wants its place back."""
        for handler, connection in list(self._connections.items()):
            if not connection.busy:
                handler.force_close()
        for _ in range(ROUNDS):  # their ends are told to the other side before this one is
            await asyncio.sleep(0)

    def connected(self, key: Any) -> None:
        """Count a new connection."""
        self._count += 1
        self._connections[key] = Connection(self._count, self.clock())
        for watcher in self.watchers.values():
            if isinstance(watcher, Window):
                watcher.opened.append(self._count)

    def disconnected(self, key: Any) -> None:
        """Forget a connection that has closed."""
        self._connections.pop(key, None)

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request, and record it for those who watch."""
        route, values = find(request.method, request.path)
        connection = self._connections[request.protocol]
        name = route.name if route else "unknown"
        call = Call(name, request.method, request.path_qs, connection.number, self.clock())
        self._begin(call)
        connection.busy = True
        try:
            await self._shake_hands(call, connection)
            response = await self._answer(request, call, values)
            call.status = response.status
            return response
        except asyncio.CancelledError:  # aiohttp cancels the handler when the client has gone
            call.cancelled = True
            raise
        finally:
            connection.busy = False
            self._end(call)

    def _begin(self, call: Call) -> None:
        self._in_flight[call.route] += 1
        call.seen_by = tuple(self.watchers.values())
        for watcher in call.seen_by:
            watcher.begin(call)

    def _end(self, call: Call) -> None:
        call.ended = self.clock()
        self._in_flight[call.route] -= 1
        for watcher in call.seen_by:
            watcher.end(call)
        call.seen_by = ()

    async def _shake_hands(self, call: Call, connection: Connection) -> None:
        if connection.used:
            return
        connection.used = True
        # The system accepts connections by itself at once, so the first request pays what is left.
        call.handshake = max(0.0, connection.opened + self.handshake - self.clock())
        if call.handshake:
            await asyncio.sleep(call.handshake)

    async def _answer(
        self, request: web.BaseRequest, call: Call, values: dict[str, str]
    ) -> web.StreamResponse:
        if call.route == "unknown":
            return _json(404, {"error": f"The shop has no route {request.method} {request.path}."})
        # All of them as they were on arrival, whatever is set in the meantime.
        settings, luck = self.settings[call.route], self._luck[call.route]
        go_on = self._hanging[call.route]
        # Drawn on arrival, so that the n-th call of a route always draws the same.
        self._asked[request.path] += 1
        late = settings.jitter * luck.random() + settings.shuffle * self._lateness(request.path)
        call.latency = settings.latency + late + self._slow.get(request.path, 0.0)
        fails = 503 if luck.random() < settings.fail else self._breaks(request.path)
        if (retry_after := self._over_limit(call.route, settings)) is not None:
            return _too_many(retry_after)
        for watcher in call.seen_by:
            if isinstance(watcher, Rendezvous):
                await watcher.hold(call)
        if settings.hang == "first byte":
            await go_on.wait()
        await asyncio.sleep(call.latency)
        if fails == BROKEN_CONNECTION:
            if request.transport is not None:
                request.transport.abort()
            await asyncio.Event().wait()  # aiohttp cancels the handler now
        if fails:
            return _json(fails, {"error": f"{call.route} is down just now."})
        pause = _pause(settings, request, go_on)
        return await self._body(request, call, values, pause, PIECES if settings.drip else 2)

    async def _body(
        self,
        request: web.BaseRequest,
        call: Call,
        values: dict[str, str],
        pause: Callable[[], Awaitable] | None,
        pieces: int,
    ) -> Any:
        body = _parsed(await request.read()) if request.can_read_body else None
        kind = JSON
        if request.path in self._instead:
            answer, kind = self._instead[request.path]
        else:
            answer = self.data.answer(call.route, values, dict(request.query), body)
        if answer is None:
            return _json(404, {"error": f"Nothing under {request.path_qs}."})
        body = json.dumps(answer).encode()
        headers = {
            "ETag": f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        }  # the same for as long as the answer is
        body = body.ljust(self.settings[call.route].size)
        if pause is None:
            return web.Response(body=body, headers=headers, content_type=kind, charset="utf-8")
        return await self._in_pieces(request, body, headers | {"Content-Type": kind}, pause, pieces)

    async def _in_pieces(
        self,
        request: web.BaseRequest,
        body: bytes,
        headers: dict[str, str],
        pause: Callable[[], Awaitable],
        pieces: int,
    ) -> Any:
        response = web.StreamResponse(headers=headers | {"Content-Length": str(len(body))})
        await response.prepare(request)
        step = -(-len(body) // pieces)
        for at in range(0, len(body), step):
            if at:
                await pause()
            await response.write(body[at : at + step])
        await response.write_eof()
        return response

    def _over_limit(self, name: str, settings: Settings) -> float | None:
        """Tell after how many seconds to try again, or None where the call is within its limits."""
        if settings.max_in_flight is not None and self._in_flight[name] > settings.max_in_flight:
            return settings.latency
        if settings.rate_limit is None:
            return None
        now, admitted = self.clock(), self._admitted[name]
        # At most ceil(rate) calls in any stretch of that many calls' time: a sliding window.
        size = math.ceil(settings.rate_limit)
        span = size / settings.rate_limit
        while admitted and admitted[0] <= now - span:
            admitted.popleft()
        if len(admitted) >= size:
            return admitted[0] + span - now
        admitted.append(now)
        return None

    def _lateness(self, path: str) -> float:
        """Draw 0 to 1 for a path's call of this number, the same whatever else is asked before."""
        return random.Random(f"{self.data.seed}/late/{path}/{self._asked[path]}").random()

    def _breaks(self, path: str) -> int:
        """Tell the status with which this call of a path has to fail, or 0."""
        calls, status = self._broken.get(path, ((), 0))
        if path not in self._broken or (calls and self._asked[path] not in calls):
            return 0
        return BROKEN_CONNECTION if status is None else status

    def _generator(self, name: str) -> random.Random:
        return random.Random(f"{self.data.seed}/luck/{name}")


class _Front(web.Server):
    """aiohttp's low-level server, which also tells its tenant of connections that never send a request."""

    def __init__(self, tenant: Tenant) -> None:
        super().__init__(tenant.serve, handler_cancellation=True, access_log=None, tcp_keepalive=False)
        self._tenant = tenant

    def connection_made(self, handler: Any, transport: Any) -> None:
        self._tenant.connected(handler)
        super().connection_made(handler, transport)

    def connection_lost(self, handler: Any, exc: BaseException | None = None) -> None:
        self._tenant.disconnected(handler)
        super().connection_lost(handler, exc)


def _pause(
    settings: Settings, request: web.BaseRequest, go_on: asyncio.Event
) -> Callable[[], Awaitable] | None:
    """Return what is awaited between the pieces of a body; None where it comes in one piece."""
    if settings.drip:
        return partial(asyncio.sleep, settings.drip)
    if settings.cut_body:
        return partial(_cut, request)
    if settings.late_body:
        return partial(asyncio.sleep, settings.late_body)
    return go_on.wait if settings.hang == "mid body" else None


async def _cut(request: web.BaseRequest) -> None:
    if request.transport is not None:
        request.transport.close()  # what was written before still arrives
    await asyncio.Event().wait()  # aiohttp cancels the handler now


def _json(status: int, content: Any, headers: dict[str, str] | None = None) -> web.Response:
    return web.json_response(content, status=status, headers=headers)


def _too_many(seconds: float) -> web.Response:
    # The header holds whole seconds (RFC 9110, 10.2.3), the body the exact ones.
    content = {"error": "Too many requests.", "retry_after": round(seconds, 3)}
    return _json(429, content, {"Retry-After": str(max(1, math.ceil(seconds)))})


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None

"""What each request has to pass: the host it names, the page it comes from; and what each answer carries."""

from __future__ import annotations

import ipaddress
import logging
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import aiosqlite
from aiohttp import web

from kettle_room.events import Refused

LOG = logging.getLogger(__name__)
LARGEST = 64 * 1024  # bytes of a body
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def is_address(host: str, only_loopback: bool) -> bool:
    """Tell whether a host is an IP address, which no foreign name server can have pointed here.

    Args:
        host: as a request names it, without its port.
        only_loopback: whether only this machine's own address will do.
    """
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return address.is_loopback or not only_loopback


@dataclass(frozen=True)
class Door:
    """Who is let through to the room.

    Args:
        hosts: names by which this room is called, besides `localhost` and addresses; None: any, since a proxy
            stands in front.
        lan: whether other machines are served, too.
    """

    hosts: frozenset[str] | None
    lan: bool

    def look(self, request: web.Request) -> None:
        """Look at a request.

        Raises:
            Refused: it is for another host, from another page, or of a kind that a form could send.
        """
        host, origin = request.headers.get("Host", ""), request.headers.get("Origin")
        if not self._known(host):
            raise Refused("This room has another address.", 403)
        if origin is not None and origin.partition("://")[2].lower() != host.lower():
            raise Refused("Another page cannot speak for you here.", 403)
        if request.method != "GET" and request.content_type != "application/json":
            raise Refused("Send JSON.", 415)

    def _known(self, netloc: str) -> bool:
        try:
            host = urlsplit(f"//{netloc}").hostname or ""
        except ValueError:
            return False
        if self.hosts is None or host == "localhost" or host in self.hosts:
            return True
        return is_address(host, only_loopback=not self.lan)


def middleware(door: Door) -> Callable:
    """Return the middleware that asks the door, and answers what went wrong in a sentence."""

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            door.look(request)
            response = await handler(request)
        except (Refused, web.HTTPException) as error:
            response = told(error)
        except aiosqlite.Error:
            LOG.exception("the room cannot write")
            response = told(Refused("The room cannot write to its disk. Send it again later.", 503, 10))
        if not response.prepared:
            response.headers.update(HEADERS)
        return response

    return guard


def told(error: Refused | web.HTTPException) -> web.StreamResponse:
    """Return the answer to a request that was not served."""
    if isinstance(error, web.HTTPRequestEntityTooLarge):
        return web.json_response({"sentence": "That is too much for one request."}, status=413)
    if isinstance(error, web.HTTPException):
        return web.json_response({"sentence": f"{error.reason}."}, status=error.status)
    response = web.json_response({"sentence": str(error)}, status=error.status)
    if error.after > 0:
        response.headers["Retry-After"] = str(math.ceil(error.after))
    return response

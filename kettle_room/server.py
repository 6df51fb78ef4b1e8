"""The server of the room: what learners ask of it; `teacher.py` has the teacher's side."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web

from kettle_room import teacher
from kettle_room.events import Refused, read_event, read_json
from kettle_room.guard import LARGEST, Door, middleware
from kettle_room.identity import Provider
from kettle_room.people import Learner
from kettle_room.room import Room
from kettle_room.syllabus import FIX, STEPS

MOST_EVENTS = 50  # in one request
PATIENCE = 10.0  # seconds until a body has to be there
PAGES = Path(__file__).with_name("pages")


@dataclass(frozen=True)
class Served:
    """How the room is served.

    Args:
        prefix: of all addresses, from "/" to "/".
        hosts: names by which it is called; None: any, since a proxy stands in front.
        lan: whether other machines are served.
    """

    prefix: str = "/"
    hosts: frozenset[str] | None = frozenset()
    lan: bool = False


async def body_of(request: web.Request) -> dict[str, Any]:
    """Return the body of a request, an object of JSON.

    Raises:
        Refused: it is none, or comes too slowly.
    """
    try:
        async with asyncio.timeout(PATIENCE):
            said = read_json(await request.read())
    except TimeoutError:
        raise Refused("That came too slowly.", 408) from None
    if not isinstance(said, dict):
        raise Refused("The body is an object of JSON.")
    return said


def application(room: Room, provider: Provider, served: Served | None = None) -> web.Application:
    """Make the application.

    Args:
        room: that is served.
        provider: knows who somebody is.
        served: how; by default to this machine only.
    """
    served = served or Served()
    app = web.Application(middlewares=[middleware(Door(served.hosts, served.lan))], client_max_size=LARGEST)
    learners = _Learners(room, provider)
    prefix = served.prefix
    app.router.add_get(prefix, _page("index.html"))
    app.router.add_get(f"{prefix}api/room", learners.about)
    app.router.add_post(f"{prefix}api/join", learners.join)
    app.router.add_post(f"{prefix}api/events", learners.events)
    app.router.add_post(f"{prefix}api/leave", learners.leave)
    app.router.add_get(f"{prefix}api/reached", learners.reached)
    app.router.add_static(f"{prefix}static/", PAGES)
    provider.routes(app, prefix)
    teacher.routes(app, prefix, room, provider)
    return app


def _page(name: str) -> Any:
    async def page(request: web.Request) -> web.FileResponse:
        return web.FileResponse(PAGES / name)

    return page


class _Learners:
    def __init__(self, room: Room, provider: Provider) -> None:
        self.room, self.provider = room, provider

    def _who(self, request: web.Request) -> Learner:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Refused("Join the room first.", 401)
        return self.room.holder(token.strip())

    async def about(self, request: web.Request) -> web.Response:
        """Say what this is, so that a client knows that it speaks to a room."""
        return web.json_response({"room": "watched-kettle", "by": self.provider.kind})

    async def join(self, request: web.Request) -> web.Response:
        """Let a learner in, and give them their token."""
        name, identity = await self.provider.learner(request, await body_of(request))
        learner, token = await self.room.admit(name, identity)
        return web.json_response({"token": token, "name": learner.name, "learner": learner.id})

    async def events(self, request: web.Request) -> web.Response:
        """Take what a learner has done; what is refused is named, and the rest is taken."""
        learner = self._who(request)
        sent = (await body_of(request)).get("events")
        if not isinstance(sent, list) or len(sent) > MOST_EVENTS:
            raise Refused(f"`events` is a list of at most {MOST_EVENTS}.")
        taken, refused = [], []
        for place, raw in enumerate(sent):
            try:
                taken.append(read_event(raw, self.room.notebooks))
            except Refused as error:
                refused.append({"place": place, "sentence": str(error)})
        await self.room.take(learner, taken)
        return web.json_response({"taken": len(taken), "refused": refused}, status=400 if refused else 200)

    async def leave(self, request: web.Request) -> web.Response:
        """Forget a learner."""
        await body_of(request)
        await self.room.forget(self._who(request))
        return web.json_response({})

    async def reached(self, request: web.Request) -> web.Response:
        """Tell a learner which step of a notebook the class has reached."""
        self._who(request)
        step = self.room.reached.get(request.query.get("notebook", ""), 0)
        return web.json_response({"step": step, "name": STEPS[step - 1] if step else "", "fix": step >= FIX})

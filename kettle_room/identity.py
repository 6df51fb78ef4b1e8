"""Who somebody is: by the room's code and the teacher's secret, or by a JupyterHub.

The server asks one provider. `ByCode` is the room of one machine; `ByHub`, in `hub.py`, is the room as a
service of a hub, which knows its users.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from typing import Any, Protocol

from aiohttp import web

from kettle_room.events import Refused, read_json
from kettle_room.limits import Limit
from kettle_room.room import Room

TRIES, TRIES_A_SECOND = 20, 1 / 3  # wrong codes from one address
COOKIE = "kettle-room-teacher"


def same(given: str, wanted: str) -> bool:
    """Tell whether a secret is the one wanted, in a time that tells nothing about it."""
    return secrets.compare_digest(given.encode("utf-8", "replace"), wanted.encode())


class Provider(Protocol):
    """Knows learners and teachers."""

    kind: str

    async def learner(self, request: web.Request, said: Mapping[str, Any]) -> tuple[object, str | None]:
        """Return the name to show, and who that is elsewhere (None: nobody knows); Refused for a stranger.

        Args:
            request: that asks to join.
            said: its body: `code` and `name`, where there is a code.
        """

    async def teacher(self, request: web.Request) -> bool:
        """Tell whether a request comes from a teacher."""

    def routes(self, app: web.Application, prefix: str) -> None:
        """Add the addresses by which somebody becomes a teacher."""


class Tries:
    """Wrong tries are counted for each address; after too many, all that come from there wait."""

    def __init__(self) -> None:
        self._limit = Limit(TRIES, TRIES_A_SECOND)

    def look(self, request: web.Request, right: bool, wrong: str) -> None:
        """Let a right try pass.

        Raises:
            Refused: it was wrong, or there were too many.
        """
        address = request.remote or "?"
        wait = self._limit.wait(address)
        if wait > 0:
            raise Refused("Too many wrong tries from this address. Wait a moment.", 429, wait)
        if not right:
            self._limit.take(address)
            raise Refused(wrong, 403)


class ByCode:
    """The room of one machine: its code lets learners in, its secret opens the teacher's page.

    Args:
        room: whose code and secret they are.
    """

    kind = "code"

    def __init__(self, room: Room) -> None:
        self.room, self.tries = room, Tries()
        # The same after a restart, so that the teacher's page goes on.
        self._cookie = hmac.new(room.secret.encode(), b"teacher", "sha256").hexdigest()

    async def learner(self, request: web.Request, said: Mapping[str, Any]) -> tuple[object, str | None]:
        """Let in whoever has the code."""
        right = self.room.opens(said.get("code"))
        self.tries.look(request, right, "That is not the code of this room. Look at it again.")
        return said.get("name"), None

    async def teacher(self, request: web.Request) -> bool:
        """Tell whether the browser has given the secret."""
        return same(request.cookies.get(COOKIE, ""), self._cookie)

    def routes(self, app: web.Application, prefix: str) -> None:
        """Add the address that takes the secret."""

        async def enter(request: web.Request) -> web.Response:
            said = read_json(await request.read())
            given = str(said.get("secret", "") if isinstance(said, dict) else "")
            right = same(given, self.room.secret)
            self.tries.look(request, right, "That is not the teacher's secret, which the terminal shows.")
            response = web.json_response({})
            response.set_cookie(COOKIE, self._cookie, path=prefix, httponly=True, samesite="Strict")
            return response

        app.router.add_post(f"{prefix}api/teacher", enter)

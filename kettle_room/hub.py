"""The room as a service of a JupyterHub: the hub says whose token it is, and who is a teacher.

A learner's own server sends the token that the hub has given it; a teacher's browser comes by way of the
hub's OAuth. Both are plain calls of the hub's API, so that the room needs nothing of the hub installed.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import aiohttp
from aiohttp import web

from kettle_room.events import Refused
from kettle_room.identity import same

COOKIE, STATE = "kettle-room-teacher", "kettle-room-state"
STAYS = 12 * 3600.0  # seconds until a teacher is asked again
PATIENCE = aiohttp.ClientTimeout(total=10)


class ByHub:
    """Takes identities from the hub whose service the room is.

    Args:
        teachers: names of users who may see the teacher's page, besides the hub's administrators.
        environment: what the hub has told its service: JUPYTERHUB_API_URL, JUPYTERHUB_API_TOKEN,
            JUPYTERHUB_CLIENT_ID, JUPYTERHUB_SERVICE_PREFIX, JUPYTERHUB_BASE_URL.

    Raises:
        KeyError: this is no service of a hub.
    """

    kind = "hub"

    def __init__(
        self, teachers: frozenset[str] = frozenset(), environment: Mapping[str, str] = os.environ
    ) -> None:
        self.api = environment["JUPYTERHUB_API_URL"].rstrip("/")
        self.teachers = teachers
        self._token = environment.get("JUPYTERHUB_API_TOKEN", "")
        self._client = environment.get("JUPYTERHUB_CLIENT_ID", "")
        self._hub = environment.get("JUPYTERHUB_BASE_URL", "/").rstrip("/") + "/hub"
        self._prefix = environment.get("JUPYTERHUB_SERVICE_PREFIX", "/")
        self._known: dict[str, float] = {}  # teachers' cookies, and until when they count

    async def learner(self, request: web.Request, said: Mapping[str, Any]) -> tuple[object, str | None]:
        """Let in whom the hub knows, by the name that it has for them."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() not in ("token", "bearer") or not token:
            raise Refused("On a hub, join from your own server there.", 401)
        name = str((await self._user(token.strip()))["name"])
        return name, name

    async def teacher(self, request: web.Request) -> bool:
        """Tell whether the browser has come from the hub as a teacher."""
        return self._known.get(request.cookies.get(COOKIE, ""), 0) > time.monotonic()

    def routes(self, app: web.Application, prefix: str) -> None:
        """Add the addresses of the hub's OAuth: its beginning, and where the browser comes back."""
        app.router.add_get(f"{prefix}login", self._begin)
        app.router.add_get(f"{prefix}oauth_callback", self._back)

    async def _begin(self, request: web.Request) -> web.StreamResponse:
        state = secrets.token_urlsafe(24)
        query = {"client_id": self._client, "redirect_uri": f"{self._prefix}oauth_callback"}
        query |= {"response_type": "code", "state": state}
        away = sent_to(f"{self._hub}/api/oauth2/authorize?{urlencode(query)}")
        # Lax, since the browser comes back from the hub's own page.
        away.set_cookie(STATE, state, path=self._prefix, httponly=True, samesite="Lax", max_age=600)
        return away

    async def _back(self, request: web.Request) -> web.StreamResponse:
        state, code = request.query.get("state", ""), request.query.get("code", "")
        if not state or not same(request.cookies.get(STATE, ""), state):
            raise Refused("This sign-in was not begun here. Open the teacher's page again.", 403)
        user = await self._user(await self._exchange(code))
        if not (user.get("admin") or user["name"] in self.teachers):
            raise Refused("Only the teacher sees this.", 403)
        now = time.monotonic()
        made = secrets.token_urlsafe(32)
        self._known = {key: until for key, until in self._known.items() if until > now} | {made: now + STAYS}
        away = sent_to(f"{self._prefix}teacher")
        away.del_cookie(STATE, path=self._prefix)
        away.set_cookie(COOKIE, made, path=self._prefix, httponly=True, samesite="Strict")
        return away

    async def _exchange(self, code: str) -> str:
        """Return the token that the hub gives for the code of its OAuth."""
        form = {"client_id": self._client, "client_secret": self._token, "grant_type": "authorization_code"}
        form |= {"code": code, "redirect_uri": f"{self._prefix}oauth_callback"}
        found = await self._ask("POST", "/oauth2/token", data=form)
        return str(found.get("access_token", ""))

    async def _user(self, token: str) -> dict[str, Any]:
        """Return what the hub says about the owner of a token, who has to be a person."""
        found = await self._ask("GET", "/user", headers={"Authorization": f"token {token}"})
        if found.get("kind", "user") != "user" or not found.get("name"):
            raise Refused("Only people join a room.", 403)
        return found

    async def _ask(self, method: str, path: str, **how: Any) -> dict[str, Any]:
        try:
            async with (
                aiohttp.ClientSession(timeout=PATIENCE) as hub,
                hub.request(method, f"{self.api}{path}", allow_redirects=False, **how) as answer,
            ):
                known = answer.status == 200
                found = await answer.json() if known else {}
        except (aiohttp.ClientError, TimeoutError, ValueError):
            raise Refused("The hub does not answer. Try again in a moment.", 503, 5) from None
        if not known:
            raise Refused("The hub does not know you. Restart your server there, and try again.", 403)
        return found if isinstance(found, dict) else {}


def sent_to(place: str) -> web.Response:
    """Return the answer that sends a browser elsewhere."""
    return web.Response(status=302, headers={"Location": place})

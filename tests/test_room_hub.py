"""The room as a service of a hub, whose API a stand-in speaks; deploy/ has a test with a real one."""

import asyncio
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from kettle_room.hub import ByHub
from kettle_room.room import Room
from kettle_room.server import Served, application
from kettle_room.store import Store

USERS = {
    "ada's": {"kind": "user", "name": "ada", "admin": False},
    "teacher's": {"kind": "user", "name": "ines", "admin": False},
    "admin's": {"kind": "user", "name": "root", "admin": True},
    "service's": {"kind": "service", "name": "cull"},
}
PREFIX = "/services/room/"


def hub():
    """Return a hub that knows USERS by their tokens, and gives a token for a code of the same name."""

    async def user(request):
        token = request.headers.get("Authorization", "").removeprefix("token ")
        return web.json_response(USERS[token]) if token in USERS else web.json_response({}, status=403)

    async def token(request):
        form = await request.post()
        assert (form["client_id"], form["client_secret"]) == ("service-room", "of the service")
        return web.json_response({"access_token": form["code"]})

    app = web.Application()
    app.router.add_get("/hub/api/user", user)
    app.router.add_post("/hub/api/oauth2/token", token)
    return app


@asynccontextmanager
async def served(folder):
    """Serve a room as a service of that hub; give a client of it, and the hub's server."""
    async with TestServer(hub()) as there, Store(folder) as store:
        environment = {
            "JUPYTERHUB_API_URL": str(there.make_url("/hub/api")),
            "JUPYTERHUB_API_TOKEN": "of the service",
            "JUPYTERHUB_CLIENT_ID": "service-room",
            "JUPYTERHUB_SERVICE_PREFIX": PREFIX,
        }
        provider = ByHub(frozenset({"ines"}), environment)
        app = application(await Room.opened(store), provider, Served(PREFIX, hosts=None))
        async with TestClient(TestServer(app), cookie_jar=aiohttp.CookieJar(unsafe=True)) as client:
            yield client, there


async def join(client, token):
    headers = {"Authorization": f"token {token}"}
    return await client.post(f"{PREFIX}api/join", json={"code": "", "name": "somebody else"}, headers=headers)


def test_the_hub_says_who_a_learner_is(tmp_path):
    async def go():
        async with served(tmp_path) as (client, there):
            first, second = [await (await join(client, "ada's")).json() for _ in range(2)]
            assert (first["name"], second["name"]) == ("ada", "ada")
            assert first["learner"] == second["learner"], "the same learner on another machine"
            for given, status in ((first, 401), (second, 200)):
                headers = {"Authorization": f"Bearer {given['token']}"}
                answer = await client.post(f"{PREFIX}api/events", json={"events": []}, headers=headers)
                assert answer.status == status
            assert [(await join(client, token)).status for token in ("nobody's", "service's", "")] == [
                403,
                403,
                401,
            ]
            await there.close()
            assert (await join(client, "ada's")).status == 503

    asyncio.run(go())


def test_a_teacher_comes_by_way_of_the_hub(tmp_path):
    async def enter(client, code, state=None):
        begun = await client.get(f"{PREFIX}login", allow_redirects=False)
        assert begun.headers["Location"].startswith("/hub/api/oauth2/authorize?client_id=service-room&")
        given = state or begun.headers["Location"].partition("&state=")[2]
        back = f"{PREFIX}oauth_callback?code={code}&state={given}"
        return await client.get(back, allow_redirects=False)

    async def go():
        async with served(tmp_path) as (client, _):
            assert (await client.get(f"{PREFIX}api/class")).status == 401
            assert (await enter(client, "ada's")).status == 403
            assert (await enter(client, "teacher's", state="forged")).status == 403
            assert (await client.get(f"{PREFIX}api/class")).status == 401
            for teacher in ("teacher's", "admin's"):
                client.session.cookie_jar.clear()
                assert (await enter(client, teacher)).headers["Location"] == f"{PREFIX}teacher"
                assert (await client.get(f"{PREFIX}api/class")).status == 200

    asyncio.run(go())

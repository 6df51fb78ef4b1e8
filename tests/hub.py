"""A class on a real JupyterHub: deploy/'s own configuration on loopback, and learners by script."""

import asyncio
import contextlib
import json
import os
import random
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import uuid
from importlib.util import find_spec
from pathlib import Path

import aiohttp
from browser import copy_course

from kettle.files import course

CONFIG = course.ROOT / "deploy" / "one-server" / "jupyterhub_config.py"
NOTEBOOK = "watched-kettle/notebooks/14_one_await_at_a_time.ipynb"
MARK = "KETTLE_HUB_TEST"
START_LIMIT = 120  # seconds until the hub answers; two cores may be busy with other tests
SEAT_LIMIT = 300  # until a seat is open, with twenty at once
SEEN_LIMIT = 60  # until the teacher sees what a learner has done
CELL_LIMIT = 240  # until a cell has run
SCRIPT = """
scopes = ["admin:users", "admin:servers", "tokens", "access:servers", "list:services", "read:services"]
c.JupyterHub.services.extend([{"name": "script", "api_token": os.environ["KETTLE_HUB_TOKEN"]}])
c.JupyterHub.load_roles.extend([{"name": "script", "scopes": scopes, "services": ["script"]}])
"""
OURS = """
import os
load_subconfig(os.environ["KETTLE_HUB_CONFIG"])
c.JupyterHub.bind_url = os.environ["KETTLE_HUB_URL"]
c.JupyterHub.hub_bind_url = os.environ["KETTLE_HUB_HUB_URL"]
c.ConfigurableHTTPProxy.api_url = os.environ["KETTLE_HUB_PROXY_URL"]
c.ConfigurableHTTPProxy.command = [os.environ["KETTLE_HUB_PROXY"]]
c.JupyterHub.spawner_class = "simple"
c.JupyterHub.cleanup_servers = True
c.Spawner.args.append("--allow-root")
c.SimpleLocalProcessSpawner.home_dir_template = os.environ["KETTLE_HUB"] + "/homes/{username}"
c.Spawner.env_keep.extend(["KETTLE_HUB_TEST", "KETTLE_SOURCE", "KETTLE_REST"])
"""


def find_proxy():
    """Return the path of configurable-http-proxy, on PATH or in .tools/hub; None where there is none."""
    ours = course.ROOT / ".tools" / "hub" / "node_modules" / ".bin"
    return shutil.which("configurable-http-proxy", path=os.pathsep.join([os.environ["PATH"], str(ours)]))


def missing():
    """Say what a hub lacks here, "" where nothing is missing."""
    if not find_spec("jupyterhub") or not find_spec("jupyterhub_idle_culler"):
        return "JupyterHub is not installed: pip install --require-hashes -r requirements-hub.txt"
    if not find_proxy():
        return "There is no configurable-http-proxy: npm install --prefix .tools/hub configurable-http-proxy"
    return ""


def free_ports(number):
    """Return ports that are free now, and that no system gives to whoever asks for any."""
    found = []
    for port in random.sample(range(20_000, 32_000), 100):
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            found.append(port)
        if len(found) == number:
            return found
    raise RuntimeError("no ports are free")


@contextlib.contextmanager
def hub(folder, names, mark="hub", **environment):
    """Start a hub with the configuration of deploy/one-server on a copy of the course, and end it afterwards.

    Args:
        folder: an empty one.
        names: of the learners; "grace" teaches.
        mark: what MARK says in each process that it starts.
        **environment: of the hub and its seats, besides.

    Yields:
        A Hub.
    """
    public, private, proxy, room = free_ports(4)
    source = folder / "course"
    source.mkdir(parents=True)
    copy_course(source, _with_the_room)
    (folder / "homes").mkdir()
    (folder / "class.toml").write_text(f"teachers = ['grace']\nlearners = {json.dumps(list(names))}\n")
    config = folder / "jupyterhub_config.py"
    config.write_text(OURS + SCRIPT)
    token = secrets.token_hex(16)
    dropped = ("KETTLE_", "PYTEST_", "JUPYTERHUB_", "JPY_")
    environment |= {
        **{key: value for key, value in os.environ.items() if not key.startswith(dropped)},
        "KETTLE_HUB": str(folder),
        "KETTLE_HUB_CONFIG": str(CONFIG),
        "KETTLE_HUB_URL": f"http://127.0.0.1:{public}",
        "KETTLE_HUB_HUB_URL": f"http://127.0.0.1:{private}",
        "KETTLE_HUB_PROXY_URL": f"http://127.0.0.1:{proxy}",
        "KETTLE_HUB_PROXY": find_proxy(),
        "KETTLE_HUB_TOKEN": token,
        "KETTLE_ROOM_PORT": str(room),
        "KETTLE_CLASS": str(folder / "class.toml"),
        "KETTLE_SOURCE": str(source),
        "CONFIGPROXY_AUTH_TOKEN": secrets.token_hex(16),
        MARK: mark,
    }
    log = folder / "hub.log"
    with log.open("w") as out:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterhub", "-f", str(config)],
            cwd=folder, env=environment, stdout=out, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        yield Hub(f"http://127.0.0.1:{public}", token, server, log, source)
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(60)
        except subprocess.TimeoutExpired:
            server.kill()


def _with_the_room(folder):
    shutil.copytree(
        course.ROOT / "kettle_room",
        folder / "kettle_room",
        ignore=shutil.ignore_patterns("__pycache__"),
        dirs_exist_ok=True,
    )


class Hub:
    """A hub that runs.

    Args:
        url: where browsers find it.
        token: of the script that may do everything.
        process: the hub's.
        log: the file that it writes its log to.
        source: the repository that seats pull the course from.
    """

    def __init__(self, url, token, process, log, source):
        self.url, self.token, self.process, self.log = url, token, process, log
        self.source, self._teacher = str(source), None
        head = ["git", "-C", self.source, "symbolic-ref", "--short", "HEAD"]
        self.branch = subprocess.run(head, capture_output=True, text=True, check=True).stdout.strip()

    def said(self):
        """Return what the hub and its seats have said."""
        return self.log.read_text(errors="replace")

    async def ready(self):
        """Wait until the hub answers through its proxy."""
        end = time.monotonic() + START_LIMIT
        async with aiohttp.ClientSession() as session:
            while time.monotonic() < end and self.process.poll() is None:
                with contextlib.suppress(aiohttp.ClientError):
                    async with session.get(f"{self.url}/hub/api/") as answer:
                        if answer.status == 200:
                            return
                await asyncio.sleep(0.2)
        raise RuntimeError(f"The hub did not start:\n{self.said()[-3000:]}")

    async def api(self, method, path, **options):
        """Ask the hub's API as the script; return what it answers."""
        headers = {"Authorization": f"token {self.token}"}
        async with (
            aiohttp.ClientSession(self.url, headers=headers) as session,
            session.request(method, f"/hub/api/{path}", **options) as answer,
        ):
            text = await answer.text()
            assert answer.status < 400, f"{method} {path}: {answer.status} {text}"
            return json.loads(text) if text else None

    @contextlib.asynccontextmanager
    async def browser(self, name):
        """Give a session that has signed in on the hub's own page; the first time chooses the password."""
        jar = aiohttp.CookieJar(unsafe=True)  # the hub is at an address without a name
        async with aiohttp.ClientSession(self.url, cookie_jar=jar) as session:
            async with session.get("/hub/login") as page:
                assert page.status == 200
            (given,) = [each.value for each in jar if each.key == "_xsrf"]
            form = {"username": name, "password": self.token, "_xsrf": given}
            async with session.post("/hub/login", data=form, allow_redirects=False) as answer:
                assert answer.status == 302, await answer.text()
            yield session

    async def room(self, what):
        """Ask the room, as the teacher's page does."""
        if self._teacher is None:
            async with self.browser("grace") as session:
                async with session.get("/services/room/login") as page:
                    assert page.status == 200, await page.text()
                    assert page.url.path == "/services/room/teacher"
                self._teacher = {each.key: each.value for each in session.cookie_jar}
        async with (
            aiohttp.ClientSession(self.url, cookies=self._teacher) as session,
            session.get(f"/services/room/api/{what}") as answer,
        ):
            if answer.status == 401:  # the room was started again
                self._teacher = None
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def seen(self, name, so):
        """Wait until the teacher sees somebody as they should be; return how that is."""
        end = time.monotonic() + SEEN_LIMIT
        while time.monotonic() < end:
            with contextlib.suppress(AssertionError, aiohttp.ClientError):
                for person in (await self.room("class"))["people"]:
                    if person["name"] == name and so(person):
                        return person
            await asyncio.sleep(0.3)
        raise AssertionError(f"{name} is not seen so: {await self.room('class')}")

    @contextlib.asynccontextmanager
    async def learner(self, name):
        """Give a Learner who holds a token of one user's own."""
        made = await self.api("POST", f"users/{name}/tokens", json={"note": "a learner by script"})
        headers = {"Authorization": f"token {made['token']}"}
        limit = aiohttp.ClientTimeout(total=SEAT_LIMIT)
        async with aiohttp.ClientSession(self.url, headers=headers, timeout=limit) as session:
            yield Learner(self, name, session)


class Learner:
    """Somebody who works on the hub, by its API and by that of the seat."""

    def __init__(self, hub, name, session):
        self.hub, self.name, self.session = hub, name, session
        self.kernel = None

    async def open_seat(self):
        """Start the seat and wait until it is ready; return the seconds that took."""
        began = time.monotonic()
        server = f"/hub/api/users/{self.name}/server"
        while True:
            async with self.session.post(server) as answer:
                if answer.status in (201, 202) or "already running" in await answer.text():
                    break
                assert answer.status == 429, f"{self.name}: {answer.status} {await answer.text()}"
            await asyncio.sleep(1)  # too many start at once: the hub asks for patience
        async with self.session.get(f"{server}/progress") as events:
            async for line in events.content:
                if line.startswith(b"data:"):
                    event = json.loads(line.removeprefix(b"data:"))
                    assert not event.get("failed"), f"{self.name}: {event}\n{self.hub.said()[-3000:]}"
                    if event.get("ready"):
                        return time.monotonic() - began
        raise AssertionError(f"{self.name}: the seat was never ready\n{self.hub.said()[-3000:]}")

    async def close_seat(self):
        """Stop the seat."""
        async with self.session.delete(f"/hub/api/users/{self.name}/server") as answer:
            assert answer.status in (202, 204), await answer.text()

    async def _seat(self, method, path, **options):
        async with self.session.request(method, f"/user/{self.name}/api/{path}", **options) as answer:
            text = await answer.text()
            assert answer.status < 400, f"{self.name}: {method} {path}: {answer.status} {text[-500:]}"
            return json.loads(text) if text else None

    async def open_notebook(self, path=NOTEBOOK):
        """Open a notebook, as JupyterLab does: read it, and start a kernel for it."""
        self.path = path
        self.notebook = (await self._seat("GET", f"contents/{path}"))["content"]
        asked = {"path": path, "name": Path(path).name, "type": "notebook", "kernel": {"name": "python3"}}
        self.kernel = (await self._seat("POST", "sessions", json=asked))["kernel"]["id"]

    async def hand_in(self, source):
        """Write an answer into the fix cell, run the cell and check; return the verdict's words."""
        (fix,) = [cell for cell in self.notebook["cells"] if "fix" in cell["metadata"].get("tags", [])]
        fix["source"] = source
        await self.run(source)
        return await self.run("print(repr(lesson.check()))")

    async def save(self):
        """Save the notebook, as JupyterLab does when a check asks for it."""
        model = {"type": "notebook", "format": "json", "content": self.notebook}
        await self._seat("PUT", f"contents/{self.path}", json=model)

    async def pull_by_link(self):
        """Do what the page behind the link of tests/addresses.py does; return what nbgitpuller says."""
        asked = {"repo": self.hub.source, "branch": self.hub.branch, "targetpath": "watched-kettle"}
        async with self.session.get(f"/user/{self.name}/git-pull/api", params=asked) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.text()

    async def fix_on_disk(self, path=NOTEBOOK):
        """Return the fix cell of a notebook as it is saved."""
        cells = (await self._seat("GET", f"contents/{path}"))["content"]["cells"]
        (fix,) = [cell for cell in cells if "fix" in cell["metadata"].get("tags", [])]
        return fix["source"]

    async def run_up_to_the_fix(self):
        """Run the notebook's first cells, which open the lesson; the demonstrations are left out."""
        for cell in self.notebook["cells"]:
            tags = cell["metadata"].get("tags", [])
            if "fix" in tags:
                return
            if cell["cell_type"] == "code" and ("demo" not in tags or cell["id"] == "open-lesson"):
                await self.run(cell["source"])

    async def run(self, code):
        """Run code in the kernel; return what it printed, and fail where it raised."""
        printed = []
        address = f"/user/{self.name}/api/kernels/{self.kernel}/channels"
        async with self.session.ws_connect(address, max_msg_size=0) as channel:
            asked = _request(code)
            await channel.send_json(asked)
            async with asyncio.timeout(CELL_LIMIT):
                async for frame in channel:
                    if frame.type is not aiohttp.WSMsgType.TEXT:
                        continue
                    message = json.loads(frame.data)
                    if message["msg_type"] == "comm_msg" and "docmanager:save" in frame.data:
                        await self.save()
                    if message["parent_header"].get("msg_id") != asked["header"]["msg_id"]:
                        continue
                    kind, content = message["msg_type"], message["content"]
                    if kind == "stream" and content["name"] == "stdout":
                        printed.append(content["text"])
                    if kind == "error":
                        raise AssertionError(f"{self.name}: {code}\n{content['ename']}: {content['evalue']}")
                    if kind == "status" and content["execution_state"] == "idle":
                        return "".join(printed)
        raise AssertionError(f"{self.name}: the kernel went away during {code}")


def _request(code):
    header = {"msg_id": uuid.uuid4().hex, "session": uuid.uuid4().hex, "username": "", "version": "5.3"}
    content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False}
    return {
        "header": {**header, "msg_type": "execute_request"},
        "parent_header": {},
        "metadata": {},
        "content": content,
        "channel": "shell",
        "buffers": [],
    }


def answers(stem="14_one_await_at_a_time"):
    """Return the right answer and a wrong one of a lesson, with what the wrong one is told."""
    cells = json.loads((course.ROOT / "solutions" / f"{stem}.ipynb").read_text(encoding="utf-8"))["cells"]
    ours = [cell for cell in cells if cell["metadata"].get("kettle", {}).get("of") == "lesson"]

    def first(tag):
        return next(cell for cell in ours if tag in cell["metadata"].get("tags", []))

    wrong = first("wrong")
    return "".join(first("fix")["source"]), "".join(wrong["source"]), wrong["metadata"]["kettle"]["says"]

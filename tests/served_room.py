"""A room that is served by a process of its own, for the tests and the benchmark."""

import json
import re
import subprocess
import sys
import uuid
from http.client import HTTPConnection
from pathlib import Path
from types import SimpleNamespace

from kettle.files.course import ROOT

LESSON = "14_one_await_at_a_time"
NOTEBOOK = f"notebooks/{LESSON}"


class ServedRoom:
    """A real room; `start` and `kill` it as often as needed, it keeps its folder.

    Args:
        folder: where it is kept.
        *options: of its command line.
    """

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder, self.options = folder, options
        self.start()

    def start(self):
        """Start it, and read what it prints: its port, its code, the teacher's secret."""
        command = [sys.executable, "-m", "kettle_room", "--folder", str(self.folder), *self.options]
        if not (self.folder / "class.sqlite").exists():
            command += ["--port", "0"]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen(command, cwd=ROOT, **pipes)
        said = ""
        while "Ctrl-C" not in said:
            line = self.process.stdout.readline()
            assert line, self.process.stderr.read()
            said += line
        self.said = said
        self.port = int(re.search(r"http://127\.0\.0\.1:(\d+)/teacher", said)[1])
        self.code = re.search(r"code +(\S+)", said)[1]
        self.secret = re.search(r"/teacher#(\S+)", said)[1]
        self.address = f"http://127.0.0.1:{self.port}/"

    def kill(self):
        """End it without a word, as a power cut does to a process."""
        self.process.kill()
        self.process.communicate()

    def end(self):
        """End it as Ctrl-C does."""
        self.process.terminate()
        return self.process.communicate(timeout=20)

    def ask(self, method, path, body=None, **headers):
        """Send a request as it is; return status, headers, and the body."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        if method == "POST":
            sent.setdefault("Content-Type", "application/json")
        connection.request(method, path, body, sent)
        answer = connection.getresponse()
        found = SimpleNamespace(status=answer.status, headers=answer.headers, body=answer.read())
        connection.close()
        return found

    def join(self, name, code=None):
        """Join by protocol; return the token."""
        answer = self.ask("POST", "/api/join", {"code": code or self.code, "name": name})
        assert answer.status == 200, answer.body
        return json.loads(answer.body)["token"]

    def send(self, token, *events, **headers):
        """Send events in somebody's name."""
        said = {"Authorization": f"Bearer {token}", **headers}
        return self.ask("POST", "/api/events", {"events": list(events)}, **said)

    def cookie(self):
        """Become the teacher; return the cookie."""
        answer = self.ask("POST", "/api/teacher", {"secret": self.secret})
        assert answer.status == 200, answer.body
        return answer.headers["Set-Cookie"].partition(";")[0]

    def as_teacher(self, method, path, body=None):
        """Ask as the teacher; return what was answered."""
        return json.loads(self.ask(method, path, body, Cookie=self.cookie()).body)

    def people(self):
        """Return who is in the room, by name, as the teacher sees them."""
        return {each["name"]: each for each in self.as_teacher("GET", "/api/class")["people"]}


def event(kind, notebook=NOTEBOOK, ago=0, **told):
    """Make an event as a client sends it."""
    return {"id": uuid.uuid4().hex, "notebook": notebook, "kind": kind, "ago": ago, **told}


def not_yet(cause="overlap", **more):
    """Make the event of a wrong answer."""
    return event("checked", outcome="not yet", cause=cause, **more)

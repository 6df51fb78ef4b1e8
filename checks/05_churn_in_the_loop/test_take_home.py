"""Lesson 05 in other frameworks: what its learners are shown does what it says."""

import subprocess
import sys

from fastapi.testclient import TestClient
from own_code import run_snippet, snippet
from pydantic import TypeAdapter

from kettle.probes.calls import count_calls

STEM = "05_churn_in_the_loop"


def test_fastapi_compiles_a_template_once_and_anew_when_it_has_changed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    template = tmp_path / "templates" / "receipt.txt"
    template.parent.mkdir()
    template.write_text("Order {{ number }}")
    with (
        count_calls("jinja2.environment:Environment.compile") as compiled,
        count_calls("ssl:SSLContext") as contexts,
        TestClient(run_snippet(STEM, "fastapi")["app"]) as client,
    ):
        before = contexts.count
        assert [client.get(f"/receipts/{number}").json() for number in (1, 2)] == ["Order 1", "Order 2"]
        assert (compiled.count, contexts.count) == (1, before)
        template.write_text("Receipt {{ number }}, in other words")
        assert client.get("/receipts/3").json() == "Receipt 3, in other words"


def test_pydantic_builds_its_validator_once():
    names = run_snippet(STEM, "pydantic")
    with count_calls("pydantic:TypeAdapter") as adapters:
        found = [names["lines_of"](b'[{"tea": "Assam", "grams": "50"}]') for _ in range(2)]
    assert [line.grams for lines in found for line in lines] == [50, 50]
    assert adapters.count == 0
    assert isinstance(names["LINES"], TypeAdapter)


SEND_THREE = """
import sys
from types import ModuleType

from django.conf import settings
from django.core.mail.backends.base import BaseEmailBackend

opened = []


class Backend(BaseEmailBackend):
    def open(self):
        opened.append(self)

    def send_messages(self, messages):
        return len(messages)


sys.modules["own_backend"] = ModuleType("own_backend")
sys.modules["own_backend"].Backend = Backend
settings.configure(EMAIL_BACKEND="own_backend.Backend")
exec(open(0).read())
messages = [EmailMessage("Your receipt", "Thank you.", to=["ada@example.org"]) for _ in range(3)]
print(send_all(messages), len(opened))
"""


def test_django_sends_all_through_one_connection():
    command = [sys.executable, "-c", SEND_THREE]
    code = snippet(STEM, "django")
    done = subprocess.run(command, input=code, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "3 1\n", done.stderr

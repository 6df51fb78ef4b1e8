"""Lesson 01 in other frameworks: what its learners are shown does what it says."""

import subprocess
import sys

from fastapi.testclient import TestClient
from own_code import run_snippet, snippet

from kettle.files.course import ROOT

STEM = "01_guess_before_profile"


def busy():
    return sorted(range(50_000), key=lambda number: -number)


def test_fastapi_answers_with_the_profile_of_a_request_when_asked():
    app = run_snippet(STEM, "fastapi")["app"]

    @app.get("/busy")
    async def answer() -> dict:
        return {"most": busy()[0]}

    client = TestClient(app)
    assert client.get("/busy").json() == {"most": 49_999}
    table = client.get("/busy?profile=1").text
    assert "Ordered by: internal time" in table
    assert "test_take_home.py" in table


ASK_TWICE = """
from django.conf import settings

settings.configure()
exec(open(0).read())
from django.test import RequestFactory


def answer(request):
    return HttpResponse(str(sum(number for number in range(50_000))))


ask = profiled(answer)
print(ask(RequestFactory().get("/")).content.decode())
table = ask(RequestFactory().get("/?profile=1")).content.decode()
print("Ordered by: internal time" in table, "(answer)" in table, "<genexpr>" in table)
"""


def test_django_answers_with_the_profile_of_a_request_when_asked():
    # In a process of its own: Django is set up once in each, and other tests set it up for the shop's tables.
    command = [sys.executable, "-c", ASK_TWICE]
    code = snippet(STEM, "django")
    done = subprocess.run(command, input=code, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "1249975000\nTrue True True\n", done.stderr


def test_empty_handlers_are_measured_where_they_are_installed_and_recorded_else():
    without = (
        "import runpy, sys; sys.modules['flask'] = None; runpy.run_path(sys.argv[1], run_name='__main__')"
    )
    command = [sys.executable, "-c", without, str(ROOT / "benchmarks" / "empty_handlers.py")]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    measured, _, recorded = said.partition("Not installed here, recorded elsewhere:")
    assert "Django" in measured
    assert "FastAPI" in measured
    assert "Flask" in recorded
